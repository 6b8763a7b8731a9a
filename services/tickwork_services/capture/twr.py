"""Our own form of recording, ``.twr``: one JSON line, then a line for each frame.

``<received_unix_ns> <connection> <kind> <payload>``. The kind is that of the frame (text, binary,
rest, opened, closed, error); behind a colon stands what the payload does not say: the symbol of a
REST answer, the number of the line of a connection event. ``+base64`` marks a payload that holds a
newline. The first line tells venue, instruments, origin, version and the map from the recorder's
monotonic clock to Unix time, so that every stamp can be turned back to the nanosecond.
"""

import base64
import binascii
import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from tickwork import errors
from tickwork_services.record import frame

VERSION: Final = 1
VERSION_KEY: Final = "twr"
SUFFIX: Final = ".twr"
PACKED: Final = b"+base64"
EVENTS: Final = frozenset({frame.OPENED, frame.CLOSED, frame.ERROR})
KINDS: Final = {name.encode(): kind for kind, name in enumerate(frame.KIND_NAMES)}
_NAMES: Final = tuple(name.encode() for name in frame.KIND_NAMES)


@dataclasses.dataclass(frozen=True, slots=True)
class Clock:
    """``unix = mono + offset_ns``, wrong by at most ``bound_ns`` when the recording began."""

    offset_ns: int
    bound_ns: int


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """The first line. ``lines`` and ``hold_ns`` are those of whoever merged the lines.

    ``origin`` says where it was recorded: texts by name.
    """

    venue: str
    instruments: tuple[str, ...]
    origin: Mapping[str, str]
    clock: Clock
    lines: int
    hold_ns: int

    def to_line(self) -> bytes:
        """Returns the first line with its newline."""
        content = {
            VERSION_KEY: VERSION,
            "venue": self.venue,
            "instruments": list(self.instruments),
            "origin": dict(self.origin),
            "clock": {"offsetNs": self.clock.offset_ns, "boundNs": self.clock.bound_ns},
            "lines": self.lines,
            "holdNs": self.hold_ns,
        }
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One line: a frame or a connection event.

    ``received_unix_ns`` is None where the form has no stamps. ``symbol`` is whose REST answer it
    is, ``line`` which line of the forwarder; None where the form does not say it.
    """

    received_unix_ns: int | None
    connection: int
    kind: int
    payload: bytes
    symbol: str | None = None
    line: int | None = None

    def to_line(self) -> bytes:
        """Returns the line with its newline."""
        kind, payload = _NAMES[self.kind], self.payload
        if self.symbol is not None:
            kind += b":" + self.symbol.encode()
        elif self.kind in EVENTS and self.line is not None:
            kind += b":%d" % self.line
        if b"\n" in payload or b"\r" in payload:
            kind, payload = kind + PACKED, base64.b64encode(payload)
        return b"%d %d %b %b\n" % (self.received_unix_ns or 0, self.connection, kind, payload)


def is_head(line: bytes) -> bool:
    """Says whether a first line is one of ours, of whatever version."""
    return line.startswith(b"{") and b'"%b"' % VERSION_KEY.encode() in line[:64]


def read_head(line: bytes, where: str) -> Head:
    """Returns the first line; raises CaptureError for another version or a damaged one."""
    try:
        content = json.loads(line)
        version = content[VERSION_KEY]
        if version != VERSION:
            raise errors.CaptureError(
                f"Reading {where}: it is a recording of version {version!r};"
                f" this program reads version {VERSION}.",
                "Read it with the Tickwork that wrote it, or a newer one.",
            )
        return _head(content)
    except (ValueError, KeyError, TypeError) as error:
        raise errors.CaptureError(
            f"Reading {where}: its first line is damaged ({error!r}).",
            "Copy it again from where it was recorded.",
        ) from error


def _head(content: Mapping[str, Any]) -> Head:
    clock = content["clock"]
    return Head(
        venue=str(content["venue"]),
        instruments=tuple(str(each) for each in content["instruments"]),
        origin={str(name): str(value) for name, value in content["origin"].items()},
        clock=Clock(int(clock["offsetNs"]), int(clock["boundNs"])),
        lines=int(content["lines"]),
        hold_ns=int(content["holdNs"]),
    )


def read_entry(line: bytes) -> Entry | None:
    """Returns one line without its newline; None where it is none of this form."""
    parts = line.split(b" ", 3)
    if len(parts) < 3:
        return None
    received, connection, kind_words = parts[:3]
    payload = parts[3] if len(parts) == 4 else b""
    kind_words, packed, _ = kind_words.partition(PACKED)
    name, _, word = kind_words.partition(b":")
    kind = KINDS.get(name)
    if kind is None or not (received.isdigit() and connection.isdigit()):
        return None
    if packed:
        try:
            payload = base64.b64decode(payload, validate=True)
        except binascii.Error:
            return None
    on_line = int(word) if kind in EVENTS and word.isdigit() else None
    symbol = word.decode("ascii", "replace") if word and kind not in EVENTS else None
    return Entry(int(received), int(connection), kind, payload, symbol, on_line)
