"""The limits that a control group sets on this process, of version 1 or 2, and what they cost.

A container sees its own group at the root of ``/sys/fs/cgroup``; elsewhere the path in
``/proc/self/cgroup`` leads to it, and every group above it may set a tighter limit.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator
from typing import Literal, TypeVar

QosClass = Literal["guaranteed", "burstable", "bestEffort"]
Version = Literal["v1", "v2"]
Limit = TypeVar("Limit", int, float)
Parsed = TypeVar("Parsed")

CGROUP = pathlib.Path("/sys/fs/cgroup")
PROC = pathlib.Path("/proc/self")
# Version 1 says "no limit" as the largest multiple of a page.
UNLIMITED_BYTES = 1 << 60
# How the kubelet marks containers for the kernel's out-of-memory killer.
GUARANTEED_SCORE_MAX = -997
BEST_EFFORT_SCORE = 1000


@dataclasses.dataclass(frozen=True)
class Limits:
    """What binds this process; a limit that is not set is None."""

    version: Version | None
    cpu_quota: float | None
    memory_bytes_max: int | None


@dataclasses.dataclass(frozen=True)
class Throttling:
    """How often the quota of CPU time ended a period early, and for how long, since ever."""

    periods: int
    throttled: int
    throttled_ns: int


def read_limits(cgroup: pathlib.Path = CGROUP, proc: pathlib.Path = PROC) -> Limits:
    """Returns the tightest limits of this process' group and of those above it."""
    if (cgroup / "cgroup.controllers").exists():
        groups = list(_groups(cgroup, proc, ""))
        return Limits(
            "v2",
            _tightest(_read(each / "cpu.max", parse_cpu_max) for each in groups),
            _tightest(_read(each / "memory.max", parse_memory_max) for each in groups),
        )
    cpu, memory = (list(_groups(cgroup / each, proc, each)) for each in ("cpu", "memory"))
    found = any(each.exists() for each in (*cpu, *memory))
    return Limits(
        "v1" if found else None,
        _tightest(_read_quota_v1(each) for each in cpu),
        _tightest(_read(each / "memory.limit_in_bytes", parse_memory_max) for each in memory),
    )


def read_throttling(cgroup: pathlib.Path = CGROUP, proc: pathlib.Path = PROC) -> Throttling | None:
    """Returns what the quota of this process' own group did; None where nobody counts it."""
    version_2 = (cgroup / "cgroup.controllers").exists()
    groups = _groups(cgroup, proc, "") if version_2 else _groups(cgroup / "cpu", proc, "cpu")
    return _read(next(groups) / "cpu.stat", parse_cpu_stat)


def read_qos(proc: pathlib.Path = PROC) -> QosClass | None:
    """Returns the quality of service of this process' pod; None where it is in none, or unknown.

    The path of its group tells it; a container that may not see the path has the score that the
    kubelet gave it.
    """
    path = _read(proc / "cgroup", str) or ""
    if "kubepods" in path:
        named: tuple[QosClass, ...] = ("burstable", "bestEffort")
        return next((each for each in named if each.lower() in path), "guaranteed")
    score = _read(proc / "oom_score_adj", int)
    if score is None or score == 0:
        return None
    if score <= GUARANTEED_SCORE_MAX:
        return "guaranteed"
    return "bestEffort" if score == BEST_EFFORT_SCORE else "burstable"


def parse_cpu_max(text: str) -> float | None:
    """Returns the CPUs that ``cpu.max`` allows (quota / period), None where unlimited."""
    quota, period = text.split()
    return None if quota == "max" else int(quota) / int(period)


def parse_memory_max(text: str) -> int | None:
    """Returns the bytes that a limit of memory allows, None where unlimited."""
    if text == "max" or int(text) >= UNLIMITED_BYTES:
        return None
    return int(text)


def parse_cpu_stat(text: str) -> Throttling | None:
    """Returns the counters of a ``cpu.stat``: microseconds in version 2, nanoseconds in 1."""
    said = dict(line.split() for line in text.splitlines())
    if "nr_throttled" not in said:
        return None
    micro = int(said.get("throttled_usec", 0))
    nano = int(said.get("throttled_time", 1000 * micro))
    return Throttling(int(said["nr_periods"]), int(said["nr_throttled"]), nano)


def _read_quota_v1(group: pathlib.Path) -> float | None:
    quota = _read(group / "cpu.cfs_quota_us", int)
    period = _read(group / "cpu.cfs_period_us", int)
    if quota is None or period is None or quota < 0:
        return None
    return quota / period


def _groups(mount: pathlib.Path, proc: pathlib.Path, controller: str) -> Iterator[pathlib.Path]:
    """Yields this process' group below ``mount`` and those above it, the own one first."""
    own = mount / _path_of(_read(proc / "cgroup", str) or "", controller).lstrip("/")
    if own.is_dir() and own != mount:
        yield own
        yield from (each for each in own.parents if each.is_relative_to(mount))
    else:
        yield mount


def _path_of(text: str, controller: str) -> str:
    """Returns the path of the line of ``controller`` in ``/proc/self/cgroup``; "" is version 2."""
    for line in text.splitlines():
        _, names, path = line.split(":", maxsplit=2)
        if controller in names.split(","):
            return path
    return "/"


def _read(path: pathlib.Path, parse: Callable[[str], Parsed | None]) -> Parsed | None:
    """Returns what ``parse`` makes of a file; None where the file is absent."""
    try:
        return parse(path.read_text().strip())
    except OSError:
        return None


def _tightest(limits: Iterator[Limit | None]) -> Limit | None:
    return min((each for each in limits if each is not None), default=None)
