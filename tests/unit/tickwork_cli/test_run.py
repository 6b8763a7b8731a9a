import json
import pathlib
from typing import Any

import pytest
import synthetic_run
from tickwork_cli import main

from tickwork import run_directory
from tickwork.conductor import outcome
from tickwork.local import execution

DEMO = str(pathlib.Path(__file__).parents[3] / "experiments/pipeline/demo.yaml")
DEATH = outcome.Failure("pipeline/book", "UnitDiedError", "Unit pipeline/book died (SIGKILL).")


def _pretend(
    monkeypatch: pytest.MonkeyPatch, ended: outcome.Outcome, block: synthetic_run.Block | None
) -> None:
    """Lets `run` meet a run that already happened: no process is started."""

    def execute(plan: Any, run: run_directory.RunDirectory, conduct: Any) -> outcome.Outcome:
        if block is not None:
            failures = [
                {"unit": each.unit, "error": each.error, "text": each.text}
                for each in ended.failures
            ]
            seen = {"status": ended.status, "exitCode": ended.exit_code, "failures": failures}
            synthetic_run.write_run(run.root, (block,), **seen)
        return ended

    monkeypatch.setattr(execution, "execute", execute)


def test_good_run_is_summed_up_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _pretend(monkeypatch, outcome.Outcome("complete", 1), synthetic_run.Block())
    assert main.main(["run", DEMO, "-o", str(tmp_path / "runs")]) == 0
    told = capsys.readouterr().out
    assert "The book was right at every one of 100 update ids" in told
    latest = tmp_path / "runs" / "latest"
    assert json.loads((latest / "results.json").read_text())["status"] == "complete"
    assert (latest / "experiment.yaml").read_text() == pathlib.Path(DEMO).read_text()
    assert str(latest.resolve()) in told


def test_json_alone_is_on_the_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _pretend(monkeypatch, outcome.Outcome("complete", 1), synthetic_run.Block(wrong=1))
    assert main.main(["run", DEMO, "-o", str(tmp_path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["book"]["equal"] == 99


@pytest.mark.parametrize(
    ("ended", "block", "code"),
    [
        (outcome.Outcome("interrupted", 0), synthetic_run.Block(), 130),
        (outcome.Outcome("failed", 0, (DEATH,)), synthetic_run.Block(), 6),
        (outcome.Outcome("failed", 0, (DEATH,)), None, 6),
        (outcome.Outcome("interrupted", 0), None, 130),
    ],
)
def test_how_it_ended_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    ended: outcome.Outcome,
    block: synthetic_run.Block | None,
    code: int,
) -> None:
    _pretend(monkeypatch, ended, block)
    assert main.main(["run", DEMO, "-o", str(tmp_path)]) == code
    if block is None and ended.failures:
        assert "SIGKILL" in capsys.readouterr().out


def test_bad_manifest_makes_no_directory(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", DEMO, "-o", str(tmp_path / "runs"), "--set", "durationSeconds=-1"]
    assert main.main(arguments) == 2
    assert not (tmp_path / "runs").exists()
    assert "durationSeconds" in capsys.readouterr().err
