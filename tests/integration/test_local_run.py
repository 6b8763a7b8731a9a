"""Whole runs of real processes on this machine: good ones, broken ones, interrupted ones."""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import control_plans
import pytest

from tickwork import clock, errors
from tickwork.conductor import conduct, events
from tickwork.conductor.outcome import Outcome
from tickwork.local import execution, runs, supervisor

DRIVE = pathlib.Path(__file__).with_name("drive.py")


class Ran:
    """One run in this process: its directory, its events, its outcome."""

    def __init__(self, parent: pathlib.Path, plan, meddle=lambda event, fleet: None) -> None:
        self.events: list[events.Event] = []
        self.run = runs.make(parent, plan.experiment, "text\n")

        def drive(fleet: execution.LocalFleet) -> Outcome:
            def report(event: events.Event) -> None:
                self.events.append(event)
                meddle(event, fleet)

            return conduct.conduct(plan, fleet, self.run, report)

        self.outcome = execution.execute(plan, self.run, drive, program=control_plans.IDLE)
        self.journal = json.loads(self.run.conductor.read_text())

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)


def kill_once(unit: str, number: signal.Signals):
    """Returns a meddler that kills ``unit`` at the first progress of a block."""
    killed = []

    def meddle(event: events.Event, fleet: execution.LocalFleet) -> None:
        if isinstance(event, events.Progressed) and not killed:
            os.kill(fleet.pids()[unit], number)
            killed.append(unit)

    return meddle


def test_blocks_run_one_after_another_and_are_collected(tmp_path) -> None:
    ran = Ran(tmp_path, control_plans.small_plan("a", "b", blocks=2))
    assert (ran.outcome.status, ran.outcome.blocks, ran.outcome.exit_code) == ("complete", 2, 0)
    for label in ("000-main", "001-main"):
        for unit in ("a", "b"):
            directory = ran.run.block_unit(label, "idle", unit)
            assert (directory / "idle.bin").stat().st_size == 3 << 20
            assert json.loads((directory / "counters.json").read_text())["partial"] is False
    assert not list(ran.run.root.glob("units/*/*/output"))
    assert (tmp_path / "latest").resolve() == ran.run.root
    first = ran.journal["blocks"][0]
    assert first["stopUnixNs"] - first["startUnixNs"] == 1_000_000_000
    assert 0 <= first["skewNs"] < 1_000_000_000
    assert first["units"]["idle/a"]["latenessNs"] >= 0


def test_a_unit_that_dies_ends_the_run_with_exit_code_6(tmp_path) -> None:
    plan = control_plans.small_plan("a", "b", seconds=20)
    ran = Ran(tmp_path, plan, kill_once("idle/b", signal.SIGKILL))
    assert (ran.outcome.status, ran.outcome.exit_code) == ("failed", 6)
    [failure] = ran.outcome.failures
    assert failure.unit == "idle/b"
    assert "SIGKILL" in failure.text
    units = ran.journal["blocks"][0]["units"]
    assert units["idle/a"]["partial"] is False
    assert units["idle/b"]["partial"] is True
    assert (ran.run.block_unit("000-main", "idle", "b") / "idle.bin").is_file()


def test_a_unit_that_dies_after_its_stop_is_named(tmp_path) -> None:
    def meddle(event: events.Event, fleet: execution.LocalFleet) -> None:
        if isinstance(event, events.BlockStopped):
            os.kill(fleet.pids()["idle/b"], signal.SIGKILL)
            while fleet.ending("idle/b") is None:
                clock.sleep(10_000_000)

    ran = Ran(tmp_path, control_plans.small_plan("a", "b", seconds=1), meddle)
    assert (ran.outcome.status, ran.outcome.exit_code) == ("failed", 6)
    assert ran.outcome.failures[0].unit == "idle/b"
    assert (ran.run.block_unit("000-main", "idle", "b") / "idle.bin").is_file()


def test_a_unit_that_fails_ends_the_run_with_its_own_words(tmp_path) -> None:
    plan = control_plans.small_plan("a", "b", seconds=20, settings={"b": {"breakAt": "turn"}})
    ran = Ran(tmp_path, plan)
    assert (ran.outcome.status, ran.outcome.exit_code) == ("failed", 1)
    assert "told to break in a turn" in ran.outcome.failures[0].text
    assert ran.journal["failures"][0]["unit"] == "idle/b"


def test_a_unit_that_cannot_open_ends_the_run_before_its_blocks(tmp_path) -> None:
    plan = control_plans.small_plan("a", "b", settings={"b": {"breakAt": "open"}})
    ran = Ran(tmp_path, plan)
    assert (ran.outcome.status, ran.outcome.blocks, ran.outcome.exit_code) == ("failed", 0, 1)
    assert "told to break at open" in ran.outcome.failures[0].text


def test_a_unit_that_hangs_ends_the_run_and_its_disk_is_read(tmp_path) -> None:
    plan = control_plans.small_plan("a", "b", seconds=2)
    began = time.monotonic()
    ran = Ran(tmp_path, plan, kill_once("idle/a", signal.SIGSTOP))
    assert (ran.outcome.status, ran.outcome.exit_code) == ("failed", 1)
    assert "no answer" in ran.outcome.failures[0].text
    assert time.monotonic() - began < 40
    units = ran.journal["blocks"][0]["units"]
    assert (units["idle/a"]["partial"], units["idle/b"]["partial"]) == (True, False)
    assert (ran.run.block_unit("000-main", "idle", "a") / "idle.bin").is_file()


def test_a_restarted_unit_has_a_higher_incarnation_and_goes_on(tmp_path) -> None:
    plan = control_plans.small_plan("a", "b", seconds=12, restart="onFailure")
    ran = Ran(tmp_path, plan, kill_once("idle/b", signal.SIGKILL))
    assert (ran.outcome.status, ran.outcome.exit_code) == ("complete", 0)
    [restart] = ran.journal["restarts"]
    assert (restart["unit"], restart["incarnation"]) == ("idle/b", 2)
    assert ran.journal["blocks"][0]["units"]["idle/b"]["incarnation"] == 2
    assert ran.count(events.UnitRestarted) == 1


def test_undrained_records_are_told(tmp_path) -> None:
    plan = control_plans.small_plan("a", settings={"a": {"undrained": 7}})
    ran = Ran(tmp_path, plan)
    assert ran.journal["blocks"][0]["units"]["idle/a"]["undrained"] == 7


def test_a_name_in_use_is_refused(tmp_path) -> None:
    name = f"test-{os.getpid()}"
    plan = control_plans.small_plan("a", seconds=1, publish_names=(name,))
    refused: list[errors.MissingError] = []

    def meddle(event: events.Event, fleet: execution.LocalFleet) -> None:
        if isinstance(event, events.AllReady):
            with pytest.raises(errors.MissingError, match=name) as error:
                Ran(tmp_path, plan)
            refused.append(error.value)

    Ran(tmp_path, plan, meddle)
    assert refused[0].exit_code == 5
    assert not pathlib.Path(f"/dev/shm/tickwork-{os.getuid()}/{name}").exists()


# -- a run in a process of its own --------------------------------------------------------------


class Driven:
    """A run in another process; ``until`` reads its lines."""

    def __init__(self, parent: pathlib.Path, seconds: float, *scratch: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVE), str(parent), str(seconds), *scratch],
            stdout=subprocess.PIPE,
        )
        self.pids: dict[str, int] = {}
        self.root = pathlib.Path(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        assert ready, "the run said nothing for a minute"
        return self.process.stdout.readline().decode().strip()

    def until(self, word: str) -> None:
        while (line := self._line()) != word:
            assert line, f"the run ended before it said {word}"
            if line.startswith("pid "):
                _, name, pid = line.split()
                self.pids[name] = int(pid)

    def end(self) -> int:
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def gone(self, within_seconds: float) -> bool:
        """Says whether every unit has ended within the time."""
        deadline = time.monotonic() + within_seconds
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in self.pids.values()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


def test_ctrl_c_leaves_a_readable_partial_result_and_nothing_running(tmp_path) -> None:
    driven = Driven(tmp_path, 60)
    driven.until("Progressed")
    driven.process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert driven.end() == 130
    assert time.monotonic() - began < 15
    assert driven.gone(1)
    journal = json.loads((driven.root / "conductor.json").read_text())
    assert journal["status"] == "interrupted"
    assert journal["interruptedUnixNs"]
    assert (driven.root / "blocks/000-main/idle/a/idle.bin").is_file()


def test_ctrl_c_before_the_first_block_ends_at_once(tmp_path) -> None:
    driven = Driven(tmp_path, 60)
    driven.until("UnitReady")
    driven.process.send_signal(signal.SIGTERM)
    assert driven.end() == 130
    assert driven.gone(1)


def test_a_second_ctrl_c_kills_and_keeps_what_is_on_disk(tmp_path) -> None:
    driven = Driven(tmp_path, 60)
    driven.until("Progressed")
    for pid in driven.pids.values():
        os.kill(pid, signal.SIGSTOP)
    driven.process.send_signal(signal.SIGINT)
    driven.until("Interrupted")
    began = time.monotonic()
    driven.process.send_signal(signal.SIGINT)
    assert driven.end() == 130
    assert time.monotonic() - began < 8
    assert driven.gone(1)
    units = json.loads((driven.root / "conductor.json").read_text())["blocks"][0]["units"]
    assert all(unit["partial"] for unit in units.values())
    assert (driven.root / "blocks/000-main/idle/b/idle.bin").is_file()


@pytest.fixture
def scratch(monkeypatch) -> Iterator[str]:
    """A short directory for the sockets of runs, where no run beside this test cleans up."""
    with tempfile.TemporaryDirectory(prefix="own-", dir="/tmp") as short:
        monkeypatch.setattr(execution, "SCRATCH_PARENT", pathlib.Path(short))
        yield short


def test_killing_the_parent_leaves_no_orphan(tmp_path, scratch) -> None:
    driven = Driven(tmp_path, 60, scratch)
    driven.until("Progressed")
    control = json.loads((driven.root / "units/idle/a/unit.json").read_text())["control"]
    socket_directory = pathlib.Path(control.removeprefix("unit:").removeprefix("unix:")).parent
    driven.process.kill()
    driven.end()
    assert driven.gone(8)
    assert socket_directory.is_dir()
    Ran(tmp_path, control_plans.small_plan("a", seconds=0.2))
    assert not socket_directory.exists(), "the next start removes what a dead run left"


# -- a provider ---------------------------------------------------------------------------------


def test_a_provider_starts_by_itself_is_restarted_and_ended(tmp_path) -> None:
    plan = control_plans.small_plan("a", "b", blocks=0, restart="onFailure")
    run = runs.make(tmp_path, plan.experiment, "text\n")
    told: list[supervisor.Restarted] = []
    meddlers: list[threading.Thread] = []

    def ready(fleet: execution.LocalFleet) -> None:
        first = fleet.pids()["idle/b"]
        meddler = threading.Thread(target=meddle, args=(fleet, first))
        meddlers.append(meddler)
        meddler.start()

    def meddle(fleet: execution.LocalFleet, first: int) -> None:
        written = run.unit("idle", "b") / "output" / "000-main" / "idle.bin"
        wait_for(written.exists)
        written.unlink()
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: fleet.incarnation("idle/b") == 2 and written.exists())
        os.kill(os.getpid(), signal.SIGTERM)

    ended = execution.provide(plan, run, told.append, ready=ready, program=control_plans.IDLE)
    meddlers[0].join()
    assert ended.exit_code == 0
    assert [(each.unit, each.incarnation, each.ending) for each in told] == [
        ("idle/b", 2, "SIGKILL")
    ]
    assert run.block_unit("000-main", "idle", "a").is_dir()


def test_a_provider_whose_unit_cannot_be_kept_up_says_which(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF_NS", 1_000_000)
    monkeypatch.setattr(supervisor, "RESTARTS_MAX", 2)
    plan = control_plans.small_plan("a", blocks=0, restart="onFailure")
    run = runs.make(tmp_path, plan.experiment, "text\n")
    ended = execution.provide(plan, run, program=("/bin/false",))
    assert (ended.lost, ended.exit_code) == ("idle/a", 6)
    assert ended.ending == "exit code 1, after 2 restarts in a row"


def wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited for half a minute"
        time.sleep(0.05)
