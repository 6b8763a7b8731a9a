"""When did the run begin, when did its Blocks, and which faults were injected at what moment?

Every moment of a report is in seconds since the start instant of the first Block.
"""

import dataclasses
from typing import Any

from tickwork_analysis import read


@dataclasses.dataclass(frozen=True)
class Span:
    """One Block from its start instant to its stop, in seconds since the run's start."""

    label: str
    arm: str
    start_s: float
    measure_from_s: float
    stop_s: float


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault that a twin injected; ``instrument`` is None where it met all."""

    at_s: float
    block: str
    kind: str
    instrument: str | None
    events: int
    lines: int


def origin_unix_ns(run: read.Run) -> int:
    """Returns the start instant of the first Block."""
    return min((_instants(run, block)[0] for block in run.blocks), default=0)


def spans(run: read.Run) -> list[Span]:
    """Returns every Block's span, in the order in which they ran."""
    origin = origin_unix_ns(run)
    found = []
    for block in run.blocks:
        start, measured, stop = (each - origin for each in _instants(run, block))
        found.append(Span(block.label, block.arm, start / 1e9, measured / 1e9, stop / 1e9))
    return found


def _instants(run: read.Run, block: read.Block) -> tuple[int, int, int]:
    """Returns start, measure-from and stop: the Conductor's, else what the units noted."""
    blocks: list[dict[str, Any]] = run.conductor.get("blocks", [])
    told = next((each for each in blocks if each.get("label") == block.label), {})
    noted = [unit.last["measured"] for unit in block.units if unit.last.get("measured")]
    start = told.get("startUnixNs") or min((each["startUnixNs"] for each in noted), default=0)
    measured = told.get("measureFromUnixNs") or min(
        (each["measureFromUnixNs"] for each in noted), default=start
    )
    seen = max((each["stopUnixNs"] for each in noted), default=start)
    return start, measured, min(told.get("stopUnixNs") or seen, seen)


def faults(run: read.Run) -> list[Fault]:
    """Returns every fault that was injected, in the order of time."""
    origin = origin_unix_ns(run)
    found = [
        Fault(
            at_s=(int(each["injectedUnixNs"]) - origin) / 1e9,
            block=block.label,
            kind=str(each["kind"]),
            instrument=each.get("instrument"),
            events=int(each.get("events", 0)),
            lines=int(each.get("lines", 0)),
        )
        for block in run.blocks
        for _, twin in block.of_kind("venue_twin")
        for each in twin.facts.get("faults", [])
        if each.get("injectedUnixNs")
    ]
    return sorted(found, key=lambda fault: fault.at_s)
