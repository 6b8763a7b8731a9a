"""One run for every test here, and one reason to skip them all."""

import pytest

from monitoring import local_run, prometheus

MISSING = (
    "Prometheus is not installed: tools/install-prometheus.sh installs Debian's package, "
    "then run make monitoring-test."
)


@pytest.fixture(scope="session")
def observed(tmp_path_factory):
    """Returns the demo as a Prometheus saw it."""
    if prometheus.find("prometheus") is None:
        pytest.skip(MISSING)
    with local_run.observe(tmp_path_factory.mktemp("observed")) as seen:
        yield seen
