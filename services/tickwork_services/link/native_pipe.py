"""The two ends of a native pipe as a link's inlet and outlet; what shm and memory share.

A writer that died is told once, as one ``status`` record; a pipe loses nothing.
"""

from typing import Any

from tickwork.unit import unit as units
from tickwork_services.link import link
from tickwork_services.record import layout, market

READ_BYTES_MAX = 1 << 20
_NOTHING = link.Batch(memoryview(b""), 0)


class PipeInlet(link.Inlet):
    """The reading end; resumes at the stored cursor and follows a restarted writer."""

    def __init__(self, end: units.LinkEnd, wait: str) -> None:
        self.name = end.link
        self._end = end
        self._wait = wait
        self._reader: Any | None = None
        self._told_dead = False
        self._received = 0
        self._deaths = 0

    def open(self) -> None:
        """Prepares; ``attach`` reaches the segment."""

    def native(self) -> Any | None:
        """Returns the native reader, once attached."""
        return self._reader

    def read(self, timeout_ns: int) -> link.Batch:
        """Returns the records that are there; their room is given back at the next call."""
        if self._reader is None and not self.attach():
            return _NOTHING
        reader: Any = self._reader
        before = reader.received
        data = reader.read_batch(READ_BYTES_MAX, timeout_ns, self._wait)
        if data is None:
            return self._tell_death(reader)
        self._told_dead = False
        return link.Batch(data, reader.received - before)

    def pending(self) -> int:
        """Returns the bytes between the two cursors."""
        return 0 if self._reader is None else int(self._reader.pending_bytes)

    def close(self) -> None:
        """Lets go; what the pipe holds stays for the next reader."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def counters(self) -> dict[str, int]:
        """Returns received, pending, highWater, capacity, and deaths of writers that were told."""
        if self._reader is None:
            return {}
        return {
            "received": self._reader.received,
            "pending": self._reader.pending_bytes,
            "highWater": self._reader.high_water,
            "capacity": self._reader.capacity,
            "writerDeaths": self._deaths,
        }

    def _tell_death(self, reader: Any) -> link.Batch:
        if reader.writer_alive():
            self._told_dead = False
            return _NOTHING
        if self._told_dead:
            return _NOTHING
        self._told_dead = True
        self._deaths += 1
        return link.Batch(memoryview(market.make_stale_status()), 1)


class PipeOutlet(link.Outlet):
    """The writing end; whole records only."""

    def __init__(self, end: units.LinkEnd) -> None:
        self.name = end.link
        self._end = end
        self._writer: Any | None = None

    def native(self) -> Any | None:
        """Returns the native writer, once opened."""
        return self._writer

    def send(self, data: bytes | bytearray | memoryview, timeout_ns: int = 0) -> int:
        """Sends what there is room for within ``timeout_ns``; returns the bytes taken."""
        writer: Any = self._writer
        sent = writer.send(data, timeout_ns) if timeout_ns else writer.try_send(data)
        return layout.length_of(data, sent)

    def close(self) -> None:
        """Marks the end of the stream; what was sent stays readable."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def counters(self) -> dict[str, int]:
        """Returns sent, highWater and capacity."""
        if self._writer is None:
            return {}
        return {
            "sent": self._writer.sent,
            "highWater": self._writer.high_water,
            "capacity": self._writer.capacity,
        }
