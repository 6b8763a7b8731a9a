"""HDR interval logs, version 2: reading them, and writing them for tests and tools.

The format is the one of HdrHistogram's log (https://github.com/HdrHistogram/HdrHistogram, "V2
encoding"): lines ``Tag=<name>,<start s>,<length s>,<max>,<base64>``; the payload is a zlib stream
of a header and of counts as ZigZag LEB128, where a negative number stands for so many empty
buckets. A histogram becomes a ``Distribution`` at once: highest equivalent values and their
counts, so that nothing behind this file knows buckets.
"""

import base64
import binascii
import dataclasses
import pathlib
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tickwork import errors

COMPRESSED_COOKIE = 0x1C849304
COOKIE = 0x1C849303
COOKIE_MASK = 0xFFFFFF0F
HEADER = struct.Struct(">iiiiqqd")
LEB_BYTES_MAX = 9
YEAR_SECONDS = 31_536_000.0

Int64s = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Distribution:
    """Recorded values: ``values`` ascending and distinct, ``counts`` positive, both int64."""

    values: Int64s
    counts: Int64s

    @property
    def count(self) -> int:
        """How many values were recorded."""
        return int(self.counts.sum())


EMPTY = Distribution(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclasses.dataclass(frozen=True)
class Interval:
    """One line of a log: what ``tag`` gained from ``start_unix_s`` on, for ``length_s``."""

    tag: str
    start_unix_s: float
    length_s: float
    distribution: Distribution


@dataclasses.dataclass(frozen=True)
class IntervalLog:
    """All whole lines of one file; ``torn`` counts lines that a dead writer left unfinished."""

    intervals: tuple[Interval, ...]
    torn: int


def read(path: pathlib.Path) -> IntervalLog:
    """Reads ``path``; raises ResultError when a line before the last is not a log's line."""
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.split("\n")
    intervals: list[Interval] = []
    base_s = start_s = 0.0
    torn = 0
    for number, line in enumerate(lines, 1):
        if line.startswith("#["):
            base_s = _header(line, "#[BaseTime:", base_s)
            start_s = _header(line, "#[StartTime:", start_s)
        elif line and not line.startswith(("#", '"StartTimestamp"')):
            try:
                intervals.append(_interval(line, base_s, start_s))
            except (ValueError, IndexError, zlib.error, struct.error, binascii.Error) as error:
                if number < len(lines):
                    text_ = f"{path.name}, line {number}, is no line of an HDR interval log."
                    raise errors.ResultError(text_, "Was the file changed?") from error
                torn += 1
    return IntervalLog(tuple(intervals), torn)


def _header(line: str, key: str, otherwise: float) -> float:
    return float(line[len(key) :].split(maxsplit=1)[0]) if line.startswith(key) else otherwise


def _interval(line: str, base_s: float, start_s: float) -> Interval:
    tag = ""
    if line.startswith("Tag="):
        tag, _, line = line[4:].partition(",")
    start, length, _, payload = line.split(",")
    at_s = float(start) + base_s
    if base_s == 0.0 and at_s < start_s - YEAR_SECONDS:
        at_s += start_s
    return Interval(tag, at_s, float(length), decode(base64.b64decode(payload, validate=True)))


def decode(compressed: bytes) -> Distribution:
    """Decodes one compressed V2 histogram; raises ValueError when it is none."""
    cookie, length = struct.unpack_from(">ii", compressed)
    if cookie & COOKIE_MASK != COMPRESSED_COOKIE & COOKIE_MASK:
        raise ValueError(f"cookie {cookie:#x} is not that of a compressed V2 histogram")
    raw = zlib.decompress(compressed[8 : 8 + length])
    cookie, payload, offset, digits, lowest, _, _ = HEADER.unpack_from(raw)
    if cookie & COOKIE_MASK != COOKIE & COOKIE_MASK or offset != 0:
        raise ValueError(f"cookie {cookie:#x}, offset {offset}: not a plain V2 histogram")
    indices, counts = _counts(raw[HEADER.size : HEADER.size + payload])
    return Distribution(_highest_equivalents(indices, digits, lowest), counts)


def _counts(payload: bytes) -> tuple[Int64s, Int64s]:
    """Returns bucket indices and counts of all buckets that are not empty."""
    indices: list[int] = []
    counts: list[int] = []
    index = 0
    for number in _zigzag(payload):
        if number < 0:
            index -= number
            continue
        if number > 0:
            indices.append(index)
            counts.append(number)
        index += 1
    return np.array(indices, np.int64), np.array(counts, np.int64)


def _zigzag(payload: bytes) -> Iterator[int]:
    """Yields the signed numbers of a ZigZag LEB128 stream; the ninth byte carries eight bits."""
    value = shift = size = 0
    for byte in payload:
        size += 1
        if size == LEB_BYTES_MAX:
            value |= byte << shift
        else:
            value |= (byte & 0x7F) << shift
            if byte & 0x80:
                shift += 7
                continue
        yield (value >> 1) ^ -(value & 1)
        value = shift = size = 0
    if size:
        raise ValueError("a number is cut off at the end")


def _highest_equivalents(indices: Int64s, digits: int, lowest: int) -> Int64s:
    """Returns the largest value that each bucket holds."""
    sub_buckets = 1 << (2 * 10**digits - 1).bit_length()
    half = sub_buckets // 2
    bucket = indices // half - 1
    sub = indices % half + half
    sub = np.where(bucket < 0, sub - half, sub)
    shift = np.maximum(bucket, 0) + (lowest.bit_length() - 1)
    highest: Int64s = ((sub + 1) << shift) - 1
    return highest


def merge(distributions: list[Distribution]) -> Distribution:
    """Returns one distribution of all values; equal values are added up."""
    filled = [each for each in distributions if len(each.values)]
    if not filled:
        return EMPTY
    values, places = np.unique(
        np.concatenate([each.values for each in filled]), return_inverse=True
    )
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, places, np.concatenate([each.counts for each in filled]))
    return Distribution(values, counts)
