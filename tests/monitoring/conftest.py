"""One run and one operator for every test here, and one reason to skip them all."""

import os
import pathlib
import subprocess
import sys
import time

import ports
import pytest
from cluster import shell

from monitoring import cluster_run, local_run, prometheus

MISSING = (
    "Prometheus is not installed: tools/install-prometheus.sh installs Debian's package, "
    "then run make monitoring-test."
)
OPERATED_SECONDS = 12


@pytest.fixture(scope="session")
def observed(tmp_path_factory):
    """Returns the demo as a Prometheus saw it."""
    if prometheus.find("prometheus") is None:
        pytest.skip(MISSING)
    with local_run.observe(tmp_path_factory.mktemp("observed")) as seen:
        yield seen


@pytest.fixture(scope="session")
def clustered(tmp_path_factory):
    """Returns the demo on the cluster of KUBECONFIG, as a Prometheus saw it from outside."""
    if prometheus.find("prometheus") is None:
        pytest.skip(MISSING)
    if "KUBECONFIG" not in os.environ or not shell.answers():
        pytest.skip("no cluster: KUBECONFIG is not set, or its cluster does not answer")
    with cluster_run.observe(tmp_path_factory.mktemp("clustered")) as seen:
        yield seen


@pytest.fixture(scope="session")
def operated(tmp_path_factory):
    """Returns the operator's own metrics as a Prometheus saw them for some seconds."""
    if prometheus.find("prometheus") is None:
        pytest.skip(MISSING)
    directory = tmp_path_factory.mktemp("operated")
    port = ports.free_port()
    told = subprocess.Popen(
        [sys.executable, "-m", "monitoring.operator_metrics", str(port)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": _tests_first()},
    )
    scrape = {
        "job_name": "tickwork-operator",
        "honor_labels": True,
        "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
    }
    server = None
    try:
        assert told.stdout is not None
        assert told.stdout.readline() == b"served\n"
        start = time.time()
        server = prometheus.Prometheus(directory, [scrape], [local_run.RULES])
        time.sleep(OPERATED_SECONDS)
        yield local_run.Observed(server, directory, start, time.time())
    finally:
        if server is not None:
            server.close()
        told.terminate()
        told.communicate(timeout=10)


def _tests_first() -> str:
    tests = pathlib.Path(__file__).resolve().parents[1]
    return os.pathsep.join([str(tests), *filter(None, [os.environ.get("PYTHONPATH")])])
