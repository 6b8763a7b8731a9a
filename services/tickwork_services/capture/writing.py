"""Writes a recording: frames in, zstd out, once a second a whole zstd frame on the disk.

A crash leaves everything but the last second. A disk that is full ends the recording and nothing
else: what was written stays readable, the manifest says why it is partial.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Callable
from typing import Final

import zstandard

from tickwork import errors
from tickwork_services.capture import manifest, twr
from tickwork_services.record import frame

LEVEL: Final = 3
FLUSH_NS: Final = 1_000_000_000
FRAME_BYTES_MAX: Final = 8 << 20
"""Text that one zstd frame holds at most, whatever the clock says."""

RESERVE_BYTES: Final = 64 << 10
"""Room kept on the disk for the manifest, given back when the recording ends."""


class Stream:
    """What came over one connection, and how much of it is on the disk."""

    __slots__ = ("_kept", "bytes", "line", "payloads", "sha256")

    def __init__(self, line: int) -> None:
        self.line = line
        self.payloads = 0
        self.bytes = 0
        self.sha256 = hashlib.sha256()
        self._kept = (0, 0, self.sha256.copy())

    def add(self, payload: bytes) -> None:
        """Takes the next message."""
        self.payloads += 1
        self.bytes += len(payload)
        self.sha256.update(payload)

    def keep(self) -> None:
        """Notes that all of it is on the disk."""
        self._kept = (self.payloads, self.bytes, self.sha256.copy())

    def take_back(self) -> None:
        """Goes back to what is on the disk."""
        self.payloads, self.bytes, self.sha256 = self._kept


@dataclasses.dataclass(slots=True)
class Count:
    """How much was recorded, and over which time."""

    frames: int = 0
    payload_bytes: int = 0
    first_unix_ns: int | None = None
    last_unix_ns: int | None = None


class RecordingWriter:
    """One recording, from its first line to its manifest; one thread.

    Raises InputError where the file cannot be made or is there already. Afterwards nothing raises:
    ``reason`` says why the recording ended before its time, and ``unrecorded`` counts from then.
    """

    def __init__(self, path: pathlib.Path, head: twr.Head, now_ns: Callable[[], int]) -> None:
        self.path = path
        self.reason: str | None = None
        self.count = Count()
        self.dropped = 0
        self.unrecorded = 0
        self._kept = Count()
        self._streams: dict[int, Stream] = {}
        self._sum = hashlib.sha256()
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._packed: list[bytes] = []
        self._text_bytes = 0
        self.file_bytes = 0
        self._now_ns = now_ns
        self._flushed_ns = now_ns()
        self._reserve = path.with_name(path.name + ".reserve")
        self._descriptor = self._make()
        self._object = self._compressor.compressobj()
        self._write(head.to_line())
        self.flush()
        self._write_manifest("recording")

    def add(self, entry: twr.Entry) -> None:
        """Takes the next frame."""
        if self.reason is not None:
            self.unrecorded += 1
            return
        count, stamp = self.count, entry.received_unix_ns
        count.frames += 1
        count.first_unix_ns = stamp if count.first_unix_ns is None else count.first_unix_ns
        count.last_unix_ns = stamp
        if entry.kind in (frame.TEXT, frame.BINARY):
            stream = self._streams.get(entry.connection)
            if stream is None:
                stream = self._streams[entry.connection] = Stream(entry.line or 0)
            stream.add(entry.payload)
            count.payload_bytes += len(entry.payload)
        self._write(entry.to_line())

    def note_dropped(self, frames: int) -> None:
        """Notes that ``frames`` frames before the next one had no room on their way here."""
        self.dropped += frames

    def tick(self) -> None:
        """Flushes what is due."""
        due = self._now_ns() - self._flushed_ns >= FLUSH_NS
        if self._text_bytes and (due or self._text_bytes >= FRAME_BYTES_MAX):
            self.flush()

    def flush(self) -> None:
        """Ends the zstd frame and brings it to the disk, whole or not at all."""
        if self.reason is not None:
            return
        self._packed.append(self._object.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
        data = b"".join(self._packed)
        self._packed.clear()
        self._text_bytes = 0
        self._object = self._compressor.compressobj()
        self._flushed_ns = self._now_ns()
        try:
            _write_all(self._descriptor, data)
        except OSError as error:
            self._end(f"{error.strerror or error} while writing {self.path}")
            return
        self._sum.update(data)
        self.file_bytes += len(data)
        self._kept = dataclasses.replace(self.count)
        for each in self._streams.values():
            each.keep()

    def close(self) -> None:
        """Ends the recording: the last frame, the checksum, the manifest; legal once more."""
        if self._descriptor < 0:
            return
        if self._text_bytes:
            self.flush()
        os.close(self._descriptor)
        self._descriptor = -1
        self._finish()

    @property
    def status(self) -> manifest.Status:
        """``recording``, ``complete`` or ``partial``."""
        if self.reason is not None or self.dropped:
            return "partial"
        return "recording" if self._descriptor >= 0 else "complete"

    def connections(self) -> tuple[manifest.Connection, ...]:
        """Returns what came over each connection."""
        return tuple(
            manifest.Connection(id_, each.line, each.payloads, each.bytes, each.sha256.hexdigest())
            for id_, each in sorted(self._streams.items())
        )

    def _make(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise errors.InputError(
                f"Making the recording {self.path}: {error.strerror or error}.",
                "Give a file that does not exist yet, in a directory that you may write.",
            ) from error
        with contextlib.suppress(OSError), self._reserve.open("wb") as reserve:
            os.posix_fallocate(reserve.fileno(), 0, RESERVE_BYTES)
        return descriptor

    def _write(self, line: bytes) -> None:
        self._text_bytes += len(line)
        packed = self._object.compress(line)
        if packed:
            self._packed.append(packed)

    def _end(self, reason: str) -> None:
        """Closes the recording before its time; what is not on the disk is taken back."""
        self.reason = reason
        self.unrecorded += self.count.frames - self._kept.frames
        self.count = self._kept
        for each in self._streams.values():
            each.take_back()
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self.file_bytes)
        self._finish()

    def _finish(self) -> None:
        self._reserve.unlink(missing_ok=True)
        try:
            sums = manifest.sum_beside(self.path)
            sums.write_text(f"{self._sum.hexdigest()}  {self.path.name}\n", encoding="ascii")
            self._write_manifest(self.status, self._sum.hexdigest())
        except OSError as error:
            self.reason = self.reason or f"its manifest: {error.strerror or error}"

    def _write_manifest(self, status: manifest.Status, sha256: str | None = None) -> None:
        reason = self.reason
        if reason is None and self.dropped:
            reason = f"{self.dropped} frames had no room on their way to the recorder"
        content = manifest.Manifest(
            status=status,
            reason=reason,
            frames=self.count.frames,
            dropped=self.dropped,
            unrecorded=self.unrecorded,
            payload_bytes=self.count.payload_bytes,
            first_unix_ns=self.count.first_unix_ns,
            last_unix_ns=self.count.last_unix_ns,
            file_bytes=self.file_bytes,
            sha256=sha256,
            connections=self.connections(),
        )
        path = manifest.beside(self.path)
        part = path.with_name(path.name + ".part")
        part.write_text(content.to_json(), encoding="utf-8")
        part.replace(path)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
