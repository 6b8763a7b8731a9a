import json
import pathlib

import pytest
from tickwork_cli import main

from tickwork.plan import plan as plans

ROOT = pathlib.Path(__file__).parents[3]
PIPELINE = ROOT / "experiments/pipeline"


def test_drawing_names_every_unit_and_link_of_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["plan", str(PIPELINE / "demo.yaml")]) == 0
    drawn = capsys.readouterr().out
    for word in ("group venue", "group pipeline", "twin", "forwarder", "normalizer", "book"):
        assert word in drawn
    assert "shm pipe" in drawn
    assert "16 MiB" in drawn
    assert max(len(line) for line in drawn.split("\n")) <= 140


def test_fused_units_are_drawn_as_one_process(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["plan", str(PIPELINE / "demo.yaml"), "--set", "pipeline.placement=fused"])
    assert "normalizer → book → publisher" in capsys.readouterr().out


def test_blocks_of_a_comparison_are_listed_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["plan", str(PIPELINE / "fused-against-split.yaml")])
    assert "blocks, in order" in capsys.readouterr().out


def test_json_is_the_plan_itself(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["plan", str(PIPELINE / "demo.yaml"), "--json"])
    text = capsys.readouterr().out
    assert plans.from_json(text).experiment == json.loads(text)["experiment"] == "demo"


def test_units_are_written_for_a_host_each(tmp_path: pathlib.Path) -> None:
    assert main.main(["plan", str(PIPELINE / "demo.yaml"), "--units", str(tmp_path / "new")]) == 0
    made = plans.from_json((tmp_path / "new/plan.json").read_text())
    targets = json.loads((tmp_path / "new/addresses.json").read_text())["targets"]
    assert set(targets) == set(made.unit_paths())
    written = {path.stem for path in (tmp_path / "new/units").iterdir()}
    assert written == {path.split("/")[1] for path in made.unit_paths()}
    text = (PIPELINE / "demo.yaml").read_text()
    assert (tmp_path / "new/experiment.yaml").read_text() == text


def test_a_place_that_takes_no_units_is_said(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    wanted = ["plan", str(PIPELINE / "demo.yaml"), "--units", str(tmp_path / "file")]
    assert main.main(wanted) == 2
    assert "Name a directory that can be written" in capsys.readouterr().err
