import pathlib

import synthetic_run
from tickwork_analysis import read
from tickwork_analysis.questions import comparisons


def _run(root: pathlib.Path, repeats: int) -> read.Run:
    blocks = []
    for repeat in range(repeats):
        order = [("fused", 1), ("split", 2)] if repeat % 2 else [("split", 2), ("fused", 1)]
        blocks += [
            synthetic_run.Block(2 * repeat + place, arm, factor, rows=2)
            for place, (arm, factor) in enumerate(order)
        ]
    return read.read_run(synthetic_run.write_run(root, tuple(blocks)))


def test_one_arm_is_compared_with_nothing(tmp_path: pathlib.Path) -> None:
    assert comparisons.answer(read.read_run(synthetic_run.write_run(tmp_path / "run"))) == ()


def test_few_repeats_have_a_difference_and_no_interval(tmp_path: pathlib.Path) -> None:
    row = comparisons.answer(_run(tmp_path / "run", 2))[0]
    assert (row.hop, row.arm, row.baseline, row.pairs) == ("receive", "split", "fused", 2)
    assert row.p50_delta_ns is not None
    assert 1000 < row.p50_delta_ns < 1100
    assert row.p50_delta_low_ns is None


def test_ten_repeats_have_an_interval(tmp_path: pathlib.Path) -> None:
    row = comparisons.answer(_run(tmp_path / "run", 10))[0]
    assert row.p50_delta_ns is not None
    assert row.p50_delta_low_ns is not None
    assert row.p50_delta_high_ns is not None
    assert row.p50_delta_low_ns <= row.p50_delta_ns <= row.p50_delta_high_ns
