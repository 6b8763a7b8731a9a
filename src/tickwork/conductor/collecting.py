"""Writes collected chunks into the run directory, so that a broken stream can go on."""

import dataclasses
import hashlib
import pathlib
import shutil
from typing import Any, BinaryIO

from tickwork import errors


@dataclasses.dataclass(frozen=True)
class Collected:
    """How many files came, and how large they are together."""

    files: int
    size_bytes: int


class Sink:
    """Takes the chunks of one unit and block; ``path`` and ``offset`` say where to go on.

    Paths that a unit sends begin with the block's label; they are written below ``into`` without
    it. A path that would leave ``into`` is refused.
    """

    def __init__(self, into: pathlib.Path, label: str) -> None:
        self.path = ""
        self.offset = 0
        self._into = into
        self._label = label
        self._file: BinaryIO | None = None
        self._digest: Any = hashlib.sha256()
        self._sizes: dict[str, int] = {}

    def write(self, path: str, offset: int, data: bytes, sha256: str, last: bool) -> None:
        """Appends one chunk; raises RunError where it does not fit what came before."""
        if path != self.path:
            self.close()
            self.path, self.offset = path, 0
            self._digest = hashlib.sha256()
        if offset != self.offset:
            raise errors.RunError(
                f"Collecting {path}: a chunk at {offset} came where {self.offset} was due."
            )
        if self._file is None:
            target = self._target(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = target.open("r+b" if offset else "wb")
            self._file.seek(offset)
        self._file.write(data)
        self._digest.update(data)
        self.offset += len(data)
        if last:
            self._end_file(sha256)

    def close(self) -> None:
        """Closes the file under way; what came of it stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def finish(self) -> Collected:
        """Returns what came."""
        self.close()
        return Collected(len(self._sizes), sum(self._sizes.values()))

    def _end_file(self, sha256: str) -> None:
        self.close()
        if sha256 and self._digest.hexdigest() != sha256:
            raise errors.RunError(
                f"Collecting {self.path}: the digest of the {self.offset} B that came is not "
                "the one that was sent."
            )
        self._sizes[self.path] = self.offset

    def _target(self, path: str) -> pathlib.Path:
        parts = pathlib.PurePosixPath(path).parts
        if parts[:1] == (self._label,):
            parts = parts[1:]
        if not parts or ".." in parts or pathlib.PurePosixPath(*parts).is_absolute():
            raise errors.RunError(f"Collecting: the path {path!r} would leave the run directory.")
        return self._into.joinpath(*parts)


def copy_left_behind(output: pathlib.Path, label: str, into: pathlib.Path) -> Collected:
    """Copies what a dead unit left on disk for the block."""
    source = output / label
    files, size_bytes = 0, 0
    if source.is_dir():
        for path in sorted(each for each in source.rglob("*") if each.is_file()):
            target = into / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            files += 1
            size_bytes += path.stat().st_size
    return Collected(files, size_bytes)
