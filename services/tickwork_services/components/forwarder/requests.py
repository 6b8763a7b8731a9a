"""Requests for snapshots, read from the records of an inlet."""

import dataclasses
import struct
from collections.abc import Iterator

from tickwork_services.record import layout

VENUE_SNAPSHOT = 0

_HEADER = struct.Struct("<8xBxBxH")
_CORRELATION = struct.Struct("<Q")


@dataclasses.dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """A book wants the venue's snapshot; ``correlation`` comes back with the answer."""

    instrument: int
    correlation: int


def read(records: memoryview) -> Iterator[SnapshotRequest]:
    """Yields the requests for venue snapshots among ``records``; others are passed over.

    Raises RecordError for a batch that is cut or holds what is no record.
    """
    for record in layout.split(records):
        kind, wanted, instrument = _HEADER.unpack_from(record)
        if kind == layout.REQUEST and wanted == VENUE_SNAPSHOT:
            yield SnapshotRequest(instrument, _CORRELATION.unpack_from(record, 120)[0])
