"""Ctrl-C and SIGKILL in the middle of a run: a readable partial result, and nothing left."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
ROOT = pathlib.Path(__file__).parents[2]
TICKWORK = pathlib.Path(sys.executable).parent / "tickwork"
PATIENCE_S = 60.0


class Started:
    """A run that was started through the command line, with what it leaves on the machine."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.name = f"cut-{os.getpid()}"
        sets = {
            "durationSeconds": "30",
            "pipeline.venue.twin.faults": "[]",
            "pipeline.venue.twin.engine.messagesPerSecond": "500",
            "pipeline.publish.tcp.port": "null",
            "pipeline.publish.name": self.name,
        }
        laid = [part for path, value in sets.items() for part in ("--set", f"{path}={value}")]
        command = [str(TICKWORK), "run", "experiments/pipeline/demo.yaml", "-o", str(directory)]
        self.process = subprocess.Popen(
            [*command, *laid], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait_for(self, words: str) -> None:
        """Reads the output until a line holds ``words``."""
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if words in line:
                return
        raise AssertionError(f"the run ended without {words!r}: {''.join(seen)}")

    def root(self) -> pathlib.Path:
        """Returns the run's own directory."""
        return (self.directory / "latest").resolve()

    def segments(self) -> pathlib.Path:
        """Returns where the run's segments lie while it lives."""
        return pathlib.Path("/dev/shm") / f"tickwork-{os.getuid()}" / self.name

    def processes(self) -> list[int]:
        """Returns the process ids of units of this run: those whose unit.json is below it."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.root()).encode() in command:
                found.append(int(entry.name))
        return found

    def wait_until_gone(self) -> None:
        """Waits until no unit of this run is there any more."""
        deadline = time.monotonic() + PATIENCE_S
        while self.processes():
            assert time.monotonic() < deadline, f"still there: {self.processes()}"
            time.sleep(0.05)


@pytest.fixture
def started(tmp_path: pathlib.Path) -> Iterator[Started]:
    run = Started(tmp_path)
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.wait()
    assert run.process.stdout is not None
    run.process.stdout.close()
    run.wait_until_gone()


def test_ctrl_c_leaves_a_readable_partial_result_and_nothing_running(started: Started) -> None:
    started.wait_for("   4.")
    started.process.send_signal(signal.SIGINT)
    told, _ = started.process.communicate(timeout=PATIENCE_S)
    assert started.process.returncode == 130, told
    results = json.loads((started.root() / "results.json").read_text())
    assert results["status"] == "interrupted"
    assert results["book"]["compared"] == results["book"]["equal"] > 0
    assert results["hops"]
    assert "Interrupted" in told
    assert "Traceback" not in told
    assert started.processes() == []
    assert not started.segments().exists()


def test_sigkill_of_the_parent_leaves_no_orphan(started: Started) -> None:
    started.wait_for("   2.")
    assert started.processes()
    started.process.kill()
    started.process.communicate()
    started.wait_until_gone()
