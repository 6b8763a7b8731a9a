import pathlib

import synthetic_run
from tickwork_analysis import read
from tickwork_analysis.questions import timeline


def test_every_measured_second_has_its_rate_and_percentiles(tmp_path: pathlib.Path) -> None:
    run = read.read_run(synthetic_run.write_run(tmp_path / "run"))
    found = [each for each in timeline.answer(run) if each.hop == "parse"]
    assert [each.at_s for each in found] == [
        second + 0.5 for second in range(synthetic_run.WARM_UP_S, synthetic_run.SECONDS)
    ]
    assert {each.rate for each in found} == {100.0}
    assert all(each.p50_ns <= each.p99_ns for each in found)


def test_a_stalled_second_counts_as_long_as_it_lasted(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    for path in root.rglob("hops.hlog"):
        path.write_text(path.read_text().replace(",1.000,0.001,", ",2.000,0.001,"))
    points = timeline.answer(read.read_run(root))
    assert {each.rate for each in points if each.hop == "parse"} == {50.0}
