"""The Plan and its parts, frozen; ``plan.json`` is their JSON.

A Plan knows no host and no free port. It names a port as ``group/unit/port`` (an endpoint) and a
segment by its path below the directory of segments; an executor makes addresses of both.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pydantic

from tickwork import run_directory
from tickwork.unit.model import Model
from tickwork.unit.program import ProgramName
from tickwork.unit.transport import Listener, Topology, TransportName, WaitName

CONTROL_PORT = "control"
METRICS_PORT = "metrics"


class Port(Model):
    """A port that a unit listens on; ``number`` only where a person fixed it."""

    name: str
    number: int | None = pydantic.Field(default=None, ge=1, le=65_535)


class PlannedComponent(Model):
    """One component of a unit.

    ``listens`` are names of ports of this unit, ``connects`` endpoints of others by port name,
    ``urls`` addresses outside the Plan by port name; ``outside`` says that it dials others that
    the Plan does not name (a venue's own hosts).
    """

    name: str
    component: str
    settings: dict[str, Any]
    listens: tuple[str, ...] = ()
    connects: Mapping[str, str] = pydantic.Field(default_factory=dict)
    urls: Mapping[str, str] = pydantic.Field(default_factory=dict)
    outside: bool = False


class PlannedUnit(Model):
    """One process-to-be.

    ``flow`` is its place in the flow of data, from 0 at the source: units are stopped in this
    order. Their order in the Plan is the order of starting.
    """

    name: str
    program: ProgramName = "tickwork"
    wait: WaitName
    flow: int = pydantic.Field(ge=0)
    cpus: tuple[int, ...] = ()
    real_time_priority: int | None = None
    lock_memory: bool = False
    ports: tuple[Port, ...]
    components: tuple[PlannedComponent, ...] = pydantic.Field(min_length=1)


class Group(Model):
    """Units that share a machine; each group belongs to one arm."""

    name: str
    arm: str
    units: tuple[PlannedUnit, ...] = pydantic.Field(min_length=1)


class End(Model):
    """One end of a link: which port of which component of which unit (``group/unit``).

    ``origin`` is the place in the manifest, below the kind, that asked for it; for messages.
    """

    unit: str
    component: str
    port: str
    region: Literal["top", "depth"] | None = None
    origin: str = ""


class Link(Model):
    """A joint between components: one outlet, one inlet (pipe) or many (broadcast).

    ``segment`` is set for shm (a path below the directory of segments), ``endpoint`` for tcp
    and udp.
    """

    name: str
    transport: TransportName
    topology: Topology
    listener: Listener
    capacity_bytes: int = pydantic.Field(gt=0)
    outlet: End
    inlets: tuple[End, ...]
    segment: str | None = None
    endpoint: str | None = None
    options: Mapping[str, int] = pydantic.Field(default_factory=dict)


class Block(Model):
    """One timed stretch of a run: which arm, which repeat, how long; instants are relative.

    A twin's market goes on from Block to Block, so the arms of one repeat meet the same stretch.
    """

    index: int = pydantic.Field(ge=0)
    arm: str
    repeat: int = pydantic.Field(ge=0)
    duration_ns: int = pydantic.Field(gt=0)
    warm_up_ns: int = pydantic.Field(ge=0)

    @property
    def label(self) -> str:
        """The block's directory name, ``<nnn>-<arm>``."""
        return run_directory.block_label(self.index, self.arm)


class Plan(Model):
    """What runs where, and when. Without blocks it is a provider: its units start themselves."""

    schema_version: Literal["1"] = "1"
    experiment: str
    kind: str
    seed: int
    drain_ms: int = pydantic.Field(ge=0)
    hold_ms: int = pydantic.Field(default=0, ge=0)
    restart: Literal["never", "onFailure"]
    publish_names: tuple[str, ...] = ()
    groups: tuple[Group, ...]
    links: tuple[Link, ...]
    blocks: tuple[Block, ...]

    @property
    def is_provider(self) -> bool:
        """Whether this Plan runs until it is ended, without a Conductor."""
        return not self.blocks

    def units(self, arm: str | None = None) -> Iterator[tuple[Group, PlannedUnit]]:
        """Yields the units (of ``arm``, or all) with their groups, in the order of starting."""
        for group in self.groups:
            if arm is None or group.arm == arm:
                for unit in group.units:
                    yield group, unit

    def unit_paths(self, arm: str | None = None) -> list[str]:
        """Returns ``group/unit`` of the units of ``arm`` (or all), in the order of starting."""
        return [f"{group.name}/{unit.name}" for group, unit in self.units(arm)]

    def stop_order(self, arm: str | None = None) -> list[str]:
        """Returns ``group/unit`` of the units of ``arm`` (or all), in the order of the flow."""
        ordered = sorted(self.units(arm), key=lambda each: each[1].flow)
        return [f"{group.name}/{unit.name}" for group, unit in ordered]

    def to_json(self) -> str:
        """Returns the Plan as ``plan.json`` holds it, ending in a newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def from_json(text: str) -> Plan:
    """Returns the Plan that ``text`` (``plan.json``) describes."""
    return Plan.model_validate_json(text)
