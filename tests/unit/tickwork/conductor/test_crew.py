import asyncio
import json
import types

import pytest
from tickwork_proto.v1 import control_pb2 as messages

from tickwork.conductor import channel, crew

FAILED = json.dumps(
    {
        "event": "failed",
        "error": "PortTakenError",
        "text": "Metrics cannot listen on 127.0.0.1:5.",
        "remedy": "Choose another port.",
    }
)


def test_last_words_are_the_failure_that_was_logged_last() -> None:
    lines = (json.dumps({"event": "ready"}), FAILED, "no JSON at all", '"text"')
    said = crew.last_words("g/u", lines)
    assert said is not None
    assert (said.unit, said.error, said.exit_code) == ("g/u", "PortTakenError", 5)
    assert said.remedy == "Choose another port."
    assert said.last_lines == lines


def test_who_said_nothing_has_no_last_words() -> None:
    assert crew.last_words("g/u", ("Traceback", json.dumps({"event": "ready"}))) is None
    assert crew.last_words("g/u", ()) is None


def test_words_of_an_earlier_incarnation_do_not_count() -> None:
    assert crew.last_words("g/u", (FAILED, json.dumps({"event": "started"}))) is None


class Told:
    """The channel of a unit that is scraped once a look; the numbers run out at the last."""

    def __init__(self, *scrapes: int | None) -> None:
        self.left = list(scrapes)

    async def describe(self) -> messages.Description:
        now = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if now is None:
            raise channel.AwayError("The unit is away.")
        return messages.Description(scrapes=now)


def looks_of(hold_ms: int, **channels: Told) -> dict[str, int]:
    """Holds units and returns how many answers of each were not asked for."""
    held = crew.Crew.__new__(crew.Crew)
    held.members = {name: types.SimpleNamespace(channel=each) for name, each in channels.items()}
    asyncio.run(held.hold(hold_ms))
    return {name: len(each.left) for name, each in channels.items()}


def test_units_are_held_until_each_was_scraped_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "RETRY_SECONDS", 0.001)
    left = looks_of(60_000, a=Told(3, 3, 4, 5, 6), b=Told(7, 8, 9, 9, 9))
    assert left == {"a": 2, "b": 2}


def test_a_unit_that_is_away_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "RETRY_SECONDS", 0.001)
    assert looks_of(60_000, a=Told(0, 1, 1), b=Told(None), c=Told(2, None, None)) == {
        "a": 1,
        "b": 1,
        "c": 1,
    }


def test_units_that_nobody_scrapes_are_held_no_longer_than_asked() -> None:
    assert looks_of(1, a=Told(0)) == {"a": 1}
