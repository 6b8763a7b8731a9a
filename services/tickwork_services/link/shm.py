"""The transport ``shm``: pipes and broadcasts in segments that outlive processes.

The address of an end is the segment's absolute path. A pipe's segment is made by its writer, a
broadcast's by its publisher; readers attach with back-off, whoever is first. A slow reader of a
pipe means back-pressure, a slow reader of a broadcast is lapped, and counted.
"""

import pathlib
from typing import Any

import tickwork_native

from tickwork import errors
from tickwork.unit import unit as units
from tickwork_services.link import link, native_pipe
from tickwork_services.record import layout, market

BATCH_RECORDS_MAX = 4096
DEPTH_BYTES_MAX = 1 << 20
TABLE_LEVELS = 20
_NOTHING = link.Batch(memoryview(b""), 0)


def make_inlet(end: units.LinkEnd, seat: link.Seat) -> link.Inlet:
    """Returns the reading end of a pipe, or of one region of a broadcast."""
    if end.topology == "pipe":
        return ShmPipeInlet(end, seat.wait)
    return ShmBroadcastInlet(end, seat.wait)


def make_outlet(end: units.LinkEnd, seat: link.Seat) -> link.Outlet:
    """Returns the writing end of a pipe, or of a broadcast."""
    if end.topology == "pipe":
        return ShmPipeOutlet(end)
    return ShmBroadcastOutlet(end, seat.symbols)


class ShmPipeInlet(native_pipe.PipeInlet):
    """The reading end of a pipe's segment."""

    def attach(self) -> bool:
        """Tries once to attach; False while the writer has not made the segment yet."""
        if self._reader is None:
            try:
                self._reader = tickwork_native.PipeReader.attach(self._end.address)
            except (tickwork_native.SegmentMissing, tickwork_native.SegmentBusy):
                return False
            except tickwork_native.SegmentError as error:
                raise _refusal("attaching to", self._end, error) from error
        return True


class ShmPipeOutlet(native_pipe.PipeOutlet):
    """The writing end; makes the segment, or takes over what an earlier writer left."""

    def open(self) -> None:
        """Makes the segment with its directory; raises SegmentError."""
        if self._writer is not None:
            return
        path = _make_room(self._end)
        try:
            self._writer = tickwork_native.PipeWriter.create(
                path, self._end.capacity_bytes, self._end.link
            )
        except tickwork_native.SegmentError as error:
            raise _refusal("making", self._end, error) from error


class ShmBroadcastInlet(link.Inlet):
    """One reader of a broadcast, of its region ``top`` (default) or ``depth``."""

    def __init__(self, end: units.LinkEnd, wait: str) -> None:
        self.name = end.link
        self._end = end
        self._wait = wait
        self._reader: Any | None = None
        self._is_depth = end.region == "depth"
        self._told_dead = False
        self._deaths = 0
        self._first = b""

    def open(self) -> None:
        """Prepares; ``attach`` reaches the segment."""

    def attach(self) -> bool:
        """Tries once to attach; False while the publisher has not made the segment yet."""
        if self._reader is not None:
            return True
        address = self._end.address
        try:
            if self._is_depth:
                self._reader = tickwork_native.DepthReader.open(address)
            else:
                self._reader = tickwork_native.RingReader.attach(address)
        except tickwork_native.SegmentMissing:
            return False
        except tickwork_native.SegmentError as error:
            raise _refusal("attaching to", self._end, error) from error
        self._first = b"" if self._is_depth else read_table(address)
        return True

    def read(self, timeout_ns: int) -> link.Batch:
        """Returns checked records and the number lost before them; the images of all books first.

        A publisher that died or closed is told once as one ``status`` record; one that comes back
        is followed.
        """
        if self._reader is None and not self.attach():
            return _NOTHING
        if self._first:
            first, self._first = self._first, b""
            return link.Batch(memoryview(first), len(first) // layout.ALIGN_BYTES)
        reader: Any = self._reader
        before = reader.received
        if self._is_depth:
            records, lost = reader.read_batch(DEPTH_BYTES_MAX, timeout_ns, self._wait)
        else:
            records, lost = self._read_tops(reader, timeout_ns)
        if records:
            self._told_dead = False
            return link.Batch(memoryview(records), reader.received - before, lost)
        return self._tell_death(reader)

    def pending(self) -> int:
        """Returns the bytes that wait in ``top``; ``depth`` does not say."""
        if self._reader is None or self._is_depth:
            return 0
        return int(self._reader.available) * layout.ALIGN_BYTES

    def close(self) -> None:
        """Gives the reader's entry back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def counters(self) -> dict[str, int]:
        """Returns received, lost, laps, generation and the deaths of publishers that were told."""
        reader = self._reader
        if reader is None:
            return {}
        return {
            "received": reader.received,
            "lost": reader.lost,
            "laps": reader.laps,
            "generation": reader.generation,
            "writerDeaths": self._deaths,
        }

    def _read_tops(self, reader: Any, timeout_ns: int) -> tuple[bytes, int]:
        records: tuple[bytes, int] = reader.read_bytes(BATCH_RECORDS_MAX)
        if not records[0] and timeout_ns and reader.wait(timeout_ns, self._wait):
            records = reader.read_bytes(BATCH_RECORDS_MAX)
        return records

    def _tell_death(self, reader: Any) -> link.Batch:
        if reader.state not in ("dead", "closed"):
            self._told_dead = False
            return _NOTHING
        if self._told_dead:
            return _NOTHING
        self._told_dead = True
        self._deaths += 1
        return link.Batch(memoryview(market.make_stale_status()), 1)


class ShmBroadcastOutlet(link.Outlet):
    """The writing end of a broadcast, for whoever is no publisher kernel."""

    def __init__(self, end: units.LinkEnd, symbols: tuple[str, ...]) -> None:
        self.name = end.link
        self._end = end
        self._symbols = symbols
        self._publication: Any | None = None

    def open(self) -> None:
        """Makes the segment, or takes over leftovers of the same shape; raises SegmentError.

        Half of the capacity goes to ``top`` (a power of two of slots), half to ``depth``.
        """
        if self._publication is not None:
            return
        half = self._end.capacity_bytes // 2
        slots = 1 << max(0, (half // layout.ALIGN_BYTES).bit_length() - 1)
        path = _make_room(self._end)
        try:
            self._publication = tickwork_native.Publication.create(
                path,
                self._end.link,
                [(symbol, 0) for symbol in self._symbols],
                slots,
                half,
                self._end.options.get("tableLevels", TABLE_LEVELS),
            )
        except tickwork_native.SegmentError as error:
            raise _refusal("making", self._end, error) from error

    def send(self, data: bytes | bytearray | memoryview, timeout_ns: int = 0) -> int:  # noqa: ARG002
        """Publishes all records: an IMAGE to top and table, the rest to depth."""
        publication: Any = self._publication
        publication.send(data)
        return len(data)

    def show(self, instrument: int, image: bytes | memoryview) -> None:  # noqa: ARG002
        """Writes an IMAGE snapshot to the table alone; it says itself of which instrument."""
        publication: Any = self._publication
        publication.show(image)

    def close(self) -> None:
        """Marks the end of the stream and lets go."""
        if self._publication is not None:
            self._publication.close()
            self._publication = None

    def counters(self) -> dict[str, int]:
        """Returns sent and generation."""
        publication = self._publication
        if publication is None:
            return {}
        return {"sent": publication.sent, "generation": publication.generation}


def read_table(path: str) -> bytes:
    """Returns one top per book that the table of a broadcast holds: what a late joiner sees.

    Their sequence is 0: they come out of sequence.
    """
    books = tickwork_native.Books.open(path)
    try:
        tops = []
        for instrument, symbol in enumerate(books.symbols):
            book = books[symbol]
            if book.published_ns is None:
                continue
            bid, bid_quantity = book.bids[0] if book.bids else (layout.ABSENT, 0)
            ask, ask_quantity = book.asks[0] if book.asks else (layout.ABSENT, 0)
            tops.append(
                market.Top(
                    state=layout.STATE_NAMES.index(book.state),
                    instrument=instrument,
                    update_id=book.update_id,
                    bid=bid,
                    bid_quantity=bid_quantity,
                    ask=ask,
                    ask_quantity=ask_quantity,
                    published_ns=book.published_ns,
                ).to_bytes()
            )
        return b"".join(tops)
    finally:
        books.close()


def _make_room(end: units.LinkEnd) -> str:
    """Makes the segment's directory, for this user alone."""
    pathlib.Path(end.address).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return end.address


def _refusal(doing: str, end: units.LinkEnd, error: Exception) -> errors.SegmentError:
    return errors.SegmentError(
        f"Link {end.link}: {doing} the segment {end.address} failed: {error}",
        "Look at it with `tickwork inspect`; remove it when nobody uses it.",
    )
