"""What the Conductor tells whoever drives it: frozen, plain, in order of happening."""

import dataclasses
from collections.abc import Callable, Mapping


@dataclasses.dataclass(frozen=True)
class UnitReady:
    """A unit opened its links and sockets; ``incarnation`` is over 1 after a restart."""

    unit: str
    incarnation: int


@dataclasses.dataclass(frozen=True)
class AllReady:
    """Every unit is ready; ``elapsed_ns`` since the Conductor began."""

    units: int
    elapsed_ns: int


@dataclasses.dataclass(frozen=True)
class BlockStarted:
    """The units of a block were told their one start instant."""

    index: int
    blocks: int
    label: str
    arm: str
    start_unix_ns: int
    duration_ns: int


@dataclasses.dataclass(frozen=True)
class Progressed:
    """How far a block is, and the counters of its units: ``group/unit`` → name → value."""

    label: str
    elapsed_ns: int
    duration_ns: int
    counters: Mapping[str, Mapping[str, int]]


@dataclasses.dataclass(frozen=True)
class BlockStopped:
    """The units of a block were stopped in the order of flow; ``undrained`` records were left."""

    label: str
    undrained: int


@dataclasses.dataclass(frozen=True)
class Holding:
    """Units stay for at most ``seconds_max``, until each was scraped once more."""

    seconds_max: float


@dataclasses.dataclass(frozen=True)
class BlockCollected:
    """What the units saw in a block lies in the run directory."""

    label: str
    files: int
    size_bytes: int


@dataclasses.dataclass(frozen=True)
class UnitRestarted:
    """A unit that had died was opened and started again."""

    unit: str
    incarnation: int


@dataclasses.dataclass(frozen=True)
class UnitFailed:
    """A unit failed or died; what it said, and what to do."""

    unit: str
    error: str
    text: str
    remedy: str


@dataclasses.dataclass(frozen=True)
class Interrupted:
    """A person asked for the end; units are being stopped."""


Event = (
    UnitReady
    | AllReady
    | BlockStarted
    | Progressed
    | BlockStopped
    | BlockCollected
    | Holding
    | UnitRestarted
    | UnitFailed
    | Interrupted
)
Report = Callable[[Event], None]
