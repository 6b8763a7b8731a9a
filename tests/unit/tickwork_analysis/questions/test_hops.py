import pathlib

import synthetic_run
from tickwork_analysis import read
from tickwork_analysis.questions import hops


def test_every_hop_is_told_once_in_the_order_of_flow(tmp_path: pathlib.Path) -> None:
    rows = hops.answer(read.read_run(synthetic_run.write_run(tmp_path / "run")))
    assert [row.name for row in rows] == [
        "receive", "parse", "book", "publish", "read", "endToEnd", "read.tcp", "endToEnd.tcp",
    ]  # fmt: skip
    row = rows[0]
    assert row.n == 100 * (synthetic_run.SECONDS - synthetic_run.WARM_UP_S)
    assert row.p50_ns is not None
    assert row.p50_low_ns is not None
    assert row.p50_high_ns is not None
    assert row.p50_low_ns <= row.p50_ns <= row.p50_high_ns
    assert row.p50_ns < row.p90_ns < row.p99_ns <= row.max_ns
    assert (row.clock_bound_ns, row.negative) == (40, 0)


def test_transports_of_consumers_are_never_merged(tmp_path: pathlib.Path) -> None:
    rows = hops.answer(read.read_run(synthetic_run.write_run(tmp_path / "run")))
    medians = {row.name: row.p50_ns for row in rows}
    assert 9 < medians["read.tcp"] / medians["read"] < 11
    assert {row.n for row in rows} == {rows[0].n}
    assert {row.clock_bound_ns for row in rows} == {40}


def test_arms_are_told_apart(tmp_path: pathlib.Path) -> None:
    blocks = (synthetic_run.Block(0, "fused", 1), synthetic_run.Block(1, "split", 3))
    rows = hops.answer(read.read_run(synthetic_run.write_run(tmp_path / "run", blocks)))
    by_arm = {row.arm: row.p50_ns for row in rows if row.name == "publish"}
    assert 2.9 < by_arm["split"] / by_arm["fused"] < 3.1
