"""Least privilege, tried: what each account must do it may, what it must not do is refused."""

import json
import ssl
import tempfile
from collections.abc import Iterator
from urllib import error, request

import pytest
import yaml
from chart import rendering
from tickwork_operator import resources
from tickwork_operator.objects import access, options, run

from cluster import shell

FORBIDDEN = 403
ESCALATION = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "escalated"},
    "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "escalated"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
    "subjects": [{"kind": "ServiceAccount", "name": "tickwork-operator"}],
}
EXPERIMENT = {
    "apiVersion": "tickwork.dev/v1alpha1",
    "kind": "Experiment",
    "metadata": {"name": "mine"},
    "spec": {
        "suspend": True,
        "durationSeconds": 10,
        "pipeline": {"venue": {"name": "binance-usdm", "instruments": ["BTCUSDT"], "twin": {}}},
    },
}


class Account:
    """A service account, and calls with its own token."""

    def __init__(self, namespace: str, name: str) -> None:
        self.namespace = namespace
        self._token = shell.kubectl("create", "token", name, "-n", namespace).strip()
        self._server, self._authority = shell.server()

    def call(self, *arguments: str, stdin: str | None = None) -> str:
        """Returns what kubectl says with this account's token: an answer, or a refusal."""
        settings = ["--token", self._token, "--kubeconfig", "/dev/null", "--server", self._server]
        with tempfile.NamedTemporaryFile("w", suffix=".crt") as file:
            file.write(self._authority)
            file.flush()
            settings += ["--certificate-authority", file.name]
            made = shell.attempt("kubectl", *settings, *arguments, stdin=stdin)
        return made.stdout if made.returncode == 0 else f"refused: {made.stderr}"

    def may(self, verb: str, resource: str, namespace: str | None = None) -> bool:
        """Asks for ``resource``, written ``pods``, ``jobs.batch`` or ``pods/exec``."""
        name, _, below = resource.partition("/")
        place = ["-n", namespace or self.namespace, *(["--subresource", below] if below else [])]
        return self.call("auth", "can-i", verb, name, *place).strip() == "yes"

    def patch(self, path: str, body: object) -> int:
        """Sends a PATCH and nothing before it (kubectl reads first); returns the HTTP status."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/merge-patch+json",
        }
        asked = request.Request(
            self._server + path, json.dumps(body).encode(), headers, method="PATCH"
        )
        trust = ssl.create_default_context(cadata=self._authority)
        try:
            with request.urlopen(asked, timeout=10, context=trust) as answer:
                return int(answer.status)
        except error.HTTPError as refused:
            return refused.code


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """A namespace with the chart's accounts and roles, and no operator that would act."""
    with shell.namespace("rights") as namespace:
        made = rendering.render({"watch": {"namespaces": [namespace]}}, "--namespace", namespace)
        wanted = {"ServiceAccount", "Role", "RoleBinding", "Secret"}
        chosen = [each for key, each in made.items() if key[0] in wanted]
        for each in chosen:
            each["metadata"]["annotations"] = {}
        stream = yaml.safe_dump_all(chosen)
        shell.kubectl("apply", "-n", namespace, "-f", "-", stdin=stream)
        if not shell.names("crd", "experiments.tickwork.dev"):
            crd = rendering.CHART / "files" / "crd.yaml"
            shell.kubectl("apply", "--server-side", "-f", str(crd))
        shell.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(EXPERIMENT))
        other = {**EXPERIMENT, "metadata": {"name": "other"}}
        shell.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(other))
        yield namespace


@pytest.fixture(scope="module")
def operator(home: str) -> Account:
    return Account(home, "tickwork-operator")


@pytest.fixture(scope="module")
def conductor(home: str, operator: Account) -> Account:
    """The Conductor's account, made by the operator's own: it can grant what it has to grant."""
    held = shell.get("experiment", "mine", "-n", home)
    made = run.read(held, 1, options.Options(images=options.Images("services", "conductor")))
    for each in (access.build_account(made), access.build_role(made), access.build_binding(made)):
        said = operator.call("create", "-n", home, "-f", "-", stdin=json.dumps(each))
        assert "created" in said, said
    return Account(home, made.child("conductor"))


def _plural(rule: dict) -> Iterator[str]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            name, _, below = resource.partition("/")
            yield f"{name}.{group}{'/' + below if below else ''}" if group else resource


def test_the_operator_may_what_its_table_says(operator: Account) -> None:
    for rule in resources.rules():
        for name in _plural(rule):
            for verb in rule["verbs"]:
                assert operator.may(verb, name), (verb, name)


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "secrets"),
        ("list", "secrets"),
        ("create", "secrets"),
        ("create", "pods/exec"),
        ("create", "pods/attach"),
        ("create", "pods/portforward"),
        ("get", "nodes"),
        ("list", "namespaces"),
        ("create", "experiments.tickwork.dev"),
        ("delete", "experiments.tickwork.dev"),
        ("patch", "experiments.tickwork.dev"),
        ("create", "clusterroles.rbac.authorization.k8s.io"),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
        ("escalate", "roles.rbac.authorization.k8s.io"),
        ("bind", "roles.rbac.authorization.k8s.io"),
        ("impersonate", "users"),
        ("create", "serviceaccounts/token"),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io"),
        ("get", "persistentvolumes"),
        ("delete", "persistentvolumeclaims"),
    ],
)
def test_the_operator_may_not(operator: Account, verb: str, resource: str) -> None:
    assert not operator.may(verb, resource)


def test_the_operator_has_nothing_in_other_namespaces(operator: Account) -> None:
    for rule in resources.rules():
        for name in _plural(rule):
            assert not operator.may(rule["verbs"][0], name, "default"), name
    assert "refused" in operator.call("get", "pods", "-n", "default")
    assert "refused" in operator.call("get", "pods", "-A")


def test_the_operator_is_refused_when_it_tries(operator: Account, home: str) -> None:
    calls = [
        ("get", "secret", "tickwork-unit-tls", "-n", home),
        ("get", "secrets", "-n", home),
        ("get", "nodes"),
        ("delete", "experiment", "mine", "-n", home),
        ("annotate", "experiment", "mine", "a=b", "-n", home),
        ("get", "--raw", "/api/v1/namespaces/kube-system/secrets"),
    ]
    for call in calls:
        said = operator.call(*call)
        assert said.startswith("refused"), (call, said)
        assert "forbidden" in said.lower(), (call, said)
    assert shell.names("experiment", "mine", "-n", home)


def test_the_operator_cannot_give_itself_more(operator: Account, home: str) -> None:
    for wanted in (ESCALATION, BINDING):
        said = operator.call("create", "-n", home, "-f", "-", stdin=json.dumps(wanted))
        assert said.startswith("refused"), said
        assert "forbidden" in said.lower(), said
    assert not shell.names("role", "escalated", "-n", home)


def _path(namespace: str, name: str, below: str = "") -> str:
    return f"/apis/tickwork.dev/v1alpha1/namespaces/{namespace}/experiments/{name}{below}"


def test_the_conductor_writes_the_status_of_its_own_experiment(
    conductor: Account, home: str
) -> None:
    progress = {"status": {"progress": {"percent": 5, "block": 1, "blocks": 1}}}
    assert conductor.patch(_path(home, "mine", "/status"), progress) == 200
    held = shell.get("experiment", "mine", "-n", home)
    assert held["status"]["progress"]["percent"] == 5
    assert conductor.patch(_path(home, "other", "/status"), progress) == FORBIDDEN
    assert conductor.patch(_path(home, "mine"), {"spec": {"suspend": False}}) == FORBIDDEN
    assert conductor.patch(_path(home, "mine"), {"metadata": {"labels": {"a": "b"}}}) == FORBIDDEN


def test_the_conductor_is_refused_everything_else(conductor: Account, home: str) -> None:
    calls = [
        ("get", "experiment", "mine", "-n", home),
        ("get", "experiments", "-n", home),
        ("get", "secrets", "-n", home),
        ("get", "pods", "-n", home),
        ("get", "configmaps", "-n", home),
        ("delete", "experiment", "mine", "-n", home),
        ("get", "pods", "-n", "default"),
    ]
    for call in calls:
        said = conductor.call(*call)
        assert said.startswith("refused"), (call, said)
        assert "forbidden" in said.lower(), (call, said)


@pytest.mark.parametrize("verb", ["get", "list", "patch", "create"])
@pytest.mark.parametrize("resource", ["secrets", "pods", "experiments.tickwork.dev", "configmaps"])
def test_a_units_account_may_nothing(home: str, verb: str, resource: str) -> None:
    assert not Account(home, "default").may(verb, resource)


def test_the_tests_account_has_its_own_experiment_only(home: str) -> None:
    tester = Account(home, "tickwork-test")
    assert tester.may("create", "experiments.tickwork.dev")
    for call in (
        ("delete", "experiment", "mine", "-n", home),
        ("get", "experiments", "-n", home),
        ("get", "secrets", "-n", home),
        ("get", "pods", "-n", home),
    ):
        assert tester.call(*call).startswith("refused"), call
