"""A run from beginning to end, with stand-ins for what measures."""

import pytest

from cluster import space


def test_small_run_is_complete_with_its_digest(room, operator):
    room.create(space.experiment("demo"))
    status = room.reached({"Complete", "Failed"}, 90)
    assert status["phase"] == "Complete", room.told()
    assert status["digest"]["verdict"] == "stood in"
    assert status["p50"] == "21.4µs"
    assert room.condition("Complete")["status"] == "True"
    assert room.condition("Failed")["status"] == "False"
    jobs = room.children("Job")
    assert len(jobs) == 1
    room.until(lambda: room.children("Job")[0]["status"].get("succeeded") == 1, 30, "Job over")
    room.until(lambda: len(room.children("Pod")) <= 1, 30, "the Groups' pods gone")
    phases = [each["reason"] for each in room.list("Event") if "Experiment" in str(each)]
    assert "Complete" in phases


def test_status_is_not_written_when_nothing_changed(room, operator):
    room.create(space.experiment("demo"))
    room.reached("Complete", 90)
    room.until(lambda: len(room.children("Pod")) <= 1, 30, "the Groups' pods gone")
    before = room.get("Experiment", "demo")["metadata"]["resourceVersion"]
    operator.kill()
    operator.start().wait_ready()
    reconciles = 'tickwork_operator_reconciles_total{outcome="unchanged"}'
    room.until(lambda: operator.metrics()[reconciles] >= 1, 30, "the Experiment looked at again")
    assert room.get("Experiment", "demo")["metadata"]["resourceVersion"] == before


def test_operator_puts_nothing_of_kopf_on_objects(room, operator):
    room.create(space.experiment("demo", suspend=True))
    room.reached("Suspended", 30)
    metadata = room.get("Experiment", "demo")["metadata"]
    assert "finalizers" not in metadata
    assert "kopf" not in str(metadata.get("annotations", {}))
    assert room.delete() < 2


def test_suspended_then_resumed_runs(room, operator):
    room.create(space.experiment("demo", suspend=True))
    room.reached("Suspended", 30)
    assert room.children("Pod") == []
    room.api.patch("Experiment", room.name, "demo", {"spec": {"suspend": False}})
    assert room.reached({"Complete", "Failed"}, 90)["phase"] == "Complete", room.told()


def test_provider_is_served_again_when_its_pod_is_deleted(room, operator):
    room.create(space.experiment("demo", seconds=None))
    room.reached("Running", 90)
    assert len(room.children("Deployment")) == len(room.children("Pod")) > 0
    assert room.children("Job") == []
    for pod in room.children("Pod"):
        room.api.delete("Pod", room.name, pod["metadata"]["name"], gracePeriodSeconds=0)
    room.until(lambda: room.condition("Ready")["status"] == "True", 60, "ready again")
    assert room.status()["phase"] == "Running"


def test_sigterm_ends_the_operator_soon(room, operator):
    assert operator.stop() < 10
    assert operator.process.returncode == 0


@pytest.mark.parametrize("verb", ["secrets", "nodes", "pods/exec", "experiments"])
def test_operator_may_not(room, operator, verb):
    """Least privilege, asked of the API server in the operator's own name."""
    user = f"system:serviceaccount:{room.name}:operator-under-test"
    name, _, below = verb.partition("/")
    asked = {"verb": "delete" if name == "experiments" else "get", "resource": name}
    asked |= {"namespace": room.name, "subresource": below}
    if name == "experiments":
        asked["group"] = space.GROUP
    body = {"spec": {"user": user, "resourceAttributes": asked}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    assert room.api.call("POST", path, body)["status"]["allowed"] is False
