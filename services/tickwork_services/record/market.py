"""Market records (snapshot, delta, ticker, trade, status, request) and tops as Python values.

``Market`` and ``Top`` hold the fields of one record under the names of the layout; ``read_*`` takes
them out of bytes, ``to_bytes`` writes them. No NumPy: readers of many records use the native wing.
"""

import dataclasses
import struct

from tickwork_services.record import layout

_HEADER = struct.Struct("<QBBBBHbbQQQqqqIIHHIQqqqqQ")
_LEVEL = struct.Struct("<qq")
_TOP = struct.Struct("<QBBHIQqqqqq")
HEADER_BYTES = _HEADER.size
LATENCY_MORE = 0xFFFFFFFF

Level = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Market:
    """One market record; prices and quantities are mantissas, stamps CLOCK_MONOTONIC_RAW."""

    type: int
    venue: int = 0
    state: int = layout.EMPTY
    flags: int = 0
    instrument: int = layout.ANY_INSTRUMENT
    price_exponent: int = 0
    quantity_exponent: int = 0
    first: int = 0
    last: int = 0
    previous: int = 0
    event_unix_ns: int = layout.ABSENT
    match_unix_ns: int = layout.ABSENT
    received_ns: int = layout.ABSENT
    line: int = 0
    connection: int = 0
    frame_id: int = 0
    kernel_ns: int = layout.ABSENT
    parsed_ns: int = layout.ABSENT
    booked_ns: int = layout.ABSENT
    published_ns: int = layout.ABSENT
    correlation: int = 0
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    sequence: int = 0

    def to_bytes(self) -> bytes:
        """Returns the record's layout, padded to 64 bytes."""
        header = _HEADER.pack(
            self.sequence,
            self.type,
            self.venue,
            self.state,
            self.flags,
            self.instrument,
            self.price_exponent,
            self.quantity_exponent,
            self.first,
            self.last,
            self.previous,
            self.event_unix_ns,
            self.match_unix_ns,
            self.received_ns,
            len(self.bids),
            len(self.asks),
            self.line,
            0,
            self.connection,
            self.frame_id,
            self.kernel_ns,
            self.parsed_ns,
            self.booked_ns,
            self.published_ns,
            self.correlation,
        )
        levels = b"".join(_LEVEL.pack(*level) for level in (*self.bids, *self.asks))
        whole = header + levels
        return whole.ljust(layout.pad_length(len(whole)), b"\0")


def read_market(data: bytes | bytearray | memoryview, offset: int = 0) -> Market:
    """Returns the market record at ``offset``. Raises RecordError for another type or a cut."""
    length = layout.record_length(data, offset)
    kind = data[offset + 8]
    if kind in (layout.FRAME, layout.TOP) or offset + length > len(data):
        raise layout.RecordError(f"type {kind}, {length} bytes, is no whole market record", offset)
    head = _HEADER.unpack_from(data, offset)
    bids, asks = head[14], head[15]
    at = offset + HEADER_BYTES
    levels = tuple(_LEVEL.iter_unpack(memoryview(data)[at : at + 16 * (bids + asks)]))
    return Market(
        sequence=head[0],
        type=head[1],
        venue=head[2],
        state=head[3],
        flags=head[4],
        instrument=head[5],
        price_exponent=head[6],
        quantity_exponent=head[7],
        first=head[8],
        last=head[9],
        previous=head[10],
        event_unix_ns=head[11],
        match_unix_ns=head[12],
        received_ns=head[13],
        line=head[16],
        connection=head[18],
        frame_id=head[19],
        kernel_ns=head[20],
        parsed_ns=head[21],
        booked_ns=head[22],
        published_ns=head[23],
        correlation=head[24],
        bids=levels[:bids],
        asks=levels[bids:],
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Top:
    """The best bid and ask of one instrument; ``latency_ns`` is received to published."""

    sequence: int = 0
    state: int = layout.EMPTY
    instrument: int = 0
    latency_ns: int = LATENCY_MORE
    update_id: int = 0
    bid: int = layout.ABSENT
    bid_quantity: int = 0
    ask: int = layout.ABSENT
    ask_quantity: int = 0
    published_ns: int = layout.ABSENT

    @property
    def received_ns(self) -> int:
        """The stamp of arrival; ABSENT where the latency did not fit its field."""
        if self.latency_ns == LATENCY_MORE or self.published_ns == layout.ABSENT:
            return layout.ABSENT
        return self.published_ns - self.latency_ns

    def to_bytes(self) -> bytes:
        """Returns the 64 bytes of the record."""
        return _TOP.pack(
            self.sequence,
            layout.TOP,
            self.state,
            self.instrument,
            self.latency_ns,
            self.update_id,
            self.bid,
            self.bid_quantity,
            self.ask,
            self.ask_quantity,
            self.published_ns,
        )


def read_top(data: bytes | bytearray | memoryview, offset: int = 0) -> Top:
    """Returns the top at ``offset``. Raises RecordError for another type."""
    if layout.record_length(data, offset) != _TOP.size or data[offset + 8] != layout.TOP:
        raise layout.RecordError(f"type {data[offset + 8]} is no top", offset)
    head = _TOP.unpack_from(data, offset)
    return Top(head[0], *head[2:])


def instrument_of_top(record: bytes | bytearray | memoryview) -> int:
    """Returns the instrument of one top without reading the rest of it."""
    return record[10] | record[11] << 8


def make_stale_status(instrument: int = layout.ANY_INSTRUMENT) -> bytes:
    """Returns the record that an inlet delivers once when its writer has died."""
    return Market(layout.STATUS, state=layout.STALE, instrument=instrument).to_bytes()
