"""The link concept: inlets, outlets, batches. Every transport is one file that implements it.

A link is a pipe (1:1, bounded, lossless except over udp) or a broadcast (1:N, late join, loss
counted per reader). Fan-out and queues per reader belong to the link, never to the component. All
calls block at most as long as their time-out; a transport that needs a loop owns a thread.
"""

import abc
import dataclasses
from collections.abc import Callable
from typing import Any

from tickwork_services.link import secure

RECORD_ALIGN_BYTES = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Whole records in arrival order, each padded to 64 bytes, and what was lost before them.

    ``data`` stays valid until the next call on the same inlet.
    """

    data: memoryview
    records: int
    lost: int = 0


@dataclasses.dataclass(frozen=True)
class Seat:
    """What a link's end is told of the process it sits in.

    ``symbols`` are the instruments' names by id, for codecs that write names. ``memory`` holds the
    pipes of the transport ``memory``, which have no address outside the process.
    ``clients_max`` bounds the readers of a broadcast at a time, where the component states it.
    ``contexts`` are those of this unit's certificates, for ends that are secured. ``warn`` takes a
    sentence for whoever runs this, seldom.
    """

    wait: str
    symbols: tuple[str, ...]
    memory: Any
    unix_offset_ns: Callable[[], int]
    clients_max: int | None = None
    contexts: secure.Contexts | None = None
    warn: Callable[[str], None] = lambda _: None


class Inlet(abc.ABC):
    """The reading end of a link."""

    name: str

    @abc.abstractmethod
    def open(self) -> None:
        """Binds (listener) or prepares to attach with back-off; raises PortTakenError."""

    def attach(self) -> bool:
        """Tries once to reach the other end; says whether this end is usable.

        The host calls it with back-off between Open and the start instant, so that units may be
        opened in any order. A listener, and an end that connects by itself, is always usable.
        """
        return True

    def native(self) -> Any | None:
        """Returns the native pipe end for a native loop, or None where a bridge is needed."""
        return None

    @abc.abstractmethod
    def read(self, timeout_ns: int) -> Batch:
        """Returns the next records, or an empty batch after ``timeout_ns`` (0: at once).

        A writer that died is told once, as one ``status`` record (state STALE, instrument 0xFFFF).
        """

    @abc.abstractmethod
    def pending(self) -> int:
        """Returns how many bytes wait to be read, as far as this end can tell."""

    @abc.abstractmethod
    def close(self) -> None:
        """Lets go; what a pipe still holds stays for the next reader where the transport can."""

    def counters(self) -> dict[str, int]:
        """Returns cumulative counters: received, lost, laps, reconnects, highWater."""
        return {}


class Outlet(abc.ABC):
    """The writing end of a link."""

    name: str

    @abc.abstractmethod
    def open(self) -> None:
        """Binds (listener) or prepares to attach with back-off; raises PortTakenError."""

    def attach(self) -> bool:
        """Tries once to reach the other end; see ``Inlet.attach``."""
        return True

    def native(self) -> Any | None:
        """Returns the native pipe end for a native loop, or None where a bridge is needed."""
        return None

    @abc.abstractmethod
    def send(self, data: bytes | bytearray | memoryview, timeout_ns: int = 0) -> int:
        """Sends whole padded records; returns how many bytes were taken (whole records only).

        A pipe that is full takes fewer after ``timeout_ns``; a broadcast always takes all and
        counts what each reader lost.
        """

    def show(self, instrument: int, image: bytes | memoryview) -> None:  # noqa: B027
        """Makes ``image`` what a late joiner sees first of ``instrument``; a pipe ignores it."""

    @abc.abstractmethod
    def close(self) -> None:
        """Flushes what can go at once and lets go."""

    def counters(self) -> dict[str, int]:
        """Returns cumulative counters: sent, dropped, highWater, capacity, clients, clientsCut."""
        return {}
