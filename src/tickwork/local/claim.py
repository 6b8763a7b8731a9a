"""A directory that belongs to one run: claimed by a file lock that dies with the run.

Never by a pid. Whoever takes the lock of a directory that is there already has found what a dead
run left behind.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil

from tickwork import clock

CLAIM_FILE = ".run"
# Somebody who only looks whether the lock is free holds it for an instant.
RETRIES_MAX = 10
RETRY_NS = 20_000_000


class Claim:
    """A held claim; ``release`` removes the directory and gives the lock back."""

    def __init__(self, directory: pathlib.Path, descriptor: int) -> None:
        self.directory = directory
        self._descriptor = descriptor

    def empty(self) -> None:
        """Removes everything in the directory but the claim itself."""
        for path in self.directory.iterdir():
            if path.name == CLAIM_FILE:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def release(self) -> None:
        """Removes the directory with all that is in it, then the lock goes."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.let_go()

    def let_go(self) -> None:
        """Gives the lock back and leaves the directory as it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take(directory: pathlib.Path, retries: int = RETRIES_MAX) -> Claim | None:
    """Makes ``directory`` (owner-only) and claims it; None where another run holds it.

    Raises FileNotFoundError where the directory above it is not there (any more).
    """
    for attempt in range(retries + 1):
        directory.mkdir(mode=0o700, exist_ok=True)
        path = directory / CLAIM_FILE
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue
        if _lock(descriptor, path):
            return Claim(directory, descriptor)
        os.close(descriptor)
        if attempt < retries:
            clock.sleep(RETRY_NS)
    return None


def _lock(descriptor: int, path: pathlib.Path) -> bool:
    """Locks, and makes sure that the locked file is still the one that lies at ``path``."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        here, there = os.fstat(descriptor), path.stat()
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def clean_leftovers(candidates: list[pathlib.Path]) -> list[pathlib.Path]:
    """Removes those of ``candidates`` that a dead run claimed once; returns what it removed.

    A directory without a claim is not ours and stays.
    """
    removed = []
    for directory in candidates:
        with contextlib.suppress(OSError):
            if not (directory / CLAIM_FILE).is_file() or directory.stat().st_uid != os.getuid():
                continue
            claim = take(directory, retries=0)
            if claim is not None:
                claim.release()
                removed.append(directory)
    return removed
