"""Frames: what arrived from a venue, whole, with the stamps of its arrival."""

import dataclasses
import struct

from tickwork_services.record import layout

_HEADER = struct.Struct("<QBBBBHHqqIIqQQ")
HEADER_BYTES = _HEADER.size
KIND_NAMES = ("text", "binary", "rest", "opened", "closed", "error")
TEXT, BINARY, REST, OPENED, CLOSED, ERROR = range(6)
FLAG_NO_LINE_LEFT = 1
FLAG_LINE_MERGED = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One frame or connection event; stamps are CLOCK_MONOTONIC_RAW, ABSENT where unknown."""

    payload: bytes
    venue: int = 0
    kind: int = TEXT
    flags: int = 0
    instrument: int = layout.ANY_INSTRUMENT
    line: int = 0
    kernel_ns: int = layout.ABSENT
    received_ns: int = layout.ABSENT
    connection: int = 0
    requested_ns: int = layout.ABSENT
    correlation: int = 0
    frame_id: int = 0
    sequence: int = 0

    def to_bytes(self) -> bytes:
        """Returns header and payload, padded to 64 bytes."""
        header = _HEADER.pack(
            self.sequence,
            layout.FRAME,
            self.venue,
            self.kind,
            self.flags,
            self.instrument,
            self.line,
            self.kernel_ns,
            self.received_ns,
            self.connection,
            len(self.payload),
            self.requested_ns,
            self.correlation,
            self.frame_id,
        )
        whole = header + self.payload
        return whole.ljust(layout.pad_length(len(whole)), b"\0")


def read_frame(data: bytes | bytearray | memoryview, offset: int = 0) -> Frame:
    """Returns the frame at ``offset``. Raises RecordError for another type or a cut payload."""
    length = layout.record_length(data, offset)
    if data[offset + 8] != layout.FRAME or offset + length > len(data):
        raise layout.RecordError(f"type {data[offset + 8]} is no whole frame", offset)
    head = _HEADER.unpack_from(data, offset)
    payload = bytes(data[offset + HEADER_BYTES : offset + HEADER_BYTES + head[10]])
    return Frame(
        payload=payload,
        sequence=head[0],
        venue=head[2],
        kind=head[3],
        flags=head[4],
        instrument=head[5],
        line=head[6],
        kernel_ns=head[7],
        received_ns=head[8],
        connection=head[9],
        requested_ns=head[11],
        correlation=head[12],
        frame_id=head[13],
    )
