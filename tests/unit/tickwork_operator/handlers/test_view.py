"""What is known: newest wins, gone stays gone, what a listing misses twice is gone."""

import pytest
from tickwork_operator import decide, resources
from tickwork_operator.handlers import view as views
from tickwork_operator.objects import names

POD = resources.KINDS["Pod"]
SERVICE = resources.KINDS["Service"]


def test_newest_state_wins_whoever_brought_it(room):
    assert room.view.see(room.experiment(version=5), watched=True)
    assert not room.view.see(room.experiment(version=4), watched=True)
    assert room.view.see(room.experiment(version=7, status={"phase": "Running"}))
    assert room.view.experiment("e-1")["status"] == {"phase": "Running"}


def test_gone_stays_gone_though_an_answer_comes_late(room):
    room.view.see(room.experiment())
    room.view.see(room.child("Pod", "a"))
    room.view.forget("u-a")
    assert not room.view.see(room.child("Pod", "a", version=9))
    assert room.view.sight("e-1").children == {}


def test_children_are_those_of_the_uid_not_of_the_name(room):
    room.view.see(room.experiment(uid="e-2"))
    room.view.see(room.child("Pod", "old", owner=("Experiment", "e-1")))
    room.view.see(room.child("Pod", "new", owner=("Experiment", "e-2")))
    assert list(room.view.sight("e-2").children) == [("Pod", "new")]


def test_pods_of_an_owned_job_and_deployment_are_children(room):
    room.view.see(room.experiment())
    room.view.see(room.child("Job", "job"))
    room.view.see(room.child("Deployment", "n-set"))
    room.view.see(room.child("Pod", "of-job", owner=("Job", "u-job")))
    room.view.see(room.child("Pod", "of-other-job", owner=("Job", "u-other")))
    room.view.see(room.child("Pod", "of-set", owner=("ReplicaSet", "set-5d9")))
    kinds = {name for kind, name in room.view.sight("e-1").children if kind == "Pod"}
    assert kinds == {"of-job", "of-set"}
    assert room.view.owner_of(room.child("Pod", "of-job", owner=("Job", "u-job"))) == "e-1"


def test_a_pod_that_outlives_its_job_is_still_a_child(room):
    room.view.see(room.experiment())
    for name, run in (
        ("first", f"demo-{names.tag('e-1')}"),
        ("second", f"demo-{names.tag('e-1', 2)}"),
        ("of-another-uid", f"demo-{names.tag('e-2')}"),
    ):
        pod = room.child("Pod", name, owner=("Job", f"u-job-of-{name}"))
        pod["metadata"]["labels"][names.RUN_LABEL] = run
        room.view.see(pod)
    assert {name for _, name in room.view.sight("e-1").children} == {"first", "second"}


def test_experiment_on_its_way_out_is_not_looked_at(room):
    body = room.experiment()
    body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    room.view.see(body)
    assert room.view.sight("e-1") is None


def test_missing_once_may_be_new_missing_twice_is_gone(room):
    room.view.see(room.experiment())
    room.view.see(room.child("Pod", "a"), watched=True)
    assert room.view.compare(POD, "lab", []).concerned == set()
    assert room.view.compare(POD, "lab", []).concerned == {"e-1"}
    assert room.view.sight("e-1").children == {}


def test_seen_again_between_two_listings_is_not_gone(room):
    room.view.see(room.experiment())
    pod = room.child("Pod", "a")
    room.view.see(pod, watched=True)
    room.view.compare(POD, "lab", [])
    room.view.compare(POD, "lab", [pod])
    assert room.view.compare(POD, "lab", []).concerned == set()


def test_listing_of_one_namespace_says_nothing_of_another(room):
    room.view.see(room.experiment())
    room.view.see(room.child("Pod", "a"), watched=True)
    for _ in range(3):
        assert room.view.compare(POD, "elsewhere", []).concerned == set()


def test_kinds_that_are_not_watched_come_from_listings_without_their_contents(room):
    room.view.see(room.experiment())
    body = room.child("Service", "s", spec={"ports": []})
    assert room.view.compare(SERVICE, None, [body]).concerned == {"e-1"}
    assert room.view.compare(SERVICE, None, [body]).concerned == set()
    assert "spec" not in room.view.sight("e-1").children["Service", "s"]


def test_the_recorded_plan_is_kept_whole(room):
    plan = room.child("ConfigMap", "demo-plan", data={"plan.json": "{}"})
    plan["metadata"]["labels"][resources.COMPONENT_LABEL] = "plan"
    room.view.see(room.experiment())
    room.view.see(plan)
    room.view.see(room.child("ConfigMap", "demo-units", data={"x": "y"}))
    children = room.view.sight("e-1").children
    assert children["ConfigMap", "demo-plan"]["data"] == {"plan.json": "{}"}
    assert "data" not in children["ConfigMap", "demo-units"]


def test_a_change_that_the_watch_did_not_bring_is_seen(room):
    room.view.see(room.experiment())
    room.view.see(room.child("Pod", "a", version=5), watched=True)
    newer = room.child("Pod", "a", version=6)
    assert room.view.compare(POD, None, [newer]).behind == {("u-a", 6)}
    room.view.see(newer)
    assert room.view.compare(POD, None, [newer]).behind == {("u-a", 6)}, "our own write is no watch"
    room.view.see(newer, watched=True)
    assert room.view.compare(POD, None, [newer]).behind == set()


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1)], ids=str)
@pytest.mark.parametrize("watched", [0, 1], ids=["pruned by the watch", "pruned by the answer"])
def test_of_one_version_that_is_shown_twice_the_fuller_counts(room, order, watched):
    pruned = room.experiment(version=7)
    whole = {**pruned, "spec": {**pruned["spec"], "tomorrow": 3}}
    for turn in order:
        room.view.see((pruned, whole)[turn], watched=turn == watched)
    assert room.view.experiment("e-1")["spec"]["tomorrow"] == 3
    assert not room.view.see(whole)
    assert not room.view.see(pruned)


def test_warnings_reach_the_decision_of_their_experiment_and_are_bounded(room):
    room.view.see(room.experiment())
    room.view.see(room.child("Job", "job"))
    warning = decide.Refusal("Job", "job", "FailedCreate", "exceeded quota", 1)
    room.view.warn("u-job", warning)
    sight = room.view.sight("e-1")
    assert room.view.observed(sight, ()).warnings == (warning,)
    for number in range(views.WARNINGS_MAX):
        room.view.warn(f"u-{number}", warning)
    assert room.view.observed(sight, ()).warnings == ()
