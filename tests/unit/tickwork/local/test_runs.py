import pathlib

import pytest

from tickwork import errors
from tickwork.local import runs


def test_latest_names_the_newest(tmp_path: pathlib.Path) -> None:
    first = runs.make(tmp_path / "runs", "demo", "a: 1\n")
    second = runs.make(tmp_path / "runs", "demo", "a: 2\n")
    assert first.root != second.root
    assert (tmp_path / "runs" / "latest").resolve() == second.root
    assert second.experiment.read_text() == "a: 2\n"
    assert first.root.name.startswith("demo-")


def test_a_place_that_cannot_be_written_is_a_mistake(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.InputError, match="-o DIR"):
        runs.make(tmp_path / "file" / "runs", "demo", "")
