import os
import pathlib

import pytest
from tickwork_cli import inspect

from tickwork import errors


def test_name_means_the_book_below_it_first(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspect, "PLACES", (tmp_path, tmp_path / "pods"))
    room = tmp_path / f"tickwork-{os.getuid()}" / "demo"
    room.mkdir(parents=True)
    for name in ("book", "normalizer.records"):
        (room / name).touch()
    assert inspect.find("demo") == room / "book"
    assert inspect.find("demo/normalizer.records") == room / "normalizer.records"
    assert inspect.find(str(room / "book")) == room / "book"


def test_unknown_segment_says_where_it_looked(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspect, "PLACES", (tmp_path, tmp_path / "pods"))
    with pytest.raises(errors.InputError, match="looked for") as raised:
        inspect.find("demo")
    assert raised.value.exit_code == 2


def test_lists_of_objects_are_tables_and_nothing_is_dropped() -> None:
    seen = {
        "name": "demo",
        "generation": 3,
        "writer_held": True,
        "heartbeat_age_ns": 151_446,
        "regions": [{"kind": "top", "slots": 131_072}, {"kind": "table", "slots": 8}],
        "readers": [],
        "header": {"state": "live"},
    }
    drawn = "\n".join(inspect.draw("/demo/book", seen))
    for words in (
        "generation",
        "writer held",
        "heartbeat age",
        "151 µs",
        "yes",
        "131,072",
        "top",
        "table",
        "none",
        "live",
    ):
        assert words in drawn


def test_json_has_camel_case_keys_all_the_way_down() -> None:
    seen = {"writer_held": True, "regions": [{"newest_sequence": 1}], "header": {"page_size": 2}}
    assert inspect.in_camel_case(seen) == {
        "writerHeld": True, "regions": [{"newestSequence": 1}], "header": {"pageSize": 2},
    }  # fmt: skip
