"""What an operator must survive: hands that delete, names that come again, namespaces that go."""

import pytest
from tickwork_operator.objects import names

from cluster import api as apis
from cluster import space

FINAL = {"Complete", "Failed"}


def test_operator_absent_during_deletion(room, operator):
    room.create(space.experiment("demo", seconds=60))
    room.reached("Running", 90)
    operator.kill()
    assert room.delete() < 2
    room.until(lambda: not room.children("Job"), 30, "the Job gone")
    room.until(lambda: not room.children("Pod"), 60, "the pods gone")
    operator.start().wait_ready()
    room.create(space.experiment("demo", seconds=1))
    assert room.reached(FINAL, 90)["phase"] == "Complete", room.told()


@pytest.mark.parametrize("kind", ["Job", "Pod"])
def test_deleted_by_hand_is_failed_and_not_made_again(room, operator, kind):
    jobs = room.witness("Job")
    room.create(space.experiment("demo", seconds=60))
    room.reached("Running", 90)
    part = "conductor" if kind == "Job" else "pipeline"
    found = next(each for each in room.children(kind) if part in each["metadata"]["name"])
    room.api.delete(kind, room.name, found["metadata"]["name"], propagationPolicy="Background")
    status = room.reached(FINAL, 120)
    assert (status["phase"], status["reason"]) == ("Failed", "ChildDeleted")
    assert len(jobs.seen) == 1


def test_a_run_whose_job_was_deleted_while_the_operator_was_away(room, operator):
    room.create(space.experiment("demo", seconds=60))
    room.reached("Running", 90)
    operator.kill()
    job = room.children("Job")[0]["metadata"]["name"]
    room.api.delete("Job", room.name, job, propagationPolicy="Background")
    room.until(lambda: room.get("Job", job) is None, 30, "the Job gone")
    operator.start().wait_ready()
    assert room.reached(FINAL, 60)["reason"] == "ChildDeleted"


def test_unschedulable_is_said_and_ends_at_the_deadline(room, operator):
    body = {"startDeadlineSeconds": 15, "groups": {"pipeline": {"region": "nowhere"}}}
    room.create(space.experiment("demo", seconds=60, cluster=body))
    room.until(lambda: room.status().get("reason") == "Unschedulable", 30, "Unschedulable said")
    status = room.reached(FINAL, 60)
    assert (status["phase"], status["reason"]) == ("Failed", "Unschedulable")


def test_spec_edited_in_mid_run_is_refused(room, operator):
    room.create(space.experiment("demo", seconds=8))
    room.reached("Running", 90)
    with pytest.raises(apis.RefusedError) as caught:
        room.api.patch("Experiment", room.name, "demo", {"spec": {"durationSeconds": 9}})
    assert caught.value.status == 422
    assert "immutable" in caught.value.message
    assert room.reached(FINAL, 90)["phase"] == "Complete", room.told()


def test_same_name_at_once_after_a_deletion_with_the_operator_away(room, operator):
    room.create(space.experiment("demo", seconds=60))
    room.until(lambda: room.children("Job"), 60, "the first Job")
    operator.kill()
    room.delete()
    room.create(space.experiment("demo", seconds=1))
    operator.start().wait_ready()
    assert room.reached(FINAL, 90)["phase"] == "Complete", room.told()


def test_name_that_somebody_else_has_is_said_and_left_alone(room, operator):
    room.create(space.experiment("demo", suspend=True))
    uid = room.get("Experiment", "demo")["metadata"]["uid"]
    name = names.child("demo", names.PLAN, names.tag(uid, 1))
    room.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {}})
    room.api.patch("Experiment", room.name, "demo", {"spec": {"suspend": False}})
    room.until(lambda: room.status().get("reason") == "NameTaken", 30, "NameTaken said")
    assert "ownerReferences" not in room.get("ConfigMap", name)["metadata"]
    room.api.delete("ConfigMap", room.name, name)
    assert room.reached(FINAL, 120)["phase"] == "Complete", room.told()


def test_namespace_deleted_in_mid_run(room, make_room, make_operator, stand_ins):
    home = make_room()
    operator = make_operator(stand_ins, home=home, others=[room]).start().wait_ready()
    room.create(space.experiment("demo", seconds=60))
    room.reached("Running", 90)
    room.api.delete("Namespace", None, room.name)
    gone = lambda: room.api.get("Namespace", None, room.name) is None  # noqa: E731
    room.until(gone, 120, "the namespace gone")
    home.create(space.experiment("demo", suspend=True))
    home.reached("Suspended", 30)
    assert operator.process.poll() is None, operator.tail()


def test_probe_says_what_is_wrong_when_the_operator_may_not_list(room, make_operator, stand_ins):
    operator = make_operator(stand_ins)
    room.api.delete("RoleBinding", room.name, "operator-under-test")
    operator.start()
    text = room.until(lambda: operator.ask("readyz"), 60, "an answer")
    assert "forbidden" in room.until(
        lambda: "forbidden" in (operator.ask("readyz") or "") and operator.ask("readyz"), 30, text
    )
