"""Section: on what was measured, how, and where the numbers lie."""

from typing import Any

from tickwork_analysis import read, results
from tickwork_analysis.report import measure, opening, page, tables

UNKNOWN = "not said by any unit"


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
        ("Clock", f"{host.clock_source or UNKNOWN}, each stamp within {measure.in_time(bound)}"),
        ("Readers wait by", host.wait or UNKNOWN),
        ("Build", host.build or UNKNOWN),
        ("Seed", str(run.plan.get("seed", UNKNOWN))),
        ("Start skew", _skew(run.conductor)),
        ("Processes", _processes(run)),
        ("Run directory", run.directory.root.resolve().name),
    ]


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
