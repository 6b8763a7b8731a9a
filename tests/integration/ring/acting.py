"""Starts an actor and waits for what it says; whatever happens, it does not outlive its test."""

import contextlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator

TESTS = pathlib.Path(__file__).parents[2]
ACTOR = pathlib.Path(__file__).with_name("actor.py")


@contextlib.contextmanager
def acting(
    role: str, path: pathlib.Path, *, before: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Runs ``role`` on ``path`` in its own process; ready when the block begins.

    ``before`` are words of a command that runs it, as unshare.
    """
    process = subprocess.Popen(
        [*before, sys.executable, str(ACTOR), role, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(TESTS)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()
