"""Makes run directories: ``runs/<name>-<UTC>``, with ``runs/latest`` naming the newest."""

import os
import pathlib

from tickwork import clock, errors, run_directory

LATEST = "latest"
SAME_SECOND_MAX = 100


def make(parent: pathlib.Path, name: str, experiment_text: str) -> run_directory.RunDirectory:
    """Makes a new run directory below ``parent`` and keeps the Experiment in it as given.

    Raises InputError where ``parent`` cannot be written.
    """
    stamp = clock.utc_stamp(clock.now_unix_ns())
    try:
        parent.mkdir(parents=True, exist_ok=True)
        root = _make_new(parent, f"{name}-{stamp}")
        run = run_directory.RunDirectory(root.resolve())
        run.experiment.write_text(experiment_text, encoding="utf-8")
        point_latest(parent, root.name)
    except OSError as error:
        raise errors.InputError(
            f"Making a run directory in {parent}: {error.strerror}.",
            "Choose a directory that you may write: -o DIR",
        ) from error
    return run


def _make_new(parent: pathlib.Path, name: str) -> pathlib.Path:
    for count in range(1, SAME_SECOND_MAX):
        root = parent / (name if count == 1 else f"{name}-{count}")
        try:
            root.mkdir()
        except FileExistsError:
            continue
        return root
    raise errors.InputError(f"{SAME_SECOND_MAX} runs began in {parent} in this second.")


def point_latest(parent: pathlib.Path, name: str) -> None:
    """Points ``latest`` at ``name`` in one step; a reader never finds it missing."""
    part = parent / f".{LATEST}-{os.getpid()}"
    part.unlink(missing_ok=True)
    part.symlink_to(name)
    part.replace(parent / LATEST)
