"""Lives of actors, forked from one process that has imported everything: dozens a second."""

import contextlib
import multiprocessing
import os
import pathlib
import sys
from collections.abc import Iterator
from multiprocessing import connection

from integration.ring import actor

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["integration.ring.actor"])


class Life:
    """One actor in its own process."""

    def __init__(self, role: str, path: pathlib.Path) -> None:
        ours, theirs = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_live, args=(role, path, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._said = os.fdopen(os.dup(ours.fileno()), encoding="ascii")
        ours.close()
        assert self._said.readline() == "ready\n"

    def kill(self) -> str:
        """Kills it; returns what it had said and nobody had read."""
        self._process.kill()
        self._process.join()
        return self._said.read()

    def end(self) -> None:
        """Kills it if that has not been done, and lets its pipe go."""
        self._process.kill()
        self._process.join()
        self._said.close()


@contextlib.contextmanager
def living(role: str, path: pathlib.Path) -> Iterator[Life]:
    """Runs ``role`` on ``path``; it is killed at the end of the block, if not before."""
    life = Life(role, path)
    try:
        yield life
    finally:
        life.end()


def _live(role: str, path: pathlib.Path, saying: connection.Connection) -> None:
    sys.stdout = os.fdopen(os.dup(saying.fileno()), "w", encoding="ascii")
    saying.close()
    actor.ROLES[role](path)
