import json
import pathlib

import synthetic_run
from tickwork_analysis import read


def test_warm_up_and_what_came_after_the_stop_are_cut_off(tmp_path: pathlib.Path) -> None:
    run = read.read_run(synthetic_run.write_run(tmp_path / "run"))
    unit = next(unit for unit in run.units() if unit.name == "book")
    seconds = [each.start_unix_s - synthetic_run.START_UNIX_S for each in unit.intervals]
    assert seconds == list(range(1, synthetic_run.SECONDS))


def test_incarnations_are_read_oldest_first_and_summed(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    folder = root / "blocks/000-main/pipeline/book"
    earlier = folder / "incarnation-1"
    earlier.mkdir()
    for name in ("counters.json", "proof.bin"):
        (earlier / name).write_bytes((folder / name).read_bytes())
    run = read.read_run(root)
    unit, book = run.blocks[0].of_kind("book")[0]
    assert [path.parent.name for path in unit.files("proof.bin")] == ["incarnation-1", "book"]
    assert book.counters["updates"] == 200


def test_unit_that_left_nothing_is_no_error(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    for path in (root / "blocks/000-main/pipeline/shm").iterdir():
        path.unlink()
    run = read.read_run(root)
    assert [each.name for _, each in run.blocks[0].of_kind("consumer")] == ["tcp"]


def test_counters_add_up_and_skip_what_is_no_number() -> None:
    assert read.add_counters([{"a": 1}, json.loads('{"a": 2, "b": "x"}')]) == {"a": 3}
