import asyncio

import pytest
from tickwork_proto.v1 import control_pb2 as messages

from tickwork import clock
from tickwork.conductor import channel

UNIX_NS = 1_700_000_000_000_000_000
PAUSE_NS = 700_000_000


class Paused(channel.UnitChannel):
    """The channel of a unit on this machine, whose process stands still after its nth look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
        self.now_ns = 0
        self.looks_left = looks
        monkeypatch.setattr(clock, "now_mono_ns", self.look)
        monkeypatch.setattr(clock, "now_unix_ns", lambda: UNIX_NS + self.look())

    def look(self) -> int:
        seen_ns = self.now_ns
        self.looks_left -= 1
        self.now_ns += 1_000 if self.looks_left else PAUSE_NS
        return seen_ns

    async def describe(self) -> messages.Description:
        self.now_ns += 10_000
        return messages.Description(at_unix_ns=UNIX_NS + self.now_ns)


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_an_offset_is_within_its_bound_wherever_the_comparison_pauses(
    monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    seen = asyncio.run(Paused(monkeypatch, looks).measure_clock())
    assert abs(seen.offset_ns) <= seen.bound_ns + 1
    assert seen.bound_ns < channel.CLOCK_BOUND_NS_GOOD, "the quickest of a few counts"
