import argparse
import json
import pathlib

import pytest
from tickwork_cli import main, record

DEMO = pathlib.Path(__file__).parents[3] / "experiments" / "pipeline" / "demo.yaml"


def options(*arguments: str) -> argparse.Namespace:
    return main.build_parser("record").parse_args(["record", *arguments])


def test_a_venue_is_recorded_with_all_channels() -> None:
    given = options("a.twr", "--venue", "binance-usdm", "--instruments", "BTCUSDT,ETHUSDT")
    experiment = record.load(given, pathlib.Path("/tmp/a.twr"))
    spec = experiment.arms[0].spec
    assert spec.record.file == "/tmp/a.twr"
    assert spec.venue.instruments == ("BTCUSDT", "ETHUSDT")
    assert (spec.venue.twin, spec.venue.depth_interval_ms) == (None, 0)
    assert experiment.shared.duration_seconds == record.SECONDS


def test_an_experiment_gets_a_recorder_and_may_be_shortened() -> None:
    given = options("a.twr", "--experiment", str(DEMO), "--seconds", "14.5")
    experiment = record.load(given, pathlib.Path("/tmp/a.twr"))
    assert experiment.arms[0].spec.record.file == "/tmp/a.twr"
    assert experiment.shared.duration_seconds == 14.5


def test_a_file_that_is_there_is_refused_before_anything_starts(tmp_path, capsys) -> None:
    (tmp_path / "a.twr").write_text("precious")
    arguments = ["record", str(tmp_path / "a.twr"), "--experiment", str(DEMO)]
    assert main.main(arguments) == 2
    assert "there is such a file already" in capsys.readouterr().err


def test_one_source_is_needed() -> None:
    with pytest.raises(SystemExit):
        options("a.twr")


def test_the_sums_of_connections_are_told() -> None:
    manifest = {"connections": [{"id": 1, "payloads": 1234, "sha256": "abc"}]}
    assert list(record.draw(manifest)) == ["  connection 1: 1,234 messages, sha256 abc"]
    assert json.loads(record.text_for_venue(options("a", "--venue", "binance-spot")))
