"""Opens any capture that is understood: ours with its head, other people's line by line.

Forms without a head: ``<ns> <payload>``, ``<seconds>: <payload>``, bare JSON lines, and connection
events (``wss…``, ``http…``), which are passed over.
"""

import dataclasses
import pathlib
import re
from collections.abc import Iterator
from typing import Final

from tickwork import errors
from tickwork_services.capture import manifest, reading, twr
from tickwork_services.record import frame

LINE_BYTES_MAX: Final = 64 << 20
_SECONDS = re.compile(rb"^(\d{1,12})(?:\.(\d{1,18}))?: (.*)$", re.DOTALL)
_FETCHED = re.compile(rb"^http\S* -> (.*)$", re.DOTALL)
_NANOSECONDS = re.compile(rb"^(\d{1,19}) (\D.*)$", re.DOTALL)


@dataclasses.dataclass(slots=True)
class Capture:
    """One capture: its head (None in other people's forms) and what was unreadable so far."""

    path: pathlib.Path
    head: twr.Head | None
    is_whole: bool
    unreadable: int = 0

    def entries(self) -> Iterator[twr.Entry]:
        """Yields every line in order.

        Raises CaptureError where the capture is damaged; one that its manifest calls unfinished
        is read as far as it goes.
        """
        lines = _lines(self.path, is_whole=self.is_whole)
        if self.head is not None:
            next(lines)
        read = twr.read_entry if self.head is not None else read_foreign
        for line in lines:
            entry = read(line)
            if entry is not None:
                yield entry
            elif line.strip() and not line.startswith((b"ws", b"http")):
                self.unreadable += 1


def open_capture(path: pathlib.Path) -> Capture:
    """Returns the capture in ``path``; raises CaptureError where it is none or of no version."""
    is_whole = manifest.is_whole(path)
    first = next(_lines(path, is_whole=is_whole), b"")
    head = twr.read_head(first, str(path)) if twr.is_head(first) else None
    return Capture(path, head, is_whole)


def read_foreign(line: bytes) -> twr.Entry | None:
    """Returns one line of another form; None where it is none, or a connection event."""
    line = line.strip()
    if line.startswith((b"{", b"[")):
        return twr.Entry(None, 0, frame.TEXT, line)
    if (found := _NANOSECONDS.match(line)) is not None:
        return twr.Entry(int(found.group(1)), 0, frame.TEXT, found.group(2))
    fetched = _FETCHED.match(line)
    found = _SECONDS.match(fetched.group(1) if fetched else line)
    if found is None:
        return None
    fraction = (found.group(2) or b"")[:9].ljust(9, b"0")
    received_ns = int(found.group(1)) * 1_000_000_000 + int(fraction)
    return twr.Entry(received_ns, 0, frame.REST if fetched else frame.TEXT, found.group(3))


def _lines(path: pathlib.Path, *, is_whole: bool) -> Iterator[bytes]:
    """Yields whole lines without their newline; an unfinished file ends where it ends."""
    rest, is_ours = b"", None
    try:
        for chunk in reading.read_chunks(path):
            *lines, rest = (rest + chunk).split(b"\n")
            is_ours = twr.is_head((*lines, rest)[0]) if is_ours is None else is_ours
            yield from lines
            if len(rest) > LINE_BYTES_MAX:
                break
    except errors.CaptureError as error:
        if is_whole or not isinstance(error.__cause__, EOFError):
            raise
        return
    if len(rest) > LINE_BYTES_MAX:
        raise errors.CaptureError(
            f"Reading {path}: a line is longer than {LINE_BYTES_MAX} bytes.",
            "Give a capture with one message a line.",
        )
    if rest and is_whole and (is_ours or not rest.rstrip().endswith((b"}", b"]"))):
        raise errors.CaptureError(
            f"Reading {path}: its last line is cut off.",
            "Copy it again, or remove the last line and use what is left.",
        )
    if rest and is_whole:
        yield rest
