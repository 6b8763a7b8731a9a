import pathlib

import synthetic_run
from tickwork_analysis import read, seconds


def test_units_are_merged_second_by_second(tmp_path: pathlib.Path) -> None:
    run = read.read_run(synthetic_run.write_run(tmp_path / "run"))
    units = [unit for unit in run.units() if unit.name == "shm"]
    one, two = seconds.of_hop(units, "read"), seconds.of_hop(units + units, "read")
    assert len(one) == len(two) == synthetic_run.SECONDS - synthetic_run.WARM_UP_S
    assert [2 * each.count for each in one] == [each.count for each in two]
    assert seconds.of_hop(units, "parse") == []
