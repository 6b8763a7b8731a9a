"""The schedule: what is due, on which messages, how often, and what is reported."""

from typing import Any

from tickwork_services.components.venue_twin import faults

from tickwork.unit.settings import venue_twin

INSTRUMENTS = ("BTCUSDT", "ETHUSDT")


def _schedule(*planned: dict[str, Any]) -> faults.Schedule:
    return faults.Schedule([venue_twin.Fault(**each) for each in planned], INSTRUMENTS)


def test_faults_are_armed_in_order_of_their_instants() -> None:
    schedule = _schedule(
        {"at_seconds": 2, "kind": "stall"},
        {"at_seconds": 1, "kind": "drop", "instrument": "ETHUSDT"},
        {"at_seconds": 2, "kind": "slowSnapshot"},
    )
    assert schedule.next_ns == 1_000_000_000
    assert schedule.advance(1_999_999_999) == []
    assert set(schedule.on_messages) == {1}
    (at_once,) = schedule.advance(2_000_000_000)
    assert at_once.fault.kind == "stall"
    assert [each.fault.kind for each in schedule.on_rest] == ["slowSnapshot"]
    assert schedule.next_ns is None


def test_fault_waits_for_the_messages_before_it_but_not_for_ever() -> None:
    schedule = _schedule({"at_seconds": 1, "kind": "stall"})
    assert not schedule.strikes(999_999_999, caught_up=True)
    assert schedule.strikes(1_000_000_000, caught_up=True)
    assert not schedule.strikes(1_250_000_000, caught_up=False)
    assert schedule.strikes(1_250_000_001, caught_up=False)
    schedule.advance(1_000_000_000)
    assert not schedule.strikes(9_000_000_000, caught_up=True)


def test_message_fault_strikes_so_often_and_then_the_next_one() -> None:
    schedule = _schedule(
        {"at_seconds": 0, "kind": "drop", "instrument": "BTCUSDT", "count": 2},
        {"at_seconds": 0, "kind": "delay", "instrument": "BTCUSDT"},
    )
    schedule.advance(0)
    struck = []
    while (injection := schedule.take_message_fault(0)) is not None:
        injection.note(17, 1, len(struck))
        struck.append(injection.fault.kind)
    assert struck == ["drop", "drop", "delay"]
    assert schedule.on_messages == {}
    assert schedule.counters() == {"injectedFaults": 2, "injectedEvents": 3}


def test_fault_without_instrument_waits_for_any() -> None:
    schedule = _schedule({"at_seconds": 0, "kind": "malformed"})
    schedule.advance(0)
    injection = schedule.take_message_fault(1)
    assert injection is not None
    injection.note(1, 2, 5)
    assert schedule.take_message_fault(0) is None


def test_rest_fault_concerns_its_symbol_only() -> None:
    schedule = _schedule(
        {"at_seconds": 0, "kind": "staleSnapshot", "instrument": "ETHUSDT"},
        {"at_seconds": 0, "kind": "rateLimit"},
    )
    schedule.advance(0)
    kinds = ("staleSnapshot", "slowSnapshot")
    assert schedule.take_rest_fault(kinds, "BTCUSDT") is None
    found = schedule.take_rest_fault(kinds, "ETHUSDT")
    assert found is not None
    found.note(1, 0, 9)
    assert schedule.take_rest_fault(kinds, "ETHUSDT") is None
    assert schedule.take_rest_fault(("rateLimit",), None) is not None


def test_reordering_takes_two_messages_at_least() -> None:
    schedule = _schedule({"at_seconds": 0, "kind": "reorder", "count": 1})
    assert schedule.injections[0].left == 2


def test_fact_names_what_was_hit_and_what_never_struck() -> None:
    schedule = _schedule(
        {"at_seconds": 0, "kind": "drop", "count": 3}, {"at_seconds": 1, "kind": "stall"}
    )
    schedule.advance(0)
    for update_id in (4, 5, 6):
        injection = schedule.take_message_fault(0)
        assert injection is not None
        injection.note(100 + update_id, 2, update_id)
    first, second = (injection.fact() for injection in schedule.injections)
    assert first == {
        "kind": "drop",
        "instrument": None,
        "atSeconds": 0.0,
        "injectedUnixNs": 104,
        "events": 3,
        "lines": 2,
        "updateIds": [4, 5, 6],
    }
    assert second["injectedUnixNs"] is None
