import argparse
import types

import pytest
from tickwork_cli import main, replay

from tickwork import errors
from tickwork.kinds import compiler

SURVEYED = types.SimpleNamespace(
    venue="binance-spot",
    instruments=("BTCUSDT",),
    channels=("depth", "bookTicker"),
    depth_interval_ms=100,
    messages=40_000,
    span_ns=60_000_000_000,
)


def options(*arguments: str) -> argparse.Namespace:
    return main.build_parser("replay").parse_args(["replay", "a.twr", *arguments])


@pytest.mark.parametrize(
    ("speed", "seconds"), [("1", 64.0), ("10", 10.0), ("0.5", 124.0), ("max", 14.0)]
)
def test_a_replay_gets_the_time_that_it_needs(speed: str, seconds: float) -> None:
    assert replay.duration_seconds(SURVEYED, speed) == seconds


@pytest.mark.parametrize("speed", ["fast", "0", "-2"])
def test_what_is_no_speed_is_refused(speed: str) -> None:
    with pytest.raises(errors.InputError, match="Give 1, a multiple, or max"):
        replay.duration_seconds(SURVEYED, speed)


def test_the_experiment_asks_for_what_the_capture_holds() -> None:
    text = replay.text_for(SURVEYED, options("--speed", "max"))
    [arm] = compiler.load(text, "replay").arms
    spec = arm.spec
    assert spec.venue.twin.replay.speed == "max"
    assert spec.venue.twin.replay.capture.endswith("/a.twr")
    assert spec.venue.channels == SURVEYED.channels
    assert spec.book.proof == ("ticker", "truth")


def test_a_capture_that_is_not_there_is_said(tmp_path, capsys) -> None:
    assert main.main(["replay", str(tmp_path / "none.twr")]) == 2
    assert "No such file" in capsys.readouterr().err
