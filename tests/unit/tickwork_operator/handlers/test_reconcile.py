"""Decisions carried out: in order, safe to repeat, refusals kept, nothing of others touched."""

import asyncio

import pytest
from tickwork_operator import decide
from tickwork_operator.handlers import reconcile

from tickwork import errors

DONE = {"phase": "Running"}


def steps(room, *decisions):
    """A reconciler that takes ``decisions`` in order, the last for ever; and what it saw."""
    seen = []

    def choose(_experiment, observed, _now, _options):
        seen.append(observed)
        return decisions[min(len(seen), len(decisions)) - 1]

    return reconcile.Reconciler(room.means, lambda: room.now, choose), seen


def begin(room, **more):
    body = room.experiment(**more)
    room.api.objects["Experiment", "lab", "demo"] = body
    room.view.see(body)
    return body


def run(reconciler, uid="e-1"):
    return asyncio.run(reconciler.reconcile(uid))


def test_status_first_then_events_then_objects_in_order(room):
    begin(room)
    pods = (room.wanted("ConfigMap", "plan"), room.wanted("Pod", "a"))
    event = decide.Event("Normal", "Planned", "two pods")
    first = decide.Decision(status=DONE, apply=pods, events=(event,))
    reconciler, seen = steps(room, first, decide.Decision(status=DONE))
    assert run(reconciler) == "changed"
    verbs = [(verb, kind) for verb, kind, _ in room.api.calls]
    assert verbs == [
        ("status", "Experiment"),
        ("create", "Event"),
        ("create", "ConfigMap"),
        ("create", "Pod"),
    ]
    assert set(seen[1].children) == {("ConfigMap", "plan"), ("Pod", "a")}, "reads its own writes"


def test_at_rest_nothing_is_written(room):
    begin(room, status={**DONE, "progress": {"percent": 3}})
    reconciler, _ = steps(room, decide.Decision(status=DONE))
    assert run(reconciler) == "unchanged"
    assert room.api.calls == []


def test_an_object_that_is_ours_already_is_adopted(room):
    begin(room, status=DONE)
    room.api.put(room.wanted("Pod", "a"))
    reconciler, seen = steps(
        room, decide.Decision(status=DONE, apply=(room.wanted("Pod", "a"),)), decide.Decision(DONE)
    )
    assert run(reconciler) == "changed"
    assert ("Pod", "a") in seen[1].children
    assert ("apply", "Pod", "a") not in room.api.calls


def test_an_object_of_another_is_left_alone(room):
    begin(room, status=DONE)
    room.api.put(room.child("Pod", "a", owner=("Experiment", "e-0")))
    decision = decide.Decision(status=DONE, apply=(room.wanted("Pod", "a"),))
    reconciler, seen = steps(room, decision)
    run(reconciler)
    assert seen[-1].refused[0].reason == "NameTaken"
    assert "delete it" in seen[-1].refused[0].message
    assert [verb for verb, _, _ in room.api.calls] == ["create", "read"]


def quota() -> errors.ClusterError:
    return errors.ClusterError("POST pods", 403, "Forbidden", "exceeded quota: small, requested: 1")


def test_a_refusal_is_told_to_the_next_decision_and_tried_again_later(room):
    begin(room, status=DONE)
    room.api.refusals = [("create Pod", quota()), ("create Pod", quota())]
    pods = (room.wanted("Pod", "a"), room.wanted("Pod", "b"))
    reconciler, seen = steps(room, decide.Decision(status=DONE, apply=pods))
    assert run(reconciler) == "changed"
    assert seen[1].refused[0].reason == "QuotaExceeded"
    assert room.api.calls == [("create", "Pod", "a")], "stops at the first refusal"
    due = room.deadlines.next_unix_ns()
    assert room.now < due <= room.now + reconcile.BACK_OFF_NS_MAX
    run(reconciler)
    assert len(room.api.calls) == 1, "not before its time"
    room.now = due
    run(reconciler)
    assert room.deadlines.next_unix_ns() - room.now > due - 1_000_000_000_000, "waits longer"
    room.now = room.deadlines.next_unix_ns()
    run(reconciler)
    assert ("Pod", "lab", "b") in room.api.objects
    assert seen[-1].refused == ()


def test_back_off_ends_when_the_refusals_end(room):
    begin(room, status=DONE)
    room.api.refusals = [("create Pod", quota())]
    one = decide.Decision(status=DONE, apply=(room.wanted("Pod", "a"),))
    reconciler, _ = steps(room, one, one, one, decide.Decision(DONE))
    run(reconciler)
    room.now = room.deadlines.next_unix_ns()
    run(reconciler)
    assert room.deadlines.next_unix_ns() is None


def test_a_refusal_of_what_is_no_longer_wanted_is_forgotten(room):
    begin(room, status=DONE)
    room.api.refusals = [("create Pod", quota())]
    one = decide.Decision(status=DONE, apply=(room.wanted("Pod", "a"),))
    reconciler, seen = steps(room, one, decide.Decision(status=DONE))
    run(reconciler)
    assert seen[1].refused
    assert room.deadlines.next_unix_ns() is None, "else it is due at once, again and again"
    run(reconciler)
    assert seen[-1].refused == ()


@pytest.mark.parametrize(
    "unsure",
    [
        errors.ClusterError("PATCH", 404, "NotJson", "404 page not found"),
        errors.ClusterError("PATCH", 409, "Conflict", "the object has been modified"),
    ],
    ids=lambda each: each.detail,
)
def test_an_answer_that_does_not_say_that_it_is_gone_drops_nothing(room, unsure):
    begin(room)
    room.api.refusals = [("status", unsure)]
    reconciler, _ = steps(room, decide.Decision(status=DONE))
    assert run(reconciler) == "failed"
    assert room.view.experiment("e-1") is not None
    assert run(reconciler) == "changed"


@pytest.mark.parametrize("reason", ["NotFound", "Conflict"])
def test_experiment_that_is_gone_without_a_word_is_dropped(room, reason):
    body = begin(room)
    if reason == "NotFound":
        room.api.objects.clear()
    else:
        room.api.objects["Experiment", "lab", "demo"] = room.experiment(uid="e-2")
    decision = decide.Decision(status=DONE, apply=(room.wanted("Pod", "a"),))
    reconciler, _ = steps(room, decision)
    run(reconciler)
    assert [verb for verb, _, _ in room.api.calls] == ["status"], "no child for what is gone"
    assert room.view.experiment(body["metadata"]["uid"]) is None


def test_an_api_that_does_not_answer_is_asked_again_ever_later(room):
    begin(room)
    away = errors.ClusterError("PATCH", 0, "Unreachable", "refused")
    reconciler, _ = steps(room, decide.Decision(status=DONE))
    waits = []
    for _ in range(10):
        room.api.refusals = [("status", away)]
        assert run(reconciler) == "failed"
        waits.append(room.deadlines.next_unix_ns() - room.now)
    assert waits == sorted(waits)
    assert waits[-1] == reconcile.BACK_OFF_NS_MAX
    assert run(reconciler) == "changed"


def test_a_decision_that_throws_is_counted_and_the_others_go_on(room):
    begin(room)

    def throw(*_):
        raise ValueError("a bug")

    reconciler = reconcile.Reconciler(room.means, lambda: room.now, throw)
    assert run(reconciler) == "failed"
    assert room.deadlines.next_unix_ns() is not None


def test_decisions_that_never_rest_are_stopped(room):
    begin(room)
    count = iter(range(1000))

    def restless(*_):
        return decide.Decision(status={"n": next(count)})

    reconciler = reconcile.Reconciler(room.means, lambda: room.now, restless)
    assert run(reconciler) == "failed"
    assert len(room.api.calls) == reconcile.ROUNDS_MAX


def test_deleting_waits_for_what_is_on_its_way_and_asks_once(room):
    begin(room, status=DONE)
    for name in ("a", "b"):
        room.view.see(room.api.put(room.child("Pod", name)))
    room.view.see(room.api.put(room.child("Service", "s")))
    del room.api.objects["Pod", "lab", "b"]
    decision = decide.Decision(status=DONE, delete=(("Pod", "a"), ("Pod", "b"), ("Service", "s")))
    later = decide.Decision(status=DONE, delete=(("Pod", "a"),))
    reconciler, seen = steps(room, decision, later)
    assert run(reconciler) == "changed"
    assert [call for call in room.api.calls if call[0] == "delete"] == [
        ("delete", "Pod", "a"),
        ("delete", "Pod", "b"),
        ("delete", "Service", "s"),
    ]
    assert list(seen[-1].children) == [("Pod", "a")]


def test_own_echo_and_percents_are_no_news_but_a_change_is(room):
    begin(room)
    reconciler, _ = steps(room, decide.Decision(status=DONE))
    assert reconciler.is_news("e-1")
    run(reconciler)
    assert not reconciler.is_news("e-1")
    progress = {"percent": 50, "phase": "measuring"}
    room.view.see(room.experiment(version=999, status={**DONE, "progress": progress}))
    assert reconciler.is_news("e-1"), "another phase"
    run(reconciler)
    progress = {"percent": 60, "phase": "measuring"}
    room.view.see(room.experiment(version=1000, status={**DONE, "progress": progress}))
    assert not reconciler.is_news("e-1")


def test_a_field_that_a_newer_definition_shows_is_news_of_the_same_generation(room):
    begin(room)
    reconciler, _ = steps(room, decide.Decision(status=DONE))
    run(reconciler)
    shown = room.view.experiment("e-1")
    assert not reconciler.is_news("e-1")
    room.view.see({**shown, "spec": {**shown["spec"], "tomorrow": 3}}, watched=True)
    assert reconciler.is_news("e-1")


def test_one_event_is_named_by_what_it_says(room):
    said = decide.Event("Warning", "QuotaExceeded", "x" * 5000)
    first = reconcile.event(room.experiment(), said, 1_000_000_000)
    again = reconcile.event(room.experiment(), said, 9_000_000_000)
    other = reconcile.event(room.experiment(uid="e-2"), said, 9_000_000_000)
    assert first["metadata"]["name"] == again["metadata"]["name"] != other["metadata"]["name"]
    assert len(first["message"]) == reconcile.EVENT_TEXT_MAX
