import model_cluster
from tickwork_operator.objects import pod, run


def build(group: str = "pipeline", **cluster: object) -> dict:
    made = run.read(model_cluster.experiment(**cluster), 1, model_cluster.OPTIONS)
    [found] = [each for each in made.plan.groups if each.name == group]
    return pod.build(made, found)


def test_restricted_pod_security_passes() -> None:
    spec = build()["spec"]
    context = spec["securityContext"]
    assert context["runAsNonRoot"]
    assert context["runAsUser"] == context["fsGroup"] == 65_532
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        inside = container["securityContext"]
        assert inside["allowPrivilegeEscalation"] is False
        assert inside["readOnlyRootFilesystem"] is True
        assert inside["capabilities"] == {"drop": ["ALL"]}


def test_the_privileged_profile_may_lock_memory_and_ask_for_real_time() -> None:
    spec = build(profile="privileged")["spec"]
    assert spec["securityContext"]["runAsUser"] == 0
    for container in spec["containers"]:
        added = container["securityContext"]["capabilities"]["add"]
        assert added == ["IPC_LOCK", "SYS_NICE"]


def test_a_unit_is_a_container_with_its_file_and_incarnation() -> None:
    [twin] = build("venue")["spec"]["containers"]
    assert twin["name"] == "twin"
    assert twin["args"] == [
        "/etc/tickwork/units/twin.json",
        "--incarnation-file",
        "/run/tickwork/output/twin/incarnation",
    ]
    assert twin["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 7001}
    assert twin["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_memory_of_the_pod_holds_the_segments() -> None:
    volumes = {each["name"]: each for each in build()["spec"]["volumes"]}
    assert volumes["shm"]["emptyDir"]["medium"] == "Memory"
    assert int(volumes["shm"]["emptyDir"]["sizeLimit"].removesuffix("Mi")) >= 72


def test_the_certificate_is_mounted_where_links_are_secured() -> None:
    assert "tls" in {each["name"] for each in build()["spec"]["volumes"]}
    assert "tls" not in {each["name"] for each in build(plaintext=True)["spec"]["volumes"]}


def test_a_person_places_and_labels_a_group() -> None:
    wishes = {
        "region": "region-a",
        "nodeSelector": {"disk": "fast"},
        "labels": {"team": "desk"},
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
    }
    made = build(groups={"pipeline": wishes})
    assert made["spec"]["nodeSelector"] == {
        "disk": "fast",
        "topology.kubernetes.io/region": "region-a",
    }
    labels = made["metadata"]["labels"]
    assert (labels["team"], labels["tickwork.dev/group"]) == ("desk", "pipeline")
    assert labels["tickwork.dev/run"].startswith("demo-")
    keys = [each["key"] for each in made["spec"]["tolerations"]]
    assert keys == ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]


def test_a_pod_has_time_to_drain() -> None:
    made = build()
    assert made["spec"]["terminationGracePeriodSeconds"] == 2 + pod.GRACE_SECONDS
