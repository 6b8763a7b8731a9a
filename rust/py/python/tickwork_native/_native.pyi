"""Types of the native module. Paths are segment files; stamps are CLOCK_MONOTONIC_RAW."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, final

from typing_extensions import Buffer, disjoint_base

__all__ = [
    "Audit",
    "Book",
    "BookKernel",
    "Books",
    "DepthReader",
    "FastClock",
    "FrameOutlet",
    "Histogram",
    "IntervalLog",
    "Kernel",
    "NativeLoop",
    "NormalizerKernel",
    "ParseRefused",
    "Parser",
    "PipeReader",
    "PipeWriter",
    "Publication",
    "PublisherKernel",
    "RecordTooLong",
    "RingReader",
    "RingWaiter",
    "SegmentBusy",
    "SegmentCorrupt",
    "SegmentError",
    "SegmentFull",
    "SegmentMissing",
    "SegmentRefused",
    "__build__",
    "anonymous_pipe",
    "fast_clock",
    "inspect_segment",
    "monotonic_raw_ns",
    "render_prometheus",
    "segment_path",
]

__build__: str

# -- errors ---------------------------------------------------------------------------------------

class SegmentError(Exception):
    """A segment could not be made, attached or read; the text says what to do."""

class SegmentMissing(SegmentError):
    """There is no such segment (yet): its writer has not started."""

class SegmentBusy(SegmentError):
    """A living process holds this end already."""

class SegmentRefused(SegmentError):
    """Wrong magic, version, byte order, size, boot or rights."""

class SegmentFull(SegmentError):
    """The file system has no room (ENOSPC)."""

class SegmentCorrupt(SegmentError):
    """What is in the region cannot be a record."""

class RecordTooLong(SegmentError):
    """A record longer than the region takes (half a pipe, a quarter of depth)."""

# -- clock, histograms ----------------------------------------------------------------------------

@final
class FastClock:
    """Nanoseconds of CLOCK_MONOTONIC_RAW without a system call."""

    @property
    def bound_ns(self) -> int: ...
    @property
    def source(self) -> str: ...
    def now_ns(self) -> int: ...

def fast_clock() -> FastClock: ...
def monotonic_raw_ns() -> int: ...

@final
class Histogram:
    """A cumulative HDR histogram of nanoseconds, three digits, 1 ns to 2**42 ns."""

    def __new__(cls, name: str) -> Histogram: ...
    def record(self, value_ns: int) -> None: ...
    def record_many(self, values: Buffer) -> None: ...
    def quantile_ns(self, quantile: float) -> int | None: ...
    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def sum_ns(self) -> int: ...
    @property
    def negative(self) -> int: ...
    @property
    def negative_minimum_ns(self) -> int: ...
    @property
    def saturated(self) -> int: ...
    @property
    def minimum_ns(self) -> int | None: ...
    @property
    def maximum_ns(self) -> int | None: ...

def render_prometheus(
    histograms: Sequence[Histogram], prefix: str, labels: Mapping[str, str]
) -> bytes: ...

@final
class IntervalLog:
    """HDR interval log: what each histogram gained since the call before."""

    def __new__(cls, path: str | os.PathLike[str], start_unix_ns: int) -> IntervalLog: ...
    def begin(self, histograms: Sequence[Histogram]) -> None:
        """Takes what the histograms hold by now as the start; nothing of it is written."""

    def write_interval(self, now_unix_ns: int, histograms: Sequence[Histogram]) -> None: ...
    def close(self) -> None: ...

# -- pipes ----------------------------------------------------------------------------------------

@final
class PipeWriter:
    """Writing end of a lossless pipe. Sends whole records; nobody else may write."""

    @staticmethod
    def create(path: str | os.PathLike[str], capacity_bytes: int, name: str) -> PipeWriter:
        """Makes the segment, or takes over what an earlier writer left (generation + 1)."""

    def try_send(self, records: Buffer, /) -> int:
        """Sends as many whole records as there is room for; returns their number."""

    def send(self, records: Buffer, timeout_ns: int) -> int:
        """Sends all records and waits for room; fewer only when time is over."""

    def reader_alive(self) -> bool: ...
    def close(self) -> None:
        """Marks the end of the stream and lets go; what was sent stays readable."""

    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def high_water(self) -> int: ...
    @property
    def pending_bytes(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def in_loop(self) -> bool: ...

@final
class PipeReader:
    """Reading end of a pipe. Resumes at the stored cursor; follows a restarted writer."""

    @staticmethod
    def attach(path: str | os.PathLike[str]) -> PipeReader: ...
    def read_batch(
        self, max_bytes: int = 1048576, timeout_ns: int = 0, wait: str = "park"
    ) -> memoryview | None:
        """Whole records, read in place, valid until the next call; None when nothing came.

        Waiting releases the GIL and answers Ctrl-C. `wait`: spin, yield or park.
        """

    def read_record(self) -> bytes | None:
        """A copy of the next record, its room given back; None when there is none yet."""

    def wait(self, timeout_ns: int, wait: str = "park") -> bool:
        """Whether there is something to read, now or within the time."""

    def release(self) -> None:
        """Gives the last batch's room back without reading on."""

    def writer_alive(self) -> bool: ...
    def close(self) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def pending_bytes(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def high_water(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def ended(self) -> bool:
        """The writer closed the stream and everything was read."""

    @property
    def in_loop(self) -> bool: ...

def anonymous_pipe(capacity_bytes: int, name: str) -> tuple[PipeWriter, PipeReader]:
    """Both ends of a pipe on memory without a name, for the transport `memory`."""

# -- broadcast ------------------------------------------------------------------------------------

@final
class Publication:
    """The writer of a broadcast segment: top ring, depth ring, table of books."""

    @staticmethod
    def create(
        path: str | os.PathLike[str],
        name: str,
        instruments: Sequence[tuple[str, int]],
        ring_slots: int,
        depth_bytes: int,
        table_levels: int,
    ) -> Publication:
        """Makes the segment, or takes over leftovers of the same shape (all books STALE).

        `instruments` are (symbol, venue id); an instrument's id is its index.
        """

    def send(self, records: Buffer) -> int:
        """Sends market records: an IMAGE to top and table, the rest to depth."""

    def show(self, records: Buffer) -> None:
        """Writes IMAGE snapshots to the table alone."""

    def close(self) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def took_over(self) -> bool: ...
    @property
    def sent(self) -> int: ...

@final
class RingReader:
    """Reads the top ring of a broadcast segment; `Ring` gives its arrays."""

    @staticmethod
    def attach(path: str | os.PathLike[str]) -> RingReader: ...
    def read_into(self, buffer: Buffer) -> tuple[int, int]:
        """Copies checked 64-byte records into `buffer`; returns (records, newly lost)."""

    def read_bytes(self, max_records: int = 4096) -> tuple[bytes, int]: ...
    def wait(self, timeout_ns: int, wait: str = "park") -> bool: ...
    def waiter(self) -> RingWaiter: ...
    def header(self) -> dict[str, Any]: ...
    def close(self) -> None: ...
    @property
    def available(self) -> int: ...
    @property
    def state(self) -> str:
        """starting, live, draining, closed, moved, stuck (no heartbeat) or dead."""

    @property
    def generation(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def laps(self) -> int: ...
    @property
    def received(self) -> int: ...

@final
class RingWaiter:
    """Waits for a ring in another thread without reading it."""

    def wait(self, timeout_ns: int) -> bool: ...

@final
class DepthReader:
    """Reads the depth ring of a broadcast segment, record by record in batches."""

    @staticmethod
    def open(
        name: str | os.PathLike[str], root: str | os.PathLike[str] | None = None
    ) -> DepthReader: ...
    def read_batch(
        self, max_bytes: int = 1048576, timeout_ns: int = 0, wait: str = "park"
    ) -> tuple[bytes, int]:
        """Whole checked records (a copy) and the number newly lost."""

    def wait(self, timeout_ns: int, wait: str = "park") -> bool: ...
    def __iter__(self) -> DepthReader: ...
    def __next__(self) -> bytes:
        """The next record; waits. Ends when the writer has closed the stream."""

    def close(self) -> None: ...
    @property
    def state(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def laps(self) -> int: ...
    @property
    def received(self) -> int: ...

@final
class Book:
    """One consistent reading of one book. No levels without the state beside them."""

    @property
    def symbol(self) -> str: ...
    @property
    def instrument(self) -> int: ...
    @property
    def state(self) -> str:
        """EMPTY, SYNCING, LIVE, GAP, STALE or CLOSED; STALE when the writer is dead."""

    @property
    def age_ns(self) -> int | None:
        """Time since the book last changed; None before the first image."""

    @property
    def state_age_ns(self) -> int | None: ...
    @property
    def update_id(self) -> int: ...
    @property
    def price_exponent(self) -> int: ...
    @property
    def quantity_exponent(self) -> int: ...
    @property
    def bids(self) -> list[tuple[int, int]]:
        """(price, quantity) mantissas, best first."""

    @property
    def asks(self) -> list[tuple[int, int]]: ...
    @property
    def received_ns(self) -> int | None: ...
    @property
    def event_unix_ns(self) -> int | None: ...
    @property
    def published_ns(self) -> int | None: ...

@final
class Books:
    """The table of a broadcast segment: the current top levels of every instrument."""

    @staticmethod
    def open(name: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Books: ...
    def __getitem__(self, symbol: str, /) -> Book: ...
    def __len__(self) -> int: ...
    def close(self) -> None: ...
    @property
    def symbols(self) -> list[str]: ...
    @property
    def state(self) -> str: ...
    @property
    def generation(self) -> int: ...

def segment_path(name: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> str:
    """The book segment that `name` means: demo is /dev/shm/tickwork-<uid>/demo/book.

    An absolute path is taken as it is (a directory means its `book`); `root` replaces
    /dev/shm/tickwork-<uid>.
    """

def inspect_segment(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Header, regions, cursors, readers, losses, ages of any segment; read-only."""

# -- text to records ------------------------------------------------------------------------------

class ParseRefused(Exception):
    """A payload became no record.

    `reason`: notUtf8, malformed, truncated, tooLarge, unknownType, unknownInstrument, badNumber,
    numberDoesNotFit or binary.
    """

    reason: str

@final
class Parser:
    """One venue's text to records; the same code as the normalizer's."""

    def __new__(
        cls,
        venue: str,
        instruments: Sequence[str],
        payload_bytes_max: int = 1048576,
        snapshot_limit: int = 1000,
    ) -> Parser: ...
    def parse(self, payload: Buffer, instrument: int = 65535, path: str = "both") -> bytes:
        """The record of a payload; empty for a message that is no market data.

        `instrument` is that of a snapshot, which carries no symbol. `path` is both, strict or
        tolerant; what the strict path hands over is then malformed. Raises ParseRefused.
        """

    def exponents(self) -> list[tuple[int, int]]:
        """Exponents of prices and quantities per instrument; they only grow finer."""

@final
class FrameOutlet:
    """Frames of all lines of one venue in, one stream of frame records out; never blocks.

    `writer` is a PipeWriter, or anything with its `try_send`; an error that it raises is raised
    here, except that a frame too long for the pipe is dropped and counted. `hold_ns` bounds how
    long a diff waits for the one before it. `tap`, of the same kind as `writer`, gets a copy of
    every frame before lines are merged; what it does not take is counted and nothing else.
    """

    def __new__(
        cls,
        writer: Any,
        venue: str,
        instruments: Sequence[str],
        lines: int,
        hold_ns: int,
        tap: Any | None = None,
    ) -> FrameOutlet: ...
    def on_frame(
        self,
        line: int,
        connection: int,
        kind: int,
        kernel_ns: int,
        received_ns: int,
        payload: Buffer,
        requested_ns: int = ...,
        correlation: int = 0,
        instrument: int = 65535,
    ) -> int:
        """Takes one frame; returns 0 forwarded, 1 duplicate, 2 held, 3 dropped, 4 late.

        `kind`: 0 text, 1 binary, 2 rest, 3 opened, 4 closed, 5 error. Absent stamps are
        -2**63. A connection event is never dropped while 64 of them have a place.
        """

    def tick(self, now_ns: int) -> None:
        """Lets go what was held too long; sends owed GAP records and connection events."""

    def reset(self) -> None:
        """Ends a Block: ids start anew, counts go on; what is held goes out."""

    def counters(self) -> dict[str, int]: ...
    def line_statistics(self) -> list[dict[str, Any]]:
        """Per line: connections, frames, wins, duplicates, late, held, dropped,
        serverShutdowns, and lead, a Histogram of its lead over the other copy.
        """

# -- kernels and loop -----------------------------------------------------------------------------

@disjoint_base
class Kernel:
    """A native kernel. Subclasses add constructor, counters and histograms."""

    def process(self, records: Buffer, inlet: int = 0) -> bytes:
        """Takes whole records; returns what was emitted on port 0."""

    def tick(self, now_ns: int) -> bytes: ...
    def take(self, port: int) -> bytes: ...
    def reset(self) -> None: ...
    def flush(self) -> None: ...
    def write_proof(self, path: str | os.PathLike[str]) -> None:
        """Begins the proof file of a Block; a kernel that proves nothing makes none."""

    @property
    def in_loop(self) -> bool: ...

@final
class NormalizerKernel(Kernel):
    """Frames in, records out at port 0."""

    def __new__(
        cls,
        venue: str,
        instruments: Sequence[str],
        payload_bytes_max: int = 1048576,
        snapshot_limit: int = 1000,
    ) -> NormalizerKernel: ...
    def counters(self) -> dict[str, int]:
        """Counts by name; `unparsed` is the sum of the `unparsed.<reason>`."""

    def histograms(self) -> list[Histogram]:
        """The hops `receive` and `parse`."""

    def unparsed(self) -> list[dict[str, Any]]:
        """The last 64 payloads that became no record, oldest first.

        Each: frameId, receivedNs, line, reason, length, excerpt (at most 256 bytes).
        """

@final
class PublisherKernel(Kernel):
    """Market records in, a broadcast segment out. Port 1: requests to the book."""

    def __new__(
        cls,
        path: str | os.PathLike[str],
        name: str,
        instruments: Sequence[tuple[str, int]],
        ring_slots: int,
        depth_bytes: int,
        table_levels: int,
    ) -> PublisherKernel: ...
    def counters(self) -> dict[str, int]: ...
    def histograms(self) -> list[Histogram]: ...
    def close(self) -> None:
        """Marks the end of the stream (a final Stop)."""

@final
class BookKernel(Kernel):
    """Market records in, the same and images out (port 0), requests upstream (port 1).

    Inlet 0: records; inlet 1: requests from the publisher. `instruments` are (symbol, venue
    id); an instrument's id is its index. `levels_max` bounds each side where the venue
    truncates its books (None: all levels are kept). Proof rows go to `proof_path`, if given.
    """

    def __new__(
        cls,
        instruments: Sequence[tuple[str, int]],
        depth: int,
        stale_after_ns: int,
        request_timeout_ns: int = 2_000_000_000,
        request_retry_ns: int = 100_000_000,
        buffered_deltas_max: int = 10_000,
        buffered_bytes_max: int = 16_777_216,
        levels_max: int | None = None,
        has_ticker_proof: bool = True,
        proof_path: str | os.PathLike[str] | None = None,
    ) -> BookKernel: ...
    def counters(self) -> dict[str, int]:
        """Sums over all instruments, by the names of the results; readable in a loop too."""

    def instrument_counters(self) -> list[dict[str, int]]: ...
    def resyncs_ns(self) -> list[int]:
        """How long each of the first 4,096 resyncs took."""

    def status(self) -> list[dict[str, Any]]:
        """Per instrument: instrument, state, stateSinceNs, updatedNs, updateId, bids, asks,
        bid, bidQuantity, ask, askQuantity, priceExponent, quantityExponent, buffered, failure.
        """

    def histograms(self) -> list[Histogram]:
        """The hop `book`, and `resync` (gap to LIVE)."""

    @property
    def proof_failure(self) -> str | None:
        """Why proof rows are lost, if they are."""

@final
class Audit:
    """Captures in, the proof of their books out (INTERFACES section 9)."""

    def __new__(cls, venue: str, keep_rows: bool = False) -> Audit: ...
    def expect(self, symbol: str) -> bool:
        """Makes room for an instrument before it appears; ids follow the order of the calls."""

    def feed(self, chunk: Buffer) -> None:
        """The next bytes of a capture, uncompressed; they may end anywhere."""

    def end_capture(self) -> bool:
        """Ends one capture; True when its last line was cut off."""

    def finish(self) -> dict[str, Any]:
        """What was found, by the keys of `audit --json`."""

    def rows(self) -> bytes:
        """Proof rows (64 bytes) of every applied update, instrument by instrument."""

@final
class NativeLoop:
    """Runs adjacent kernels in one native thread without the GIL.

    `nodes` are (kernel, inlets, outlets), in the order of flow; an outlet is a PipeWriter,
    ("direct", node, inlet) or None, one per port of the kernel.
    """

    def __new__(
        cls,
        nodes: Sequence[
            tuple[Kernel, Sequence[PipeReader], Sequence[PipeWriter | tuple[str, int, int] | None]]
        ],
        wait: str,
        name: str,
    ) -> NativeLoop: ...
    def start(self) -> None: ...
    def stop(self, drain_ns: int) -> int:
        """Reads the inlets empty, at most `drain_ns` long; returns the records left over."""

    def reset(self) -> None: ...
    def counters(self) -> dict[str, int]: ...
    @property
    def running(self) -> bool: ...
    @property
    def turns(self) -> int: ...
    @property
    def failure(self) -> str | None:
        """Why the loop ended by itself, if it did."""
