"""The data plane's only caller of time.

Every stamp that is subtracted comes from CLOCK_MONOTONIC_RAW of one boot id. Unix time is used at
edges only, through a map that was measured once and states its bound.
"""

import asyncio
import dataclasses
import time


def now_mono_ns() -> int:
    """Returns CLOCK_MONOTONIC_RAW in nanoseconds."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def now_unix_ns() -> int:
    """Returns Unix time in nanoseconds; for edges only, never subtracted from a mono stamp."""
    return time.time_ns()


def sleep(duration_ns: int) -> None:
    """Blocks the calling thread for ``duration_ns``; a negative duration returns at once."""
    if duration_ns > 0:
        time.sleep(duration_ns / 1e9)


def sleep_until_exactly(mono_ns: int) -> None:
    """Blocks the calling thread until ``mono_ns``, as exactly as the kernel wakes it."""
    while (rest_ns := mono_ns - now_mono_ns()) > 0:
        sleep(rest_ns)


async def sleep_until(mono_ns: int) -> None:
    """Waits in the event loop until ``mono_ns``; an instant that has passed yields once."""
    await asyncio.sleep(max(0, mono_ns - now_mono_ns()) / 1e9)


@dataclasses.dataclass(frozen=True)
class UnixMap:
    """The offset between Unix time and CLOCK_MONOTONIC_RAW, with its guaranteed bound.

    ``unix = mono + offset_ns``, wrong by at most ``bound_ns`` at the instant of measuring; the two
    clocks drift apart afterwards, so long-lived processes measure again.
    """

    offset_ns: int
    bound_ns: int
    measured_ns: int

    def to_unix_ns(self, mono_ns: int) -> int:
        """Returns the Unix time of ``mono_ns``."""
        return mono_ns + self.offset_ns

    def to_mono_ns(self, unix_ns: int) -> int:
        """Returns the mono stamp of ``unix_ns``."""
        return unix_ns - self.offset_ns


def measure_unix_map(rounds: int = 16) -> UnixMap:
    """Reads mono, Unix, mono ``rounds`` times and keeps the tightest pair.

    The bound is half the distance of the two mono readings around the Unix one, rounded up.
    """
    best = _measure_once()
    for _ in range(rounds - 1):
        best = min(best, _measure_once(), key=lambda each: each.bound_ns)
    return best


def _measure_once() -> UnixMap:
    before_ns = now_mono_ns()
    unix_ns = now_unix_ns()
    after_ns = now_mono_ns()
    middle_ns = (before_ns + after_ns) // 2
    return UnixMap(unix_ns - middle_ns, (after_ns - before_ns + 1) // 2, after_ns)
