"""A run directory as one tar stream: the same bytes every time, never in memory as a whole."""

import dataclasses
import hashlib
import pathlib
import tarfile
from collections.abc import Iterator
from typing import Any, Protocol

CONCLUDED = ".concluded"
"""Lies in a run directory to which nothing is added any more; it is no part of the stream."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """How long a stream will be, and its SHA-256 in hex."""

    size_bytes: int
    sha256: str


class Writable(Protocol):
    """Whatever takes bytes: a socket's file, or a meter."""

    def write(self, data: bytes, /) -> object:
        """Takes ``data``."""


class _Meter:
    """Takes the place of a file: counts and digests what is written."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        """Takes ``data`` and forgets it."""
        self.size_bytes += len(data)
        self.digest.update(data)
        return len(data)


def measure(root: pathlib.Path) -> Measure:
    """Returns what ``write`` will write; reads every file once."""
    meter = _Meter()
    write(root, meter)
    return Measure(meter.size_bytes, meter.digest.hexdigest())


def write(root: pathlib.Path, into: Writable) -> None:
    """Writes every file below ``root`` in the order of names, with paths below ``root``.

    Owners are left out. Raises OSError where a file shrinks meanwhile, or ``into`` takes no more.
    """
    target: Any = into
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as stream:
        for path in list_files(root):
            found = path.stat()
            entry = tarfile.TarInfo(path.relative_to(root).as_posix())
            entry.size = found.st_size
            entry.mtime = int(found.st_mtime)
            entry.mode = 0o644
            with path.open("rb") as file:
                stream.addfile(entry, file)


def list_files(root: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the files of a run directory in the order of their paths; links are left out."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and path != root / CONCLUDED:
            yield path
