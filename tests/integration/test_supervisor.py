"""The supervisor over real processes: ending in order, killing, restarting with a bound."""

import os
import pathlib
import sys

import pytest

from tickwork.local import process, supervisor

# Their first argument is the unit's file: beside it they say that they are up, and who ended.
POLITE = """
import pathlib, signal, sys
me = pathlib.Path(sys.argv[1])
def end(*_):
    with (me.parent / "order").open("a") as order:
        order.write(me.name)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
me.with_suffix(".up").touch()
signal.pause()
"""
STUBBORN = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).with_suffix(".up").touch()
while True:
    signal.pause()
"""
ALL_NS = 5_000_000_000


@pytest.fixture
def pipe():
    read_end, write_end = os.pipe()
    yield read_end
    os.close(read_end)
    os.close(write_end)


def launch(folder: pathlib.Path, name: str, pipe: int, code: str) -> process.Launch:
    return process.Launch(
        name, folder / name, folder / f"{name}.log", pipe, (sys.executable, "-c", code)
    )


def started(keeper: supervisor.Supervisor, folder: pathlib.Path, *names: str) -> None:
    """Starts the units and waits until each has set its handler."""
    keeper.start()
    for _ in range(500):
        if all((folder / f"{name}.up").exists() for name in names):
            return
        supervisor.clock.sleep(20_000_000)
    raise AssertionError("the units did not come up in ten seconds")


def test_units_end_one_after_another_in_the_given_order(tmp_path, pipe) -> None:
    launches = [launch(tmp_path, name, pipe, POLITE) for name in ("a", "b", "c")]
    keeper = supervisor.Supervisor(launches, restarts=False)
    started(keeper, tmp_path, "a", "b", "c")
    keeper.end(["c", "a", "b"], ALL_NS, ALL_NS)
    assert (tmp_path / "order").read_text() == "cab"
    assert keeper.endings() == dict.fromkeys("abc", "exit code 0")
    keeper.close()


def test_who_does_not_mind_sigterm_is_killed_within_the_bound(tmp_path, pipe) -> None:
    launches = [launch(tmp_path, "a", pipe, STUBBORN)]
    keeper = supervisor.Supervisor(launches, restarts=True)
    started(keeper, tmp_path, "a")
    keeper.end(["a"], 200_000_000, 300_000_000)
    assert keeper.wait(ALL_NS)
    assert keeper.ending("a") == "SIGKILL"
    keeper.close()


def test_restarts_have_a_bound_and_are_told(tmp_path, pipe, monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF_NS", 1_000_000)
    monkeypatch.setattr(supervisor, "RESTARTS_MAX", 3)
    told: list[supervisor.Restarted] = []
    launches = [launch(tmp_path, "a", pipe, "raise SystemExit(7)")]
    keeper = supervisor.Supervisor(launches, restarts=True, told=told.append)
    keeper.start()
    assert keeper.wait(4 * ALL_NS)
    assert keeper.ending("a") == "exit code 7, after 3 restarts in a row"
    assert [each.incarnation for each in told] == [2, 3, 4]
    assert keeper.incarnation("a") == 4
    keeper.close()


def test_a_good_end_is_not_restarted(tmp_path, pipe) -> None:
    keeper = supervisor.Supervisor([launch(tmp_path, "a", pipe, "")], restarts=True)
    keeper.start()
    assert keeper.wait(ALL_NS)
    assert keeper.ending("a") == "exit code 0"
    keeper.close()


def test_a_program_that_is_not_there_is_an_ending(tmp_path, pipe) -> None:
    gone = process.Launch("a", tmp_path / "a", tmp_path / "a.log", pipe, ("/no/such/program",))
    keeper = supervisor.Supervisor([gone], restarts=True)
    keeper.start()
    assert "could not be started" in (keeper.ending("a") or "")
    keeper.close()


def test_a_late_second_ctrl_c_finds_all_closed_and_raises_nothing(tmp_path, pipe) -> None:
    keeper = supervisor.Supervisor([launch(tmp_path, "a", pipe, POLITE)], restarts=False)
    started(keeper, tmp_path, "a")
    keeper.close()
    keeper.kill()
    assert keeper.endings() == {"a": "SIGKILL"}
