"""The layout's second implementation: ``mmap`` and ``struct`` alone.

Here: top, depth, table and pipe of a segment as ``docs/reference/records.md`` describes them,
without the native module. For readers in other languages to compare with, and for looking into a
segment where nothing native is installed; not fast. CPython copies whole aligned words, which is
what the protocol asks for; there are no fences in Python, so torn copies are found by their
sequence on machines that keep stores in order, and by a second look elsewhere.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tickwork_native import layout

_MAGIC: Final = b"TICKWRK1"
_MAJOR: Final = 1
_BYTE_ORDER: Final = 0x01020304
_PAD: Final = 255
_FRAME, _TOP = 1, 6
_HEADER: Final = struct.Struct("<8sIHHIIQQQ16sqqIHHII32s")
_REGION: Final = struct.Struct("<HHIQQQQII16x")
_INSTRUMENT: Final = struct.Struct("<HBbbBH48sQ")
_ENTRY: Final = struct.Struct("<QHBBHHQ")
_STAMPS: Final = struct.Struct("<qqqqq")
_KINDS: Final = {1: "top", 2: "depth", 3: "table", 4: "pipe"}
_LOOKS: Final = 1000


class LayoutError(Exception):
    """The file is no segment, or one of another version; the text says which."""


class Region(NamedTuple):
    """One region: its kind, the bytes of a slot, their number, and where it lies."""

    kind: str
    slot_size: int
    slots: int
    control_at: int
    at: int
    size: int


class Instrument(NamedTuple):
    """One instrument; exponents are -128 while nobody has said them."""

    id: int
    venue: int
    price_exponent: int
    quantity_exponent: int
    name: str


class Entry(NamedTuple):
    """One book of the table; levels are (price, quantity) mantissas, best first."""

    instrument: int
    state: int
    flags: int
    update_id: int
    state_since_ns: int
    updated_ns: int
    received_ns: int
    event_unix_ns: int
    published_ns: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class Segment:
    """A segment, mapped read-only."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Maps the file and checks its header; raises LayoutError, OSError."""
        with open(path, "rb") as file:  # noqa: PTH123  a path may be any PathLike
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        (
            magic, _header_size, major, _minor, order, self.page_size, self.schema_id,
            self.generation, size, self.boot_id, self.created_unix_ns, self.created_ns, self.pid,
            regions, instruments, regions_at, instruments_at, name,
        ) = _HEADER.unpack_from(self._map)  # fmt: skip
        if magic != _MAGIC:
            raise LayoutError(f"Reading {path}: it begins with {magic!r}, so it is no segment.")
        if (major, order) != (_MAJOR, _BYTE_ORDER):
            raise LayoutError(
                f"Reading {path}: layout version {major} with byte order {order:#x}; this reader "
                f"knows version {_MAJOR}, little endian."
            )
        if size != len(self._map):
            raise LayoutError(f"Reading {path}: {len(self._map)} bytes instead of {size}.")
        self.name = name.rstrip(b"\0").decode()
        self.regions = {
            region.kind: region
            for region in (self._region(regions_at + 64 * index) for index in range(regions))
        }
        self.instruments = [
            self._instrument(instruments_at + 64 * index) for index in range(instruments)
        ]

    def close(self) -> None:
        """Unmaps the file."""
        self._map.close()

    @property
    def state(self) -> int:
        """0 starting, 1 live, 2 draining, 3 closed, 4 moved."""
        return self._u32(136)

    @property
    def heartbeat_ns(self) -> int:
        """The writer's last heartbeat, monotonic raw."""
        return int(struct.unpack_from("<q", self._map, 128)[0])

    def read_tops(self) -> list[bytes]:
        """Returns the records of the top ring that are whole now, oldest first."""
        region = self.regions["top"]
        newest = self._u64(region.control_at + 8)
        records = []
        for sequence in range(max(1, newest - region.slots + 1), newest + 1):
            at = region.at + 64 * ((sequence - 1) % region.slots)
            record = self._map[at : at + 64]
            if self._u64(at) == sequence == int.from_bytes(record[:8], "little"):
                records.append(record)
        return records

    def read_depth(self) -> list[bytes]:
        """Returns the records of the depth ring that are whole now, oldest first."""
        region = self.regions["depth"]
        committed = self._u64(region.control_at + 8)
        # The beginning of a lap is the beginning of a record: from there on all can be walked.
        lap = committed - committed % region.size
        records = list(self._walk(region, lap, committed))
        announced = self._u64(region.control_at)
        return records if announced <= lap + region.size else []

    def read_pipe(self) -> list[bytes]:
        """Returns the records that were sent and not read yet; changes nothing."""
        region = self.regions["pipe"]
        cursor = self._u64(region.control_at + 128)
        return list(self._walk(region, cursor, self._u64(region.control_at + 8)))

    def read_table(self) -> list[Entry]:
        """Returns every book in one consistent look each; raises LayoutError for a torn one."""
        region = self.regions["table"]
        return [
            self._entry(region.at + index * region.slot_size, region.slot_size)
            for index in range(region.slots)
        ]

    def _walk(self, region: Region, position: int, committed: int) -> Iterator[bytes]:
        while position < committed:
            at = region.at + position % region.size
            length = record_length(self._map[at : at + 128])
            if length <= 0 or length % 64 or position + length > committed:
                raise LayoutError(f"Position {position} of {region.kind} holds no record.")
            if self._map[at + 8] != _PAD:
                yield self._map[at : at + length]
            position += length

    def _entry(self, at: int, size: int) -> Entry:
        for _ in range(_LOOKS):
            lock = self._u64(at)
            body = self._map[at : at + size]
            if lock % 2 == 0 and self._u64(at) == lock:
                return _parse_entry(body)
        raise LayoutError(f"The table's entry at byte {at} is being written and never finished.")

    def _region(self, at: int) -> Region:
        kind, _flags, slot_size, slots, control_at, start, size, _schema, _version = (
            _REGION.unpack_from(self._map, at)
        )
        return Region(_KINDS[kind], slot_size, slots, control_at, start, size)

    def _instrument(self, at: int) -> Instrument:
        id_, venue, price, quantity, length, _, name, _ = _INSTRUMENT.unpack_from(self._map, at)
        return Instrument(id_, venue, price, quantity, name[:length].decode())

    def _u64(self, at: int) -> int:
        return int(struct.unpack_from("<Q", self._map, at)[0])

    def _u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self._map, at)[0])


def record_length(header: bytes) -> int:
    """Returns the padded length of the record that begins with ``header``; 0 for none."""
    kind = header[8]
    if kind == _PAD:
        return int(struct.unpack_from("<I", header, 12)[0])
    if kind == _TOP:
        return layout.TOP_LEN
    if kind == _FRAME:
        payload = int(struct.unpack_from("<I", header, 36)[0])
        return layout.FRAME_HEADER_LEN + _pad64(payload)
    if kind in range(2, 9):
        bids, asks = struct.unpack_from("<II", header, 64)
        return _pad64(layout.MARKET_HEADER_LEN + layout.LEVEL_LEN * (bids + asks))
    return 0


def read_fields(record: bytes, fields: layout.Fields) -> dict[str, int]:
    """Returns the fields of a record's header by name."""
    codes = {"u1": "B", "i1": "b", "<u2": "<H", "<u4": "<I", "<u8": "<Q", "<i8": "<q"}
    return {name: struct.unpack_from(codes[code], record, at)[0] for name, code, at in fields}


def read_levels(record: bytes) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Returns bids and asks of a market record as (price, quantity) mantissas."""
    bids, asks = struct.unpack_from("<II", record, 64)
    return _levels(record, layout.MARKET_HEADER_LEN, bids, asks)


def _levels(
    data: bytes, at: int, bids: int, asks: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    pairs = list(struct.iter_unpack("<qq", data[at : at + layout.LEVEL_LEN * (bids + asks)]))
    return pairs[:bids], pairs[bids:]


def _parse_entry(body: bytes) -> Entry:
    _, instrument, state, flags, bids, asks, update_id = _ENTRY.unpack_from(body)
    since, updated, received, event, published = _STAMPS.unpack_from(body, _ENTRY.size)
    sides = _levels(body, _ENTRY.size + _STAMPS.size, bids, asks)
    return Entry(
        instrument, state, flags, update_id, since, updated, received, event, published, *sides
    )


def _pad64(length: int) -> int:
    return (length + 63) & ~63
