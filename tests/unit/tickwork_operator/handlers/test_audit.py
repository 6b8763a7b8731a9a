"""Listings tell what the watches did not."""

import asyncio

from tickwork_operator import resources
from tickwork_operator.handlers import audit as audits

from tickwork import errors


def test_first_audit_brings_what_is_not_watched_and_the_plan_whole(room):
    room.view.see(room.experiment(), watched=True)
    room.api.put(room.experiment())
    room.api.put(room.child("Service", "s"))
    plan = room.child("ConfigMap", "p", data={"plan.json": "{}"})
    plan["metadata"]["labels"][resources.COMPONENT_LABEL] = "plan"
    room.api.put(plan)
    audit = audits.Audit(room.means, lambda: room.now)
    assert audit.blind() is not None
    assert asyncio.run(audit.audit())
    assert audit.blind() is None
    children = room.view.sight("e-1").children
    assert set(children) == {("Service", "s"), ("ConfigMap", "p")}
    assert children["ConfigMap", "p"]["data"] == {"plan.json": "{}"}
    asyncio.run(audit.audit())
    assert [call for call in room.api.calls if call[0] == "read"] == [("read", "ConfigMap", "p")]


def test_a_watch_that_is_silent_too_long_asks_for_a_restart(room):
    audit = audits.Audit(room.means, lambda: room.now)
    asyncio.run(audit.audit())
    room.api.put(room.experiment())
    asyncio.run(audit.audit())
    assert audit.mute() is None, "the watch may be about to tell"
    room.now += audits.SILENCE_NS_MAX + 1
    asyncio.run(audit.audit())
    assert "silent" in audit.mute()
    for body in room.api.objects.values():
        room.view.see(body, watched=True)
    asyncio.run(audit.audit())
    assert audit.mute() is None


def test_an_api_server_away_makes_blind_but_no_restart(room):
    audit = audits.Audit(room.means, lambda: room.now)
    asyncio.run(audit.audit())
    room.now += audits.AGE_NS_MAX + 1
    room.api.refusals = [("list", errors.ClusterError("GET", 0, "Unreachable", "refused"))]
    assert not asyncio.run(audit.audit())
    assert "refused" in audit.blind()
    assert audit.mute() is None


def test_an_audit_that_hangs_asks_for_a_restart(room):
    audit = audits.Audit(room.means, lambda: room.now)
    room.now += audits.AGE_NS_MAX + 1
    assert audit.mute() is not None
