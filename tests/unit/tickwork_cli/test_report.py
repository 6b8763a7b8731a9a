import json
import pathlib

import pytest
import synthetic_run
from tickwork_cli import main


def test_report_is_made_again_with_its_results(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    assert main.main(["report", str(root)]) == 0
    assert (root / "report.html").is_file()
    assert json.loads((root / "results.json").read_text())["name"] == "small"
    assert str(root / "report.html") in capsys.readouterr().out


def test_two_runs_are_compared_and_machines_that_differ_are_code_4(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roots = [synthetic_run.write_run(tmp_path / name) for name in ("a", "b")]
    assert main.main(["report", *map(str, roots), "-o", str(tmp_path / "both.html")]) == 4
    told = capsys.readouterr().out
    assert "may not be compared: they differ in kernel" in told
    assert (tmp_path / "both.html").is_file()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [("plan", "has no plan.json"), ("blocks", "holds no counters"), ("json", "is not whole JSON")],
)
def test_half_a_run_directory_is_one_sentence(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], spoil: str, words: str
) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    if spoil == "plan":
        (root / "plan.json").unlink()
    elif spoil == "json":
        (root / "plan.json").write_text('{"half')
    else:
        for path in root.rglob("counters.json"):
            path.unlink()
    assert main.main(["report", str(root)]) == 2
    assert words in capsys.readouterr().err


def test_three_directories_are_a_mistake(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["report", "a", "b", "c"]) == 2
    assert "Give one, or two" in capsys.readouterr().err
