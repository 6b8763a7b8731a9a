"""The component concept: what the host gives a component, and what it asks of one.

Two shapes share one lifecycle. A ``Daemon`` owns its loop. A ``Stage`` is pure: batch in, batch
out. A native stage hands the host a kernel; adjacent kernels of one unit run in one native loop.
"""

import abc
import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.link import link


@dataclasses.dataclass(frozen=True)
class Stretch:
    """One timed stretch that a unit was told to run; instants are mono nanoseconds.

    ``stop_ns`` is None where the stretch runs until stopped. ``directory`` exists and is this
    unit's own for this block; what is written there is collected.
    """

    block: int
    arm: str
    label: str
    start_ns: int
    measure_from_ns: int
    stop_ns: int | None
    directory: pathlib.Path
    unix_map: clocks.UnixMap


class Logger(Protocol):
    """A structured logger, as telemetry makes it; nothing logs per message."""

    def debug(self, event: str, **fields: Any) -> None:
        """Logs what only a developer needs."""

    def info(self, event: str, **fields: Any) -> None:
        """Logs what happened once."""

    def warning(self, event: str, **fields: Any) -> None:
        """Logs what an operator should look at."""

    def error(self, event: str, **fields: Any) -> None:
        """Logs what went wrong, with its remedy."""


class Meter(Protocol):
    """Where a component registers what an exporter reads outside its loop."""

    def counters(self, read: "ReadCounters") -> None:
        """Registers a function that returns cumulative counters by camelCase name."""

    def histogram(self, histogram: Any) -> None:
        """Registers a native cumulative histogram; the host writes its intervals to hops.hlog."""


class ReadCounters(Protocol):
    """Reads cumulative counters; called from another thread about once a second."""

    def __call__(self) -> Mapping[str, int]:
        """Returns counters by camelCase name."""


class Fail(Protocol):
    """Reports that a task or thread of a component broke; the host ends the unit as failed."""

    def __call__(self, error: BaseException) -> None:
        """Takes the exception from any thread; returns at once; the first one counts."""


def _fail_unheard(error: BaseException) -> None:
    """Stands in where no host listens: the error goes up in the thread that met it."""
    raise error


@dataclasses.dataclass(frozen=True)
class Context:
    """What the host gives a component when it is made; nothing here changes afterwards."""

    unit: units.Unit
    spec: units.ComponentSpec
    inlets: Mapping[str, link.Inlet]
    outlets: Mapping[str, link.Outlet]
    meter: Meter
    log: Logger
    fail: Fail = _fail_unheard


@dataclasses.dataclass(frozen=True)
class Serving:
    """Whether a running component serves, for /readyz; ``reason`` says why not."""

    serving: bool
    reason: str = ""


class Component(abc.ABC):
    """One job inside a unit. Calls come from the host's event loop, in lifecycle order.

    open → (start → stop)* → close. A call may block only as long as its contract says; long work
    belongs to a thread or task of the component's own. An exception fails the unit with its text.
    """

    def __init__(self, settings: Any, context: Context) -> None:
        self.settings = settings
        self.context = context

    @abc.abstractmethod
    async def open(self) -> None:
        """Binds sockets, allocates, prepares; returns when the component may be started."""

    @abc.abstractmethod
    async def start(self, stretch: Stretch) -> None:
        """Prepares the stretch and returns at once; work begins at ``stretch.start_ns``."""

    @abc.abstractmethod
    async def stop(self, drain_ns: int) -> int:
        """Ends the stretch: drains inlets for at most ``drain_ns``; returns records left over."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Gives everything back; legal in every state, also after a failure."""

    def counters(self) -> Mapping[str, int]:
        """Returns cumulative counters by camelCase name; called from another thread."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Returns what ``counters.json`` adds under ``facts`` (lists, names, durations)."""
        return {}

    def books(self) -> Mapping[str, Mapping[str, Any]]:
        """Returns what ``series.ndjson`` keeps once a second of each book, by instrument."""
        return {}

    def serving(self) -> Serving:
        """Says whether this component serves; only asked while running."""
        return Serving(True)


class NativeStage(Component):
    """A component whose hot part is a native kernel; the host runs its loop.

    ``inlet_ports`` and ``outlet_ports`` name the kernel's ports in the kernel's own order. A port
    that the unit does not wire is discarded (outlet) or must not exist (inlet). ``own_ports`` are
    outlets that the component opens by itself: its kernel or a bridge of its own feeds them.
    """

    inlet_ports: ClassVar[tuple[str, ...]] = ()
    outlet_ports: ClassVar[tuple[str, ...]] = ()
    own_ports: ClassVar[frozenset[str]] = frozenset()

    @property
    @abc.abstractmethod
    def kernel(self) -> Any:
        """The native kernel; it exists from ``open`` until ``close``."""
