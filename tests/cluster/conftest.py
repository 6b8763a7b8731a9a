"""A cluster or one clear sentence; for each test a namespace, and an operator over it."""

import os
import pathlib
import re
import shutil

import pytest
import yaml

from cluster import api as apis
from cluster import faults as cluster_faults
from cluster import process, shell, space
from tickwork.kinds import crd

HERE = pathlib.Path(__file__).parent
CHART = HERE.parents[1] / "charts" / "tickwork" / "Chart.yaml"
STAND_IN = "docker.io/tickwork/stand-in:test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks all tests here; those that stop a part of the cluster come last."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("cluster")
            item.add_marker(pytest.mark.timeout(600))
    items.sort(key=lambda item: item.get_closest_marker("disruptive") is not None)


@pytest.fixture(autouse=True, scope="session")
def cluster() -> None:
    if "KUBECONFIG" not in os.environ or shutil.which("kubectl") is None:
        pytest.skip("no cluster: KUBECONFIG is not set, or kubectl is not on the PATH")
    if not shell.answers():
        pytest.skip(f"no cluster: the one of KUBECONFIG={os.environ['KUBECONFIG']} does not answer")


@pytest.fixture(scope="session")
def api(cluster):
    """The API server, with the custom resource installed."""
    found = apis.Api()
    found.apply(crd.custom_resource_definition())
    return found


@pytest.fixture
def make_room(api, request):
    """Makes namespaces of this test's own, where Pod Security is ``restricted``."""
    word = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())
    made = []

    def make():
        made.append(space.Space(api, word))
        return made[-1]

    yield make
    for each in made:
        each.end()


@pytest.fixture
def room(make_room):
    """A namespace of this test's own."""
    return make_room()


@pytest.fixture
def stand_ins():
    """Images for tests of pods' fates."""
    return {"services": STAND_IN, "conductor": STAND_IN}


@pytest.fixture
def images():
    """The images under test: tag IMAGE_TAG, else the chart's own."""
    tag = os.environ.get("IMAGE_TAG") or yaml.safe_load(CHART.read_text("utf-8"))["appVersion"]
    return {name: f"docker.io/tickwork/{name}:{tag}" for name in ("services", "conductor")}


@pytest.fixture
def make_operator(room, tmp_path):
    """Makes operators for the namespace of this test, and ends what they leave running."""
    made = []

    def make(images, home=room, **more):
        folder = tmp_path / f"operator-{len(made)}"
        folder.mkdir()
        made.append(process.Operator(home, folder, images, **more))
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def operator(make_operator, stand_ins):
    """An operator that runs, ready, over stand-ins."""
    return make_operator(stand_ins).start().wait_ready()


@pytest.fixture
def faults(cluster):
    """Faults of the cluster itself; all ended afterwards, whatever the test saw."""
    if not os.environ.get(cluster_faults.VARIABLE):
        pytest.skip(cluster_faults.ABSENT)
    made = cluster_faults.Faults()
    yield made
    made.end()
