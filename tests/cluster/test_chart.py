"""The chart on a cluster: install, upgrade, refuse, roll back, test, uninstall, install again."""

import shutil
from collections.abc import Iterator

import pytest
from chart import rendering

from cluster import shell

SECRET = "tickwork-unit-tls"
CRD = "experiments.tickwork.dev"
USERS = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: of-a-user}
spec:
  suspend: true
  durationSeconds: 10
  pipeline:
    venue: {name: binance-usdm, instruments: [BTCUSDT], twin: {}}
"""
# No node takes its pods, so that it is over at once and leaves what a finished run leaves.
RAN = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: of-a-run}
spec:
  durationSeconds: 10
  cluster: {startDeadlineSeconds: 1, groups: {pipeline: {region: nowhere}}}
  pipeline:
    venue: {name: binance-usdm, instruments: [BTCUSDT], twin: {}}
"""
KINDS = (
    "deployments,replicasets,pods,services,configmaps,secrets,serviceaccounts,roles,rolebindings,"
    "networkpolicies,poddisruptionbudgets,jobs,experiments"
)


@pytest.fixture(autouse=True, scope="module")
def helm() -> None:
    if shutil.which("helm") is None:
        pytest.skip("helm is not on the PATH; the chart cannot be installed without it")


@pytest.fixture(scope="module")
def release() -> Iterator[shell.Release]:
    with shell.namespace("chart") as namespace:
        made = shell.Release(namespace)
        made.bring()
        yield made
        made.helm("uninstall", "--ignore-not-found", "--wait")


def _secret(release: shell.Release) -> dict[str, str]:
    data: dict[str, str] = shell.get("secret", SECRET, "-n", release.namespace)["data"]
    return data


def test_the_operator_is_ready_where_only_restricted_pods_may_run(release: shell.Release) -> None:
    (pod,) = release.operator_pods()
    ready = {each["type"]: each["status"] for each in pod["status"]["conditions"]}["Ready"]
    assert ready == "True"
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
    assert release.options()["namespaces"] == [release.namespace]


def test_the_definition_is_there_and_offers_what_people_type(release: shell.Release) -> None:
    spec = shell.get("crd", CRD)["spec"]
    assert spec["names"]["kind"] == "Experiment"
    assert shell.kubectl("get", "exp", "-n", release.namespace) == ""


def test_an_upgrade_keeps_the_certificate_and_renews_the_operator(release: shell.Release) -> None:
    secret, (old,) = _secret(release), release.operator_pods()
    release.bring("--set", "sink.keepSeconds=60", "--set", "extraLabels.team=markets")
    assert _secret(release) == secret
    (new,) = shell.wait("one operator", lambda: _alone(release))
    assert new["metadata"]["uid"] != old["metadata"]["uid"], "changed options, the same pod"
    assert release.options()["sink"] == {"kind": "job", "keepSeconds": 60}


def _alone(release: shell.Release) -> list[dict]:
    pods = release.operator_pods()
    return pods if len(pods) == 1 else []


def test_an_upgrade_that_changes_nothing_leaves_the_operator_alone(release: shell.Release) -> None:
    (old,) = shell.wait("one operator", lambda: _alone(release))
    release.bring("--reuse-values")
    (new,) = release.operator_pods()
    assert new["metadata"]["uid"] == old["metadata"]["uid"]


def test_a_wrong_value_is_refused_and_changes_nothing(release: shell.Release) -> None:
    before = release.revision(), release.options()
    with pytest.raises(AssertionError, match="keepSeconds"):
        release.bring("--set", "sink.keepSeconds=0")
    assert (release.revision(), release.options()) == before


def test_a_rollback_brings_back_what_was(release: shell.Release) -> None:
    secret = _secret(release)
    release.helm("rollback", "1", "--wait", "--timeout", "240s")
    assert release.options()["sink"]["keepSeconds"] == 3600
    assert _secret(release) == secret
    shell.wait("one operator", lambda: _alone(release))


def test_an_upgrade_that_fails_rolls_itself_back(release: shell.Release) -> None:
    before = release.options()
    settings = ["--install", "--wait", "--timeout", "15s", "--rollback-on-failure"]
    wrong = ["--set", "image.tag=there-is-no-such-tag"]
    with pytest.raises(AssertionError):
        release.helm("upgrade", str(rendering.CHART), *settings, *wrong)
    assert release.options() == before
    shell.wait("the operator is back", lambda: _ready(release), 240)


def _ready(release: shell.Release) -> bool:
    pods = _alone(release)
    statuses = pods[0]["status"].get("containerStatuses", []) if pods else []
    return bool(statuses) and all(each["ready"] for each in statuses)


def test_the_twin_comes_changes_and_goes_with_its_value(release: shell.Release) -> None:
    def twins() -> list[str]:
        label = "app.kubernetes.io/component=venue-twin"
        return shell.names("experiments", "-n", release.namespace, "-l", label)

    on = ["--set", "venueTwin.enabled=true", "--set", "venueTwin.spec.suspend=true"]
    _upgrade(release, *on)
    (first,) = twins()
    _upgrade(release, *on, "--set", "venueTwin.spec.seed=2")
    (second,) = shell.wait("one twin", lambda: twins() if len(twins()) == 1 else None)
    assert first != second
    _upgrade(release)
    shell.wait("no twin", lambda: not twins())
    assert "service/venue-twin" not in shell.names("services", "-n", release.namespace)


def _upgrade(release: shell.Release, *arguments: str) -> None:
    release.helm("upgrade", str(rendering.CHART), "--reset-values", *shell.images(), *arguments)


def test_uninstalling_leaves_the_definition_and_what_is_the_users(release: shell.Release) -> None:
    for made in (USERS, RAN):
        shell.kubectl("apply", "-n", release.namespace, "-f", "-", stdin=made)
    ended = "--for=jsonpath={.status.completionTime}"
    shell.kubectl("wait", ended, "exp/of-a-run", "-n", release.namespace, "--timeout=60s")
    its = ("-n", release.namespace, "-l", "tickwork.dev/experiment=of-a-run")
    shell.wait("its pods are gone", lambda: not shell.names("pods", *its))
    release.helm("uninstall", "--wait", "--timeout", "60s")
    assert shell.names("crd", CRD) == [f"customresourcedefinition.apiextensions.k8s.io/{CRD}"]
    ours = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
    left = shell.wait("the operator's pod is gone", lambda: _left(release.namespace, ours))
    users = "experiment.tickwork.dev/of-a-user"
    assert any(each.startswith("configmap/of-a-run-plan-") for each in left)
    assert [each for each in left if "/of-a-run" not in each] == [users]
    shell.kubectl("delete", "exp", "of-a-run", "-n", release.namespace)
    shell.wait("what it left is gone", lambda: _left(release.namespace, ours) == [users])


def _left(namespace: str, known: set[str]) -> list[str]:
    left = [each for each in shell.names(KINDS, "-n", namespace) if each not in known]
    return [] if any(each.startswith("pod/") for each in left) else left


def test_a_second_install_works_and_takes_up_what_was_left(release: shell.Release) -> None:
    release.bring()
    assert release.revision() == 1
    path = "jsonpath={.status.phase}"
    asked = ("experiment", "of-a-user", "-n", release.namespace, "-o", path)
    shell.wait("the Experiment is seen", lambda: shell.kubectl("get", *asked) == "Suspended")
    shell.kubectl("delete", "experiment", "of-a-user", "-n", release.namespace, "--timeout=10s")


def test_the_charts_test_runs_an_experiment_to_its_end(release: shell.Release) -> None:
    said = release.helm("test", "--logs", "--timeout", "240s", seconds=300)
    assert "Succeeded" in said
    assert "Complete" in said
    assert (
        shell.names("pods", "-n", release.namespace, "-l", "app.kubernetes.io/component=test") == []
    )
    assert shell.names("experiments", "-n", release.namespace) == []


def test_the_script_of_a_first_install_ends_where_the_kind_is_served() -> None:
    with shell.namespace("chart-wait") as namespace:
        file = "templates/venue_twin/await_kind.yaml"
        values = {"venueTwin": {"enabled": True}}
        place = ("--namespace", namespace, "--show-only", file)
        made = rendering.text(values, *place, *shell.images())
        shell.kubectl("apply", "-n", namespace, "-f", "-", stdin=made)
        pod = ("pod/tickwork-await-kind", "-n", namespace, "--timeout=200s")
        shell.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", *pod)


DRY_RUN = ("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-")


def test_every_object_is_accepted_by_the_server() -> None:
    with shell.namespace("chart-dry") as namespace:
        values = {**rendering.FULL, "watch": {"namespaces": [namespace]}}
        values["monitoring"] = {"dashboards": {"enabled": True}}
        made = rendering.text(values, "--api-versions", rendering.KIND, "--namespace", namespace)
        # A pod is looked at together with its account, which a dry run leaves unmade.
        shell.kubectl("create", "serviceaccount", "tickwork-test", "-n", namespace)
        said = shell.kubectl(*DRY_RUN, stdin=made)
        assert said.count("serverside-applied") > 15


def test_kustomize_is_accepted_by_the_server() -> None:
    with shell.namespace("chart-dry") as namespace:
        built = shell.kubectl("kustomize", str(rendering.ROOT / "k8s" / "base"))
        moved = built.replace("namespace: tickwork\n", f"namespace: {namespace}\n")
        said = shell.kubectl(*DRY_RUN, stdin=moved)
        assert "deployment.apps/tickwork-operator serverside-applied" in said
