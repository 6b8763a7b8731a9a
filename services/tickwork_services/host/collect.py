"""Files that a unit left, as chunks that can be resumed.

Files are found by walking the unit's own output directory, never by opening a path that a caller
sent; links are not followed. So no request can read anything else.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
from collections.abc import Iterator

from tickwork import errors, run_directory

CHUNK_BYTES_MAX = 1 << 20
_LABEL = re.compile(r"[0-9]{3,}-[a-z0-9][a-z0-9-]*")


@dataclasses.dataclass(frozen=True)
class Piece:
    """At most 1 MiB of one file; the last piece of a file bears the digest of all of it."""

    path: str
    offset: int
    data: bytes
    sha256: str
    last: bool


def check_label(doing: str, label: str) -> None:
    """Raises InputError where ``label`` cannot be a block's name: it names a directory."""
    if not _LABEL.fullmatch(label):
        raise errors.InputError(
            f"{doing} the block {label!r}: that is no block's name.",
            "A block is named <nnn>-<arm>, for example 000-main.",
        )


def list_files(root: pathlib.Path, label: str) -> list[str]:
    """Returns the paths below ``root`` (of the block ``label``; empty: of all), in order.

    The label ``unit`` stands for the unit's own file and log. Raises InputError where ``label``
    cannot be a block's name.
    """
    if label and label != run_directory.UNIT:
        check_label("Collecting", label)
    found = []
    for folder, _, names in os.walk(root / label if label else root, followlinks=False):
        for name in names:
            path = pathlib.Path(folder, name)
            if path.is_file() and not path.is_symlink() and not name.endswith(".part"):
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def read_pieces(root: pathlib.Path, label: str, path: str, offset: int) -> Iterator[Piece]:
    """Yields the files of ``label`` from ``offset`` of ``path`` on; an empty ``path``: all.

    The size of a file is taken when its turn comes; what is appended later is not read.
    """
    for each in list_files(root, label):
        if each >= path:
            yield from _read_file(root, each, offset if each == path else 0)


def _read_file(root: pathlib.Path, path: str, offset: int) -> Iterator[Piece]:
    digest = hashlib.sha256()
    with (root / path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        position = 0
        skipped = min(offset, size)
        while position < skipped:
            data = file.read(min(CHUNK_BYTES_MAX, skipped - position))
            digest.update(data)
            position += len(data)
        while True:
            data = file.read(min(CHUNK_BYTES_MAX, size - position))
            digest.update(data)
            last = position + len(data) >= size or not data
            yield Piece(path, position, data, digest.hexdigest() if last else "", last)
            position += len(data)
            if last:
                return
