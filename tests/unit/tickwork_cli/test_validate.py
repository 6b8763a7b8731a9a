import pathlib

import pytest
from tickwork_cli import main

ROOT = pathlib.Path(__file__).parents[3]
DEMO = str(ROOT / "experiments/pipeline/demo.yaml")


def test_good_file_is_said_to_be_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["validate", DEMO]) == 0
    assert "valid (pipeline, 7 units, 1 block)" in capsys.readouterr().out


def test_every_file_is_checked_and_every_mistake_told_with_its_line(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = pathlib.Path(DEMO).read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace("durationSeconds:", "durationSecs:").replace("seed: ", "seed: -"))
    assert main.main(["validate", str(bad), DEMO, str(tmp_path / "none.yaml")]) == 2
    told = capsys.readouterr()
    assert "valid" in told.out
    assert f"{bad}:" in told.err
    assert "durationSecs" in told.err
    assert "none.yaml" in told.err
    assert "Traceback" not in told.err


def test_set_is_laid_over_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["validate", DEMO, "--set", "durationSeconds=-1"]) == 2
    assert "durationSeconds" in capsys.readouterr().err
