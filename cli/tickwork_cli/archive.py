"""A run directory as one tar stream: the same bytes every time, never in memory as a whole.

And the mark in it that says whether somebody still adds to it.
"""

import dataclasses
import errno
import fcntl
import hashlib
import os
import pathlib
import tarfile
from collections.abc import Iterator
from typing import Any, Protocol

CONCLUDED = ".concluded"
"""Lies in a run directory to which nothing is added any more; it is no part of the stream."""
WRITTEN = f"{CONCLUDED}.part"
"""Lies in one that is written, locked as long as its writer lives; it becomes the other."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """How long a stream will be, and its SHA-256 in hex."""

    size_bytes: int
    sha256: str


class Mark:
    """The mark of who writes ``root``: the kernel lets go of it however the writer ends."""

    def __init__(self, root: pathlib.Path) -> None:
        self._root = root
        self._held: int | None = None

    def make(self) -> None:
        """Makes the mark and locks it; concluding then needs no room. Raises OSError.

        Where the file system has no locks, an end without a conclusion goes unnoticed.
        """
        made = self._root / f"{WRITTEN}.new"
        held = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(held, b"\n")
            _lock(held, fcntl.LOCK_EX)
            made.replace(self._root / WRITTEN)
        except OSError:
            os.close(held)
            raise
        self._held = held

    def conclude(self) -> None:
        """Says that nothing is added any more. Raises OSError; also where nothing was begun."""
        if self._held is None:
            raise FileNotFoundError(errno.ENOENT, "it was never begun", str(self._root))
        (self._root / WRITTEN).replace(self._root / CONCLUDED)
        self.close()

    def close(self) -> None:
        """Lets go of the mark."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def is_concluded(root: pathlib.Path) -> bool:
    """Says whether nothing is added to ``root`` any more: its writer said so, or is gone."""
    return (root / CONCLUDED).exists() or is_abandoned(root)


def is_abandoned(root: pathlib.Path) -> bool:
    """Says whether the writer of ``root`` ended without concluding it: killed, as a rule."""
    try:
        seen = os.open(root / WRITTEN, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return _lock(seen, fcntl.LOCK_SH)
    finally:
        os.close(seen)


def _lock(file: int, kind: int) -> bool:
    """Locks ``file`` without waiting; says whether it could be."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
    marks = {root / CONCLUDED, root / WRITTEN}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and path not in marks:
            yield path
