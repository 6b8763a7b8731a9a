"""The link concept: inlets, outlets, batches. Every transport is one file that implements it.

A link is a pipe (1:1, bounded, lossless except over udp) or a broadcast (1:N, late join, loss
counted
per reader). Fan-out and queues per reader belong to the link, never to the component. All calls
block at most as long as their time-out; a transport that needs a loop owns a thread.
"""

import abc
import dataclasses

RECORD_ALIGN_BYTES = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Whole records in arrival order, each padded to 64 bytes, and what was lost before them.

    ``data`` stays valid until the next call on the same inlet.
    """

    data: memoryview
    records: int
    lost: int = 0


class Inlet(abc.ABC):
    """The reading end of a link."""

    name: str

    @abc.abstractmethod
    def open(self) -> None:
        """Binds (listener) or prepares to attach with back-off; raises PortTakenError."""

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
