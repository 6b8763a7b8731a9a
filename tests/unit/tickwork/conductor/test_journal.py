import json
import pathlib

from tickwork.conductor import journal
from tickwork.conductor.outcome import Failure, Outcome


def test_skew_is_the_distance_of_first_and_last_start() -> None:
    block = journal.BlockSeen("000-main", "main", 0, 100, 110, 200)
    block.units = {
        "g/a": journal.UnitSeen(1, 105, 5, 2),
        "g/b": journal.UnitSeen(1, 112, 12, 3),
        "g/dead": journal.UnitSeen(),
    }
    written = block.to_json()
    assert (written["skewNs"], written["latenessNsMax"], written["clockBoundNsMax"]) == (7, 12, 3)


def test_a_block_that_never_started_has_no_skew() -> None:
    assert journal.BlockSeen("000-main", "main", 0, 1, 2, 3).to_json()["skewNs"] is None


def test_the_journal_is_readable_from_the_first_block_on(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "conductor.json"
    kept = journal.Journal("demo", 5)
    kept.write(path)
    assert json.loads(path.read_text())["status"] == "running"
    kept.failures.append(Failure("g/a", "UnitDiedError", "Unit g/a died.", "", ("last",)))
    kept.outcome = Outcome("failed", 0, tuple(kept.failures))
    kept.write(path)
    read = json.loads(path.read_text())
    assert (read["status"], read["exitCode"]) == ("failed", 6)
    assert read["failures"][0]["lastLogLines"] == ["last"]
    assert list(tmp_path.iterdir()) == [path]
