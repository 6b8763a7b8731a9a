"""The one table of transports.

A transport's module is imported when a link needs it: ``memory`` and ``shm`` load the native wing.
"""

import importlib
from typing import Any

from tickwork import errors
from tickwork.unit import unit as units
from tickwork_services.link import link

TABLE: dict[str, tuple[str, str, str]] = {
    "memory": ("tickwork_services.link.memory", "MemoryInlet", "MemoryOutlet"),
    "shm": ("tickwork_services.link.shm", "make_inlet", "make_outlet"),
    "tcp": ("tickwork_services.link.tcp", "TcpInlet", "TcpOutlet"),
    "udp": ("tickwork_services.link.udp", "UdpInlet", "UdpOutlet"),
}


class MemoryPipes:
    """The pipes of one process by link name; whichever end opens first makes both."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[Any, Any]] = {}

    def ends(self, name: str, capacity_bytes: int) -> tuple[Any, Any]:
        """Returns the native (writer, reader) of the link ``name``."""
        if name not in self._ends:
            native: Any = importlib.import_module("tickwork_native")
            self._ends[name] = native.anonymous_pipe(capacity_bytes, name)
        return self._ends[name]


def make_memory() -> MemoryPipes:
    """Returns the (empty) pipes of one process for the transport ``memory``."""
    return MemoryPipes()


def make_inlet(end: units.LinkEnd, seat: link.Seat) -> link.Inlet:
    """Returns the reading end of ``end``; it is opened by the host."""
    module, inlet, _ = _find(end)
    made: link.Inlet = getattr(module, inlet)(end, seat)
    return made


def make_outlet(end: units.LinkEnd, seat: link.Seat) -> link.Outlet:
    """Returns the writing end of ``end``; it is opened by the host."""
    module, _, outlet = _find(end)
    made: link.Outlet = getattr(module, outlet)(end, seat)
    return made


def _find(end: units.LinkEnd) -> tuple[Any, str, str]:
    entry = TABLE.get(end.transport)
    if entry is None:
        raise errors.InputError(
            f"Making the link {end.link}: the transport {end.transport!r} is not built.",
            f"Built are: {', '.join(sorted(TABLE))}.",
        )
    module, inlet, outlet = entry
    return importlib.import_module(module), inlet, outlet
