import pathlib

import synthetic_run
from tickwork_analysis import read
from tickwork_analysis.questions import consumers, host, lines, queues


def test_consumer_is_told_with_its_transport(tmp_path: pathlib.Path) -> None:
    run = read.read_run(synthetic_run.write_run(tmp_path / "run"))
    row, other = consumers.answer(run)
    assert other.transport == "tcp"
    assert (row.name, row.transport, row.received, row.lost, row.laps) == ("shm", "shm", 100, 2, 1)
    assert row.p50_ns is not None


def test_lines_queues_and_host_of_the_same_run(tmp_path: pathlib.Path) -> None:
    run = read.read_run(synthetic_run.write_run(tmp_path / "run"))
    assert [(line.name, line.wins, line.lead_p50_ns) for line in lines.answer(run)] == [
        ("a", 70, 900),
        ("b", 30, None),
    ]
    assert queues.answer(run)[0].high_water == 4096
    assert (host.answer(run).clock_source, host.answer(run).wait) == ("tsc", "park")
