"""Requests for snapshots, read from the records of an inlet."""

import dataclasses
import struct
from collections.abc import Iterator

HEADER_BYTES = 128
REQUEST = 8
FRAME = 1
TOP = 6
VENUE_SNAPSHOT = 0
ANY_INSTRUMENT = 0xFFFF

_COUNTS = struct.Struct("<II")
_WORD = struct.Struct("<I")
_HEADER = struct.Struct("<8xBBBBH")
_CORRELATION = struct.Struct("<Q")


@dataclasses.dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """A book wants the venue's snapshot; ``correlation`` comes back with the answer."""

    instrument: int
    correlation: int


def read(records: memoryview) -> Iterator[SnapshotRequest]:
    """Yields the requests for venue snapshots among ``records``; others are passed over.

    ``records`` holds whole padded records (layout: docs/reference/records.md).
    """
    at = 0
    while at + 64 <= len(records):
        kind, _, wanted, _, instrument = _HEADER.unpack_from(records, at)
        if kind == REQUEST and wanted == VENUE_SNAPSHOT:
            correlation = _CORRELATION.unpack_from(records, at + 120)[0]
            yield SnapshotRequest(instrument, correlation)
        at += _record_bytes(records, at, kind)


def _record_bytes(records: memoryview, at: int, kind: int) -> int:
    if kind == TOP:
        return 64
    if kind == FRAME:
        return 64 + _pad(_WORD.unpack_from(records, at + 36)[0])
    bids, asks = _COUNTS.unpack_from(records, at + 64)
    return _pad(HEADER_BYTES + 16 * (bids + asks))


def _pad(length: int) -> int:
    return (length + 63) & ~63
