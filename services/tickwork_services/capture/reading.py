"""A capture's bytes in chunks, unpacked; a broken one is a clear error, never a short read.

What a capture is packed in is told by its first bytes, not by its name. Where a file of the
same name with ``.sha256`` lies beside it (the form of ``sha256sum``), it has to agree.
"""

import contextlib
import gzip
import hashlib
import io
import pathlib
import typing
import zlib
from collections.abc import Iterator

import zstandard

from tickwork import errors

CHUNK_BYTES: typing.Final = 1 << 20
GZIP_MAGIC: typing.Final = b"\x1f\x8b"
ZSTANDARD_MAGIC: typing.Final = b"\x28\xb5\x2f\xfd"
SHA256_DIGITS: typing.Final = 64


def read_chunks(path: pathlib.Path) -> Iterator[bytes]:
    """Yields the unpacked bytes of ``path`` (gz, zst or plain) in chunks of up to 1 MiB.

    Raises :class:`tickwork.errors.CaptureError` when the file cannot be opened, is empty, ends
    in the middle of its packing, fails its own checksum, or differs from its ``.sha256``.
    """
    _check_sum(path)
    read_bytes = 0
    try:
        with _open_unpacked(path) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                read_bytes += len(chunk)
                yield chunk
    except EOFError as error:
        raise errors.CaptureError(
            f"Reading {path}: it ends in the middle of its packing, after {read_bytes} bytes.",
            "Copy it again, or unpack what is there and audit the plain text.",
        ) from error
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise errors.CaptureError(
            f"Reading {path}: it is damaged after {read_bytes} unpacked bytes ({error}).",
            "Copy it again from where it was recorded.",
        ) from error
    except OSError as error:
        raise errors.CaptureError(
            f"Reading {path}: {error.strerror or error}.", "Check the path and its rights."
        ) from error
    if read_bytes == 0:
        raise errors.CaptureError(
            f"Reading {path}: there is nothing in it.", "Give a capture that holds messages."
        )


@contextlib.contextmanager
def _open_unpacked(path: pathlib.Path) -> Iterator[typing.BinaryIO]:
    with path.open("rb") as raw:
        # Looked at, not read: what comes out of a pipe cannot be wound back.
        magic = raw.peek(len(ZSTANDARD_MAGIC))[: len(ZSTANDARD_MAGIC)]
        if magic.startswith(GZIP_MAGIC):
            with gzip.GzipFile(fileobj=raw) as stream:
                yield typing.cast("typing.BinaryIO", stream)
        elif magic == ZSTANDARD_MAGIC:
            yield typing.cast("typing.BinaryIO", _Zstandard(raw))
        else:
            yield raw


class _Zstandard(io.RawIOBase):
    """All frames of a zstd file; unlike the package's reader it notices a cut-off last one."""

    def __init__(self, raw: typing.BinaryIO) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_inside = False
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` unpacked bytes; empty at a clean end, EOFError in mid-frame."""
        while not self._ready:
            packed = self._raw.read(CHUNK_BYTES // 8)
            if not packed:
                if self._is_inside:
                    raise EOFError
                return b""
            self._ready = self._unpack(packed)
        head, self._ready = self._ready[:size], self._ready[size:]
        return head

    def _unpack(self, packed: bytes) -> bytes:
        parts = []
        while packed:
            self._is_inside = True
            parts.append(self._frame.decompress(packed))
            packed = b""
            if self._frame.eof:
                packed = self._frame.unused_data
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._is_inside = False
        return b"".join(parts)


def _check_sum(path: pathlib.Path) -> None:
    beside = path.with_name(path.name + ".sha256")
    if not beside.is_file():
        return
    try:
        stated = beside.read_text(encoding="ascii").split()
        with path.open("rb") as raw:
            found = hashlib.file_digest(raw, "sha256").hexdigest()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.CaptureError(
            f"Reading {path}: its checksum in {beside.name} cannot be compared ({error}).",
            "Check both files and their rights.",
        ) from error
    if not stated or len(stated[0]) != SHA256_DIGITS or stated[0].lower() != found:
        raise errors.CaptureError(
            f"Reading {path}: its SHA-256 is {found}, {beside.name} says"
            f" {stated[0] if stated else 'nothing'}.",
            "Copy it again from where it was recorded.",
        )
