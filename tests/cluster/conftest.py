"""Marks everything in this folder, and skips it with one sentence where there is no cluster."""

import os
import pathlib
import shutil

import pytest

from cluster import shell

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("cluster")
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(autouse=True, scope="session")
def cluster() -> None:
    if "KUBECONFIG" not in os.environ or shutil.which("kubectl") is None:
        pytest.skip("no cluster: KUBECONFIG is not set, or kubectl is not on the PATH")
    if not shell.answers():
        pytest.skip(f"no cluster: the one of KUBECONFIG={os.environ['KUBECONFIG']} does not answer")
