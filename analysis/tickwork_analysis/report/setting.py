"""Section: on what was measured, how, and where the numbers lie."""

from typing import Any

from tickwork_analysis import read, results
from tickwork_analysis.report import measure, opening, page, tables

UNKNOWN = "not said by any unit"
SECURED = "mutual TLS on Control and on tcp links; the venue's own protocol is plain"
PLAIN = "plaintext: Control and links between Groups are open to whoever reaches them"


def render(run: read.Run, told: results.Results) -> page.Section:
    """Returns host facts, what limits the run, and how to make the report again."""
    return page.Section(
        "setting",
        "On what was it measured?",
        tables.facts(host_facts(run, told)) + _counters(told),
    )


def host_facts(run: read.Run, told: results.Results) -> list[tuple[str, str]]:
    """Returns what a reader must know to judge the figures, by name."""
    host = told.host
    bound = host.fast_clock_bound_ns
    return [
        ("What limits it", opening.limit(host)),
        ("Machine", f"{host.cpus or '?'} CPUs, kernel {host.kernel or UNKNOWN}"),
        *_limits(host),
        *_secured(host),
        ("Clock", f"{host.clock_source or UNKNOWN}, each stamp within {measure.in_time(bound)}"),
        ("Readers wait by", host.wait or UNKNOWN),
        ("Build", host.build or UNKNOWN),
        ("Seed", str(run.plan.get("seed", UNKNOWN))),
        ("Start skew", _skew(run.conductor)),
        ("Processes", _processes(run)),
        ("Run directory", run.directory.root.resolve().name),
    ]


def _limits(host: results.Host) -> list[tuple[str, str]]:
    """Returns what a cluster set around the units; nothing where they ran on a bare machine."""
    if host.qos_class is None:
        return []
    quota = "no CPU quota" if host.cpu_quota is None else f"at most {host.cpu_quota:g} CPUs each"
    memory = measure.in_bytes(host.memory_bytes_max) if host.memory_bytes_max else "no limit"
    own = "CPUs of their own" if host.affinity_exclusive else "CPUs shared with others"
    throttled = measure.in_time(host.cpu_throttled_ns or 0)
    return [
        ("Pods", f"{host.qos_class}, {own}, {quota}, memory {memory}; cgroup {host.cgroup}"),
        ("Throttled", f"{throttled} in all, by the CPU quota"),
    ]


def _secured(host: results.Host) -> list[tuple[str, str]]:
    """Returns how Groups speak with each other; nothing where they share a machine."""
    if host.secured is None:
        return []
    return [("Between Groups", SECURED if host.secured else PLAIN)]


def _skew(conductor: Any) -> str:
    skews = [each["skewNs"] for each in conductor.get("blocks", []) if each.get("skewNs")]
    if not skews:
        return UNKNOWN
    return f"units began within {measure.in_time(max(skews))} of each other"


def _processes(run: read.Run) -> str:
    """Returns how many units ran, and the CPU time and memory that they used."""
    last = [unit.last["process"] for unit in run.units() if unit.last.get("process")]
    cpu_s = sum(each.get("cpuSeconds", 0) for each in last)
    most = max((each.get("rssAnonBytes", 0) for each in last), default=0)
    return (
        f"{len(run.specs)} units, {cpu_s:.1f} CPU seconds in all, at most "
        f"{measure.in_bytes(most)} of own memory each"
    )


def _counters(told: results.Results) -> str:
    rows = [(name, measure.in_count(value)) for name, value in told.counters.items()]
    if not rows:
        return ""
    table = tables.table(("counter", "value"), rows, css="narrow")
    return f"<details><summary>All {len(rows)} counters that are not 0</summary>{table}</details>"
