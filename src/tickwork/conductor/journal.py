"""What the Conductor saw, as ``conductor.json`` keeps it."""

import dataclasses
import json
import pathlib
from typing import Any

from tickwork.conductor.channel import ClockOffset
from tickwork.conductor.outcome import Failure, Outcome


@dataclasses.dataclass
class UnitSeen:
    """One unit in one block: how it started, how it stopped, what came of it."""

    incarnation: int = 0
    started_unix_ns: int = 0
    lateness_ns: int = 0
    clock_bound_ns: int = 0
    undrained: int | None = None
    files: int = 0
    size_bytes: int = 0
    partial: bool = False

    def to_json(self) -> dict[str, Any]:
        """Returns the fields in camelCase."""
        return {
            "incarnation": self.incarnation,
            "startedUnixNs": self.started_unix_ns,
            "latenessNs": self.lateness_ns,
            "clockBoundNs": self.clock_bound_ns,
            "undrained": self.undrained,
            "files": self.files,
            "sizeBytes": self.size_bytes,
            "partial": self.partial,
        }


@dataclasses.dataclass
class BlockSeen:
    """One block: its instants (Unix nanoseconds) and its units; ``complete``: run to its end."""

    label: str
    arm: str
    repeat: int
    start_unix_ns: int
    measure_from_unix_ns: int
    stop_unix_ns: int
    units: dict[str, UnitSeen] = dataclasses.field(default_factory=dict)
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        """Returns the block; ``skewNs`` is the distance of the first and the last unit's start."""
        starts = [unit.started_unix_ns for unit in self.units.values() if unit.started_unix_ns]
        bounds = [unit.clock_bound_ns for unit in self.units.values()]
        return {
            "label": self.label,
            "arm": self.arm,
            "repeat": self.repeat,
            "startUnixNs": self.start_unix_ns,
            "measureFromUnixNs": self.measure_from_unix_ns,
            "stopUnixNs": self.stop_unix_ns,
            "skewNs": max(starts) - min(starts) if starts else None,
            "latenessNsMax": max((u.lateness_ns for u in self.units.values()), default=None),
            "clockBoundNsMax": max(bounds, default=None),
            "complete": self.complete,
            "units": {name: unit.to_json() for name, unit in self.units.items()},
        }


@dataclasses.dataclass
class Restart:
    """A unit that came back: when it was started again, and how late that was."""

    unit: str
    incarnation: int
    label: str
    at_unix_ns: int

    def to_json(self) -> dict[str, Any]:
        """Returns the fields in camelCase."""
        return {
            "unit": self.unit,
            "incarnation": self.incarnation,
            "label": self.label,
            "atUnixNs": self.at_unix_ns,
        }


@dataclasses.dataclass
class Journal:
    """Everything that ``conductor.json`` says; written anew after every block."""

    experiment: str
    began_unix_ns: int
    ready_unix_ns: int | None = None
    ended_unix_ns: int | None = None
    interrupted_unix_ns: int | None = None
    blocks: list[BlockSeen] = dataclasses.field(default_factory=list)
    restarts: list[Restart] = dataclasses.field(default_factory=list)
    failures: list[Failure] = dataclasses.field(default_factory=list)
    facts: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    clocks: dict[str, ClockOffset] = dataclasses.field(default_factory=dict)
    secured: bool | None = None
    outcome: Outcome | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the whole journal; ``status`` is running until the end is known."""
        return {
            "schemaVersion": "1.0",
            "experiment": self.experiment,
            "status": self.outcome.status if self.outcome else "running",
            "exitCode": self.outcome.exit_code if self.outcome else None,
            "beganUnixNs": self.began_unix_ns,
            "readyUnixNs": self.ready_unix_ns,
            "endedUnixNs": self.ended_unix_ns,
            "interruptedUnixNs": self.interrupted_unix_ns,
            "blocks": [block.to_json() for block in self.blocks],
            "restarts": [restart.to_json() for restart in self.restarts],
            "failures": [_failure(failure) for failure in self.failures],
            "secured": self.secured,
            "units": {
                name: {"version": self.versions[name], "facts": facts, **_clock(self.clocks, name)}
                for name, facts in self.facts.items()
            },
        }

    def write(self, path: pathlib.Path) -> None:
        """Writes the journal in one step, so that a reader never sees half of it."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")
        part.replace(path)


def _clock(clocks: dict[str, ClockOffset], name: str) -> dict[str, int]:
    """Returns how far the unit's clock was ahead of the Conductor's, where it was asked."""
    seen = clocks.get(name)
    if seen is None:
        return {}
    return {"clockOffsetNs": seen.offset_ns, "clockOffsetBoundNs": seen.bound_ns}


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "unit": failure.unit,
        "error": failure.error,
        "text": failure.text,
        "remedy": failure.remedy,
        "lastLogLines": list(failure.last_lines),
    }
