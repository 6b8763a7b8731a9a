"""The directories of a run's segments: ``/dev/shm/tickwork-<uid>/<publish.name>/``.

A name belongs to one run at a time. What a dead run left is removed by the next one, unless
somebody still holds a segment's lock: its writer on byte 0, the reader of a pipe on byte 1.
"""

import contextlib
import fcntl
import os
import pathlib
import struct
from collections.abc import Sequence

from tickwork import clock, errors
from tickwork.local import claim

SHARED_MEMORY = pathlib.Path("/dev/shm")  # noqa: S108 — segments are mapped by other processes

# struct flock of 64-bit Linux: type, whence, start, length, pid.
ATTEMPTS_MAX = 100
_FLOCK = "hhqqi4x"
# Units of a run that was killed end by themselves when their parent's pipe closes.
ORPHANS_END_NS = 5_000_000_000
LOOK_NS = 100_000_000


def base_directory(root: pathlib.Path = SHARED_MEMORY) -> pathlib.Path:
    """Returns this user's directory of segments."""
    return root / f"tickwork-{os.getuid()}"


class Segments:
    """The claimed directories of one run."""

    def __init__(self, base: pathlib.Path, claims: Sequence[claim.Claim]) -> None:
        self.base = base
        self._claims = claims

    def remove(self) -> None:
        """Removes the run's own segments, and the user's directory when nothing is left in it."""
        for each in self._claims:
            each.release()
        with contextlib.suppress(OSError):
            self.base.rmdir()


def claim_names(names: Sequence[str], base: pathlib.Path) -> Segments:
    """Claims ``<base>/<name>`` for each name and cleans what dead runs left.

    Raises MissingError where another run publishes under one of the names.
    """
    claims: list[claim.Claim] = []
    try:
        claims.extend(_claim(name, base / name) for name in names)
        others = _list_directories(base, names)
    except errors.TickworkError:
        for each in claims:
            each.let_go()
        raise
    claim.clean_leftovers([path for path in others if not holders(path)])
    return Segments(base, claims)


def holders(directory: pathlib.Path) -> list[pathlib.Path]:
    """Returns the segments in ``directory`` whose writer or reader is alive.

    A run that ends meanwhile takes its own away; nobody holds those.
    """
    try:
        found = sorted(directory.iterdir())
    except FileNotFoundError:
        return []
    return [path for path in found if path.is_file() and _is_held(path)]


def _list_directories(base: pathlib.Path, without: Sequence[str]) -> list[pathlib.Path]:
    try:
        found = list(base.iterdir())
    except FileNotFoundError:
        return []
    return [path for path in found if path.is_dir() and path.name not in without]


def _take(directory: pathlib.Path) -> claim.Claim | None:
    """Claims ``directory``; another run that ends may remove the one above it meanwhile."""
    last: OSError | None = None
    for _ in range(ATTEMPTS_MAX):
        try:
            _check_owner(directory.parent)
            return claim.take(directory)
        except (FileNotFoundError, FileExistsError) as error:
            # The second is what mkdir says of a directory that went away while it looked.
            last = error
    raise errors.MissingError(
        f"Claiming {directory}: it could not be made in {ATTEMPTS_MAX} attempts: {last}.",
        "Look who makes and removes it, then run again.",
    )


def _claim(name: str, directory: pathlib.Path) -> claim.Claim:
    taken = _take(directory)
    if taken is None:
        raise _in_use(name, directory)
    waited_ns = 0
    while holders(directory):
        if waited_ns >= ORPHANS_END_NS:
            taken.let_go()
            raise _in_use(name, directory)
        clock.sleep(LOOK_NS)
        waited_ns += LOOK_NS
    taken.empty()
    return taken


def _in_use(name: str, directory: pathlib.Path) -> errors.MissingError:
    return errors.MissingError(
        f"The name {name} is in use: another run publishes in {directory}.",
        "End that run, or choose another: --set pipeline.publish.name=…",
    )


def _check_owner(base: pathlib.Path) -> None:
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = base.lstat()
    if base.is_symlink() or found.st_uid != os.getuid():
        raise errors.MissingError(
            f"Segments cannot lie in {base}: it belongs to somebody else.",
            "Remove it, then run again.",
        )


def _is_held(path: pathlib.Path) -> bool:
    try:
        with path.open("rb") as file:
            return any(_is_byte_held(file.fileno(), byte) for byte in (0, 1))
    except FileNotFoundError:
        return False


def _is_byte_held(descriptor: int, byte: int) -> bool:
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
    kind: int = struct.unpack(_FLOCK, answer)[0]
    return kind != fcntl.F_UNLCK
