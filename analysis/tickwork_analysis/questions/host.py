"""On what was measured: machine, clock, build, and what limits the figures."""

from typing import Any

from tickwork_analysis import read, results


def answer(run: read.Run) -> results.Host:
    """Returns what units said of their host; where they differ, the worst is told."""
    said = [unit.last["host"] for unit in run.units() if unit.last.get("host")]
    wait = _one(said, "wait")
    if wait is None:
        wait = next((str(spec["wait"]) for spec in run.specs.values() if "wait" in spec), None)
    bounds = [each["fastClockBoundNs"] for each in said if each.get("fastClockBoundNs") is not None]
    cpus = _one(said, "cpus")
    return results.Host(
        cpus=None if cpus is None else int(cpus),
        clock_source=_one(said, "clockSource"),
        fast_clock_bound_ns=max(bounds, default=None),
        wait=wait,
        limit="wake-up" if wait in {"park", "await"} else "work",
        kernel=_one(said, "kernel"),
        build=_one(said, "build"),
        cgroup=_one(said, "cgroup"),
        qos_class=_one(said, "qosClass"),
        affinity_exclusive=_all(said, "affinityExclusive"),
        cpu_quota=min(_numbers(said, "cpuQuota"), default=None),
        memory_bytes_max=min(map(int, _numbers(said, "memoryBytesMax")), default=None),
        cpu_throttled_ns=_throttled_ns(run),
        secured=run.conductor.get("secured"),
    )


def _numbers(said: list[dict[str, Any]], key: str) -> list[float]:
    return [each[key] for each in said if each.get(key) is not None]


def _all(said: list[dict[str, Any]], key: str) -> bool | None:
    """Returns whether all units told yes; None where none told anything."""
    told = [bool(each[key]) for each in said if each.get(key) is not None]
    return all(told) if told else None


def _throttled_ns(run: read.Run) -> int | None:
    """Returns for how long a quota of CPU time stopped units, all together."""
    told = [unit.last.get("process", {}).get("cpuThrottledNs") for unit in run.units()]
    known = [int(each) for each in told if each is not None]
    return sum(known) if known else None


def _one(said: list[dict[str, Any]], key: str) -> str | None:
    """Returns the value that all units told, or all different ones joined by ``, ``."""
    values = dict.fromkeys(str(each[key]) for each in said if each.get(key) not in {None, ""})
    return ", ".join(values) if values else None
