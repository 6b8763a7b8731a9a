"""The demo on a cluster, scraped as k8s/prometheus.yaml says, beside the operator that runs it."""

import contextlib
import copy
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import yaml
from cluster import shell

from monitoring import discovery, local_run, prometheus

SCRAPES = yaml.safe_load((local_run.ROOT / "k8s/prometheus.yaml").read_text("utf-8"))
NAME = "demo"
COMPLETE_SECONDS_MAX = 240
SETTLE_SECONDS = 6
"""After the end: the operator writes the digest, and is scraped again."""


@contextlib.contextmanager
def _discover(directory: pathlib.Path, namespace: str) -> Iterator[list[dict[str, Any]]]:
    """Yields the shipped jobs, every second, with discovery of one namespace from outside."""
    found = copy.deepcopy(SCRAPES["scrape_configs"])
    running = []
    for job in found:
        (asked,) = job.pop("kubernetes_sd_configs")
        (selector,) = asked["selectors"]
        path = directory / f"{job['job_name']}.json"
        running.append(discovery.Discovery(path, namespace, selector["label"]))
        job |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
        job["file_sd_configs"] = [{"files": [str(path)], "refresh_interval": "1s"}]
    try:
        yield found
    finally:
        for each in running:
            each.close()


@contextlib.contextmanager
def observe(directory: pathlib.Path) -> Iterator[local_run.Observed]:
    """Installs the chart in a namespace of its own, runs the demo to its end, scraped."""
    with shell.namespace("mon") as namespace, _discover(directory, namespace) as jobs:
        release = shell.Release(namespace)
        release.bring()
        server = prometheus.Prometheus(directory / "server", jobs, [local_run.RULES])
        try:
            start = time.time()
            run = _run_demo(namespace)
            time.sleep(SETTLE_SECONDS)
            yield local_run.Observed(server, directory / run, start, time.time())
        finally:
            server.close()
            release.helm("uninstall", "--ignore-not-found", "--wait")


def _run_demo(namespace: str) -> str:
    """Applies the demo and waits for its end; returns its run id."""
    shell.kubectl("apply", "-n", namespace, "-f", str(local_run.DEMO))

    def ended() -> dict[str, Any] | None:
        status = shell.get("experiment", NAME, "-n", namespace).get("status") or {}
        return status if status.get("phase") in ("Complete", "Failed") else None

    status = shell.wait("the demo's end", ended, COMPLETE_SECONDS_MAX)
    assert status["phase"] == "Complete", status
    return status["run"]
