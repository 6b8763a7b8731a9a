import pathlib

import synthetic_run
from tickwork_analysis import read
from tickwork_analysis.questions import states


def test_gap_is_found_with_its_duration(tmp_path: pathlib.Path) -> None:
    run = read.read_run(synthetic_run.write_run(tmp_path / "run"))
    found = states.answer(run)
    assert len(found) == synthetic_run.SECONDS * len(synthetic_run.INSTRUMENTS)
    (gap,) = states.gaps(found, {"000-main": [250.0, 7.0]})
    assert (gap.instrument, gap.from_s, gap.to_s) == ("BTCUSDT", 3.0, 4.0)
    assert (gap.gaps, gap.resyncs) == (1, 1)
    assert gap.took_ms == (250.0,)


def test_run_without_a_series_has_no_states(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    for path in root.rglob("series.ndjson"):
        path.unlink()
    assert states.answer(read.read_run(root)) == []


def test_gap_that_stays_open_is_a_row_of_its_own() -> None:
    lost = [
        states.Stretch(second, second + 1, "000-main", "A", 0.0, int(second == 2), 0)
        for second in range(2, 5)
    ]
    (gap,) = states.gaps(lost, {})
    assert (gap.gaps, gap.resyncs, gap.took_ms) == (1, 0, ())
