"""The very first install into an empty cluster, and what a cluster goes through after it.

On an API server without nodes: the kind itself comes and stays, which cannot be tried on a cluster
that others use.
"""

import json
import os
import pathlib
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chart import bare_server, rendering

CRD = "experiments.tickwork.dev"
TWIN = "venueTwin.enabled=true"
AWAITING = "pod/tickwork-await-kind"


class Cluster:
    """helm and kubectl, on one kubeconfig."""

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}

    def run(self, *command: str) -> str:
        made = subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert made.returncode == 0, f"{' '.join(command)}: {made.stderr}"
        return made.stdout

    def helm(self, verb: str, *arguments: str, namespace: str = "tickwork") -> str:
        chart = [str(rendering.CHART)] if verb in {"install", "upgrade"} else []
        with ThreadPoolExecutor(1) as nodes:
            acting = threading.Event()
            node = nodes.submit(self._act_as_node, acting)
            try:
                return self.run("helm", verb, "tickwork", *chart, "-n", namespace, *arguments)
            finally:
                acting.set()
                node.result()

    def _act_as_node(self, ended: threading.Event) -> None:
        """Ends the pod that waits for the kind as it would end: when the kind is served."""
        asked = ("kubectl", "get", "--raw", "/apis/tickwork.dev/v1alpha1")
        status = '{"status": {"phase": "Succeeded"}}'
        patch = (
            "kubectl",
            "patch",
            AWAITING,
            "-n",
            "tickwork",
            "--subresource=status",
            "-p",
            status,
        )
        while not ended.wait(0.2):
            served = self._try(*asked)
            if served is not None and '"Experiment"' in served:
                self._try(*patch)

    def _try(self, *command: str) -> str | None:
        made = subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return made.stdout if made.returncode == 0 else None

    def names(self, kinds: str, *arguments: str) -> list[str]:
        asked = ("kubectl", "get", kinds, "-o", "name", "--ignore-not-found", *arguments)
        return self.run(*asked).split()

    def twins(self) -> list[str]:
        return self.names("experiments", "-n", "tickwork")

    def get(self, *arguments: str) -> dict:
        read: dict = json.loads(self.run("kubectl", "get", *arguments, "-o", "json"))
        return read


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    if missing := bare_server.missing():
        pytest.skip(f"no API server can be started: {', '.join(missing)} not on the PATH")
    with bare_server.running(tmp_path_factory.mktemp("server")) as kubeconfig:
        yield kubeconfig


@pytest.fixture
def empty(server: pathlib.Path) -> Iterator[Cluster]:
    """A cluster without the kind and without a release."""
    made = Cluster(server)
    yield made
    for namespace in ("tickwork", "other"):
        made.helm("uninstall", "--ignore-not-found", namespace=namespace)
    made.run("kubectl", "delete", "crd", CRD, "--ignore-not-found")


def test_one_command_brings_the_kind_and_the_twin(empty: Cluster) -> None:
    said = empty.helm("install", "--create-namespace", "--set", TWIN)
    assert "helm test tickwork -n tickwork --logs" in said
    assert "brings the custom resource definition" in said
    assert len(empty.twins()) == 1
    assert empty.names("pods,configmaps,serviceaccounts", "-n", "tickwork") == [
        "configmap/tickwork-operator",
        "serviceaccount/tickwork-operator",
    ]
    head = empty.get("crd", CRD)["metadata"]
    assert head["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_first_upgrade_takes_the_twin_over_and_the_next_removes_it(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace", "--set", TWIN)
    (twin,) = empty.twins()
    before = empty.get(twin, "-n", "tickwork")["metadata"]["uid"]
    empty.helm("upgrade", "--set", TWIN)
    assert empty.get(twin, "-n", "tickwork")["metadata"]["uid"] == before, "the twin was restarted"
    empty.helm("upgrade", "--reset-values")
    assert empty.twins() == []


def test_an_upgrade_right_after_the_install_can_change_or_remove_the_twin(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace", "--set", TWIN)
    (first,) = empty.twins()
    empty.helm("upgrade", "--set", TWIN, "--set", "venueTwin.spec.seed=2")
    (second,) = empty.twins()
    assert second != first
    empty.helm("uninstall")
    empty.run("kubectl", "delete", "crd", CRD)
    empty.helm("install", "--set", TWIN)
    empty.helm("upgrade", "--reset-values")
    assert empty.twins() == []


def test_a_rollback_to_the_first_revision_has_the_twin_again(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace", "--set", TWIN)
    (twin,) = empty.twins()
    empty.helm("upgrade", "--set", TWIN)
    empty.helm("upgrade", "--reset-values")
    assert empty.twins() == []
    empty.helm("rollback", "1")
    assert empty.twins() == [twin]


def test_uninstalling_right_after_the_install_removes_the_twin(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace", "--set", TWIN)
    empty.helm("uninstall")
    assert empty.twins() == []
    assert empty.names("crd") == [f"customresourcedefinition.apiextensions.k8s.io/{CRD}"]
    left = empty.names("deployments,services,configmaps,secrets,roles,networkpolicies", "-A")
    assert [each for each in left if "tickwork" in each] == []


def test_a_second_install_takes_its_own_definition_back(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace")
    empty.helm("uninstall")
    said = empty.helm("install", "--set", TWIN)
    assert "brings the custom resource definition" in said
    assert len(empty.twins()) == 1


def test_a_second_release_uses_the_definition_of_the_first(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace")
    said = empty.helm("install", "--create-namespace", namespace="other")
    assert "belongs to release tickwork in namespace tickwork" in said
    empty.helm("uninstall", namespace="other")
    owner = empty.get("crd", CRD)["metadata"]["annotations"]["meta.helm.sh/release-namespace"]
    assert owner == "tickwork"


def test_a_definition_that_somebody_applied_is_left_alone(empty: Cluster) -> None:
    file = str(rendering.CHART / "files" / "crd.yaml")
    empty.run("kubectl", "apply", "--server-side", "-f", file)
    said = empty.helm("install", "--create-namespace")
    assert "belongs to somebody who applied it without Helm" in said
    assert "annotations" not in empty.get("crd", CRD)["metadata"]
    empty.helm("upgrade", "--set", TWIN)
    assert len(empty.twins()) == 1


def test_the_definition_takes_its_experiments_along_when_it_is_not_kept(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace", "--set", "crds.keep=false")
    empty.helm("uninstall")
    empty.run("kubectl", "wait", "--for=delete", f"crd/{CRD}", "--timeout=30s")
    assert empty.names("crd") == []


def test_certificates_stay_over_an_upgrade_and_are_renewed_when_deleted(empty: Cluster) -> None:
    empty.helm("install", "--create-namespace")
    asked = ("secret", "tickwork-unit-tls", "-n", "tickwork")
    first = empty.get(*asked)["data"]
    empty.helm("upgrade", "--set", "extraLabels.a=b")
    assert empty.get(*asked)["data"] == first
    empty.run("kubectl", "delete", *asked)
    empty.helm("upgrade")
    assert empty.get(*asked)["data"] != first
