"""Control's only caller of time.

Instants are handed on; nobody else in ``tickwork``, the CLI or the analysis asks a clock.
"""

import time


def now_unix_ns() -> int:
    """Returns Unix time in nanoseconds; for instants that two machines must agree on."""
    return time.time_ns()


def now_mono_ns() -> int:
    """Returns CLOCK_MONOTONIC_RAW in nanoseconds; for stamps that are subtracted."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def sleep(duration_ns: int) -> None:
    """Blocks the calling thread for ``duration_ns``; a negative duration returns at once."""
    if duration_ns > 0:
        time.sleep(duration_ns / 1e9)


def utc_stamp(unix_ns: int) -> str:
    """Returns ``unix_ns`` as ``YYYYMMDDTHHMMSSZ``, the form that names run directories."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(unix_ns // 1_000_000_000))
