"""What the chart makes: names, images, options, labels, pods."""

import json

import yaml
from tickwork_operator.objects import options

from chart import rendering

OPERATOR = ("Deployment", "tickwork", "tickwork-operator")
OPTIONS = ("ConfigMap", "tickwork", "tickwork-operator")


def _options(made: rendering.Objects) -> options.Options:
    return options.from_json(made[OPTIONS]["data"]["operator.json"])


def test_the_operator_reads_its_options_file(defaults: rendering.Objects) -> None:
    read = _options(defaults)
    assert read.images.services == "docker.io/tickwork/services:0.1.0"
    assert read.images.conductor == "docker.io/tickwork/conductor:0.1.0"
    assert read.namespaces == ("tickwork",)
    assert read.tls_secret == "tickwork-unit-tls"
    assert (read.sink.kind, read.sink.keep_seconds) == ("job", 3600)
    assert read.network_policies.enabled


def test_defaults_of_the_chart_are_defaults_of_the_operator(defaults: rendering.Objects) -> None:
    read = _options(defaults)
    bare = options.Options(images=read.images)
    assert (read.sink, read.pull_policy) == (bare.sink, bare.pull_policy)
    assert (read.metrics_port, read.health_port) == (bare.metrics_port, bare.health_port)
    assert read.tls_secret == bare.tls_secret


def test_full_values_reach_the_operator(full: rendering.Objects) -> None:
    read = _options(full)
    assert read.images.services == f"docker.io/tickwork/services@{rendering.DIGEST}"
    assert read.pull_secrets == ("pull",)
    assert read.namespaces == ("lab", "tickwork")
    assert (read.sink.kind, read.sink.claim) == ("pvc", "results")
    assert read.extra_labels == {"team": "markets"}


def test_a_whole_cluster_is_watched_without_a_list() -> None:
    made = rendering.render({"watch": {"namespaced": False}})
    assert _options(made).namespaces is None
    kinds = {kind for kind, _, name in made if "operator" in name}
    assert {"ClusterRole", "ClusterRoleBinding"} <= kinds
    assert not {"Role", "RoleBinding"} & kinds


def test_changed_options_make_a_new_pod(defaults: rendering.Objects) -> None:
    other = rendering.render({"sink": {"keepSeconds": 60}})
    sums = [
        made[OPERATOR]["spec"]["template"]["metadata"]["annotations"]["checksum/options"]
        for made in (defaults, other)
    ]
    assert sums[0] != sums[1]


def test_two_operators_never_run_at_once(defaults: rendering.Objects) -> None:
    spec = defaults[OPERATOR]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_registry_and_tag_name_every_image() -> None:
    made = rendering.render({"image": {"registry": "localhost", "tag": "abc", "digest": {}}})
    images = {c["image"] for _, spec in rendering.pods(made) for c in spec["containers"]}
    assert images == {"localhost/tickwork/operator:abc"}
    assert _options(made).images.conductor == "localhost/tickwork/conductor:abc"


def test_the_definition_is_the_generated_file(defaults: rendering.Objects) -> None:
    made = defaults["CustomResourceDefinition", "", "experiments.tickwork.dev"]
    assert made["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    wanted = yaml.safe_load((rendering.CHART / "files" / "crd.yaml").read_text("utf-8"))
    assert _floating(made["spec"]) == _floating(wanted["spec"])


def _floating(value: object) -> object:
    return json.loads(json.dumps(value), parse_int=float)


def test_the_definition_can_be_left_to_others() -> None:
    made = rendering.render({"crds": {"install": False}})
    assert not [key for key in made if key[0] == "CustomResourceDefinition"]
    kept = rendering.render({"crds": {"keep": False}})
    head = kept["CustomResourceDefinition", "", "experiments.tickwork.dev"]["metadata"]
    assert "annotations" not in head


def test_every_object_says_what_it_belongs_to(full: rendering.Objects) -> None:
    wanted = {"name", "instance", "component", "version", "part-of", "managed-by"}
    for key, value in full.items():
        labels = value["metadata"]["labels"]
        missing = {each for each in wanted if f"app.kubernetes.io/{each}" not in labels}
        assert missing == set(), key
        assert labels["team"] == "markets", key


def test_selectors_hold_no_label_that_changes(full: rendering.Objects) -> None:
    fixed = {f"app.kubernetes.io/{each}" for each in ("name", "instance", "component")}
    assert set(full[OPERATOR]["spec"]["selector"]["matchLabels"]) == fixed


def test_every_pod_is_restricted(full: rendering.Objects) -> None:
    found = list(rendering.pods(full))
    assert len(found) == 3
    for _, spec in found:
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_names_fit_whatever_the_release_is_called() -> None:
    name = "a" * 53
    made = rendering.helm("template", name, str(rendering.CHART), "-n", "b" * 63)
    assert made.returncode == 0, made.stderr
    for kind, _, each in rendering.objects(made.stdout):
        assert len(each) <= 63, (kind, each)
