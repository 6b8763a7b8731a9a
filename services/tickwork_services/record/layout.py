"""What all records share: types, states, flags, and where one record ends.

The layout is INTERFACES section 5 to the byte: little endian, padded to 64 bytes, never split.
"""

import struct
from collections.abc import Iterator

ALIGN_BYTES = 64
MARKET_HEADER_BYTES = 128
ABSENT = -(1 << 63)
ANY_INSTRUMENT = 0xFFFF

FRAME, SNAPSHOT, DELTA, TICKER, TRADE, TOP, STATUS, REQUEST, PAD = 1, 2, 3, 4, 5, 6, 7, 8, 255
TYPE_NAMES = {
    FRAME: "frame",
    SNAPSHOT: "snapshot",
    DELTA: "delta",
    TICKER: "ticker",
    TRADE: "trade",
    TOP: "top",
    STATUS: "status",
    REQUEST: "request",
}
TYPES = {name: value for value, name in TYPE_NAMES.items()}

EMPTY, SYNCING, LIVE, GAP, STALE, CLOSED = range(6)
STATE_NAMES = ("EMPTY", "SYNCING", "LIVE", "GAP", "STALE", "CLOSED")

VENUE_IDS = {"binance-spot": 1, "binance-usdm": 2}

FLAG_IMAGE = 1
FLAG_FINAL = 4
FLAG_TRUNCATED = 8

_LENGTH_AT_36 = struct.Struct("<I").unpack_from
_LEVELS_AT_64 = struct.Struct("<II").unpack_from


class RecordError(ValueError):
    """Bytes cannot be a record; ``offset`` says where in the batch."""

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(f"Reading a record at byte {offset}: {text}")
        self.offset = offset


def pad_length(length: int) -> int:
    """Returns ``length`` raised to the next multiple of 64."""
    return (length + ALIGN_BYTES - 1) & -ALIGN_BYTES


def record_length(data: bytes | bytearray | memoryview, offset: int = 0) -> int:
    """Returns the padded length of the record at ``offset``, from its header alone.

    Raises RecordError for a type that does not exist or a header that is cut.
    """
    if len(data) - offset < ALIGN_BYTES:
        raise RecordError(f"{len(data) - offset} bytes are no header", offset)
    kind = data[offset + 8]
    if kind == TOP:
        return ALIGN_BYTES
    if kind == FRAME:
        return ALIGN_BYTES + pad_length(_LENGTH_AT_36(data, offset + 36)[0])
    if kind in TYPE_NAMES:
        if len(data) - offset < MARKET_HEADER_BYTES:
            raise RecordError(f"{len(data) - offset} bytes are no market header", offset)
        bids, asks = _LEVELS_AT_64(data, offset + 64)
        return pad_length(128 + 16 * (bids + asks))
    raise RecordError(f"type {kind} does not exist", offset)


def split(data: bytes | bytearray | memoryview) -> Iterator[memoryview]:
    """Yields every record of a batch as a view. Raises RecordError for a cut or wrong one."""
    view = memoryview(data)
    offset = 0
    while offset < len(view):
        length = record_length(view, offset)
        if offset + length > len(view):
            raise RecordError(f"{length} bytes are announced, {len(view) - offset} there", offset)
        yield view[offset : offset + length]
        offset += length


def length_of(data: bytes | bytearray | memoryview, records: int) -> int:
    """Returns how many bytes the first ``records`` records of a batch take."""
    offset = 0
    for _ in range(records):
        offset += record_length(data, offset)
    return offset
