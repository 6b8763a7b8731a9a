import pytest

from tickwork import clock, errors
from tickwork.conductor import far


@pytest.fixture
def now(monkeypatch):
    at = [0]
    monkeypatch.setattr(clock, "now_mono_ns", lambda: at[0])
    return at


def fleet(targets=("g/a", "g/b")) -> far.FarFleet:
    return far.FarFleet(
        ["g/a", "g/b"],
        dict.fromkeys(targets, "host:1"),
        None,
        patience_ns=7,
        away_ns_max=5_000_000_000,
        interrupted=lambda: False,
    )


def test_a_unit_ends_by_silence_after_it_was_heard(now) -> None:
    made = fleet()
    now[0] = 100_000_000_000
    assert made.ending("g/a") is None
    made.heard("g/a", 1)
    now[0] += 5_000_000_000
    assert made.ending("g/a") is None
    now[0] += 1_000_000_000
    assert made.ending("g/a") == "no answer for 6 s"
    made.heard("g/a", 2)
    assert made.ending("g/a") is None


def test_the_incarnation_is_what_the_unit_said_last(now) -> None:
    made = fleet()
    assert made.incarnation("g/a") == 0
    made.heard("g/a", 3)
    assert made.incarnation("g/a") == 3


def test_a_unit_without_address_is_named() -> None:
    with pytest.raises(errors.InputError, match="no address was given for g/b"):
        fleet(targets=("g/a",))


def test_units_that_may_be_restarted_may_be_away_longer() -> None:
    assert far.away_ns_max("onFailure") > far.away_ns_max("never")
