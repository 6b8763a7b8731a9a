import json
import pathlib

import synthetic_run
from tickwork_analysis import read, summary
from tickwork_analysis.questions import recordings


def recorded(tmp_path: pathlib.Path, facts: dict) -> pathlib.Path:
    """Returns a run with a recorder that left ``facts``."""
    root = synthetic_run.write_run(tmp_path / "run")
    block = next((root / "blocks").iterdir()) / "pipeline" / "recorder"
    block.mkdir()
    counters = {"frames": 90, "dropped": 0, "unrecorded": 10}
    unit = {"unit": "pipeline/recorder", "partial": False, "measured": {}, "links": {}}
    unit["components"] = {"recorder": {"counters": counters, "facts": facts}}
    (block / "counters.json").write_text(json.dumps(unit))
    folder = root / "units" / "pipeline" / "recorder"
    folder.mkdir(parents=True)
    component = {"name": "recorder", "component": "recorder", "settings": {}}
    (folder / "unit.json").write_text(json.dumps({"components": [component]}))
    return root


def test_a_partial_recording_says_so_in_the_results(tmp_path) -> None:
    why = "No space left on device while writing x.twr"
    facts = {"file": "x.twr", "status": "partial", "reason": why, "fileBytes": 512}
    root = recorded(tmp_path, facts)
    [row] = recordings.answer(read.read_run(root))
    assert (row.status, row.reason, row.frames, row.unrecorded) == ("partial", why, 90, 10)
    written = json.loads(summary.to_json(summary.summarise(root).results))
    assert written["recordings"][0]["fileBytes"] == 512


def test_a_recorder_that_never_began_is_no_recording(tmp_path) -> None:
    assert recordings.answer(read.read_run(recorded(tmp_path, {}))) == ()
