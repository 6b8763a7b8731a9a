"""A run directory as data: what each unit left of each Block, and what the Conductor saw.

Reading is tolerant of what a dead or interrupted unit left (missing files, torn last rows, an
earlier incarnation's folder) and strict about everything else: what is neither whole nor said to be
missing is a ResultError of one sentence.
"""

import dataclasses
import functools
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from tickwork import errors, run_directory
from tickwork_analysis import hlog

INCARNATION = "incarnation-*"


@dataclasses.dataclass(frozen=True)
class Component:
    """One component's share of counters.json, summed over incarnations."""

    name: str
    kind: str
    counters: Mapping[str, int]
    facts: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class UnitBlock:
    """What one unit left of one Block; ``states`` are its counters.json, oldest first."""

    group: str
    name: str
    folders: tuple[pathlib.Path, ...]
    states: tuple[Mapping[str, Any], ...]
    kinds: Mapping[str, str]

    @property
    def last(self) -> Mapping[str, Any]:
        """The newest counters.json, or an empty mapping where the unit left none."""
        return self.states[-1] if self.states else {}

    @functools.cached_property
    def components(self) -> tuple[Component, ...]:
        """Every component of the unit."""
        names = sorted({name for state in self.states for name in state.get("components", {})})
        return tuple(self._component(name) for name in names)

    def _component(self, name: str) -> Component:
        shares = [state.get("components", {}).get(name, {}) for state in self.states]
        counters = add_counters([share.get("counters", {}) for share in shares])
        told = [share["facts"] for share in shares if share.get("facts")]
        facts: Mapping[str, Any] = told[-1] if told else {}
        return Component(name, self.kinds.get(name, name), counters, facts)

    @property
    def links(self) -> dict[str, Mapping[str, int]]:
        """Counters of each link end by ``<link>.<inlet|outlet>``, of the newest incarnation."""
        return dict(self.last.get("links", {}))

    def files(self, name: str) -> list[pathlib.Path]:
        """Returns every file called ``name``, of the oldest incarnation first."""
        return [folder / name for folder in self.folders if (folder / name).is_file()]

    @functools.cached_property
    def intervals(self) -> tuple[hlog.Interval, ...]:
        """All measured intervals: those that begin in [measure-from, stop)."""
        measured = self.last.get("measured", {})
        first_s = measured.get("measureFromUnixNs", 0) / 1e9
        stop_s = measured.get("stopUnixNs", 1 << 62) / 1e9
        logs = [hlog.read(path) for path in self.files(run_directory.HOPS)]
        return tuple(
            each for log in logs for each in log.intervals if first_s <= each.start_unix_s < stop_s
        )


@dataclasses.dataclass(frozen=True)
class Block:
    """One Block of a run."""

    label: str
    index: int
    arm: str
    units: tuple[UnitBlock, ...]

    def of_kind(self, kind: str) -> list[tuple[UnitBlock, Component]]:
        """Returns every component of ``kind`` with the unit that ran it."""
        return [
            (unit, component)
            for unit in self.units
            for component in unit.components
            if component.kind == kind
        ]


@dataclasses.dataclass(frozen=True)
class Run:
    """A run directory, read."""

    directory: run_directory.RunDirectory
    name: str
    kind: str
    plan: Mapping[str, Any]
    conductor: Mapping[str, Any]
    blocks: tuple[Block, ...]
    specs: Mapping[str, Mapping[str, Any]]

    @property
    def arms(self) -> list[str]:
        """The arms that ran, in the order of the Plan, else in that of their first Blocks."""
        ran = list(dict.fromkeys(block.arm for block in self.blocks))
        listed = dict.fromkeys(str(group.get("arm")) for group in self.plan.get("groups", []))
        return sorted(ran, key=list(listed).index) if set(ran) <= listed.keys() else ran

    def units(self) -> list[UnitBlock]:
        """Returns every unit of every Block."""
        return [unit for block in self.blocks for unit in block.units]


def read_run(root: pathlib.Path) -> Run:
    """Reads the run directory ``root``; raises ResultError with one sentence when it is none."""
    directory = run_directory.RunDirectory(root)
    if not root.is_dir():
        raise errors.ResultError(f"{root} is no directory.", "Give the directory of a run.")
    plan = _json(directory.plan, required=True)
    conductor = _json(directory.conductor, required=False)
    specs = {
        f"{path.parent.parent.name}/{path.parent.name}": _json(path, required=True)
        for path in sorted((root / "units").glob("*/*/unit.json"))
    }
    folders = sorted(path for path in directory.blocks.glob("*-*") if path.is_dir())
    blocks = tuple(_block(folder, specs) for folder in folders)
    if not any(unit.states for block in blocks for unit in block.units):
        raise errors.ResultError(
            f"{root} holds no counters of any unit.", "The run ended before its first Block began."
        )
    name = str(plan.get("experiment", root.name))
    return Run(directory, name, str(plan.get("kind", "pipeline")), plan, conductor, blocks, specs)


def _json(path: pathlib.Path, *, required: bool) -> Mapping[str, Any]:
    if not path.is_file():
        if not required:
            return {}
        raise errors.ResultError(
            f"{path.parent} has no {path.name}.", "Give the directory of a run that was started."
        )
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise errors.ResultError(f"{path} is not whole JSON.", "Was the file changed?") from error
    if not isinstance(value, dict):
        raise errors.ResultError(f"{path} holds no object.", "Was the file changed?")
    return value


def _block(folder: pathlib.Path, specs: Mapping[str, Mapping[str, Any]]) -> Block:
    index, _, arm = folder.name.partition("-")
    if not index.isdecimal():
        text = f"{folder} is not named like a Block (<nnn>-<arm>)."
        raise errors.ResultError(text, "Remove what does not belong to the run.")
    paths = sorted(path for path in folder.glob("*/*") if path.is_dir())
    return Block(folder.name, int(index), arm, tuple(_unit(path, specs) for path in paths))


def _unit(folder: pathlib.Path, specs: Mapping[str, Mapping[str, Any]]) -> UnitBlock:
    earlier = sorted(
        (path for path in folder.glob(INCARNATION) if path.is_dir()),
        key=lambda path: int(path.name.rpartition("-")[2]),
    )
    folders = (*earlier, folder)
    files = [each / run_directory.COUNTERS for each in folders]
    states = tuple(_json(path, required=True) for path in files if path.is_file())
    group, name = folder.parent.name, folder.name
    spec = specs.get(f"{group}/{name}", {})
    kinds = {each["name"]: each["component"] for each in spec.get("components", [])}
    return UnitBlock(group, name, folders, states, kinds)


def add_counters(shares: list[Mapping[str, int]]) -> dict[str, int]:
    """Returns the sum of ``shares`` by name; what is no number is left out."""
    total: dict[str, int] = {}
    for share in shares:
        for name, value in share.items():
            if isinstance(value, int):
                total[name] = total.get(name, 0) + value
    return total
