import io

import pytest
import rich.console
from tickwork_cli import inspect, looking, watch

from tickwork import errors

BOOK = looking.BookLine("BTCUSDT", "LIVE", 1_500, "61602.01", "1.5", "61602.02", "2.5", 42, 584.0)
LOOK = looking.Look(
    "demo", "live", 3, (BOOK, BOOK), 1168.0, 0, (12_000, 80_000, 90_000), 2_000_000, ()
)


def drawn(look: looking.Look, events: list[str], width: int = 120) -> list[str]:
    console = rich.console.Console(file=io.StringIO(), width=width)
    console.print(watch.Screen(look, events), end="")
    return console.file.getvalue().split("\n")  # type: ignore[attr-defined]


def test_a_look_is_a_table_with_a_heading() -> None:
    lines = drawn(LOOK, ["the publisher is back"])
    assert lines[0] == "demo: live, generation 3, 1,168 tops/s"
    assert "p50 12.0 µs, p99 80.0 µs" in lines[1]
    assert lines[2] == "the publisher is back"
    assert lines[4].split() == [
        *["instrument", "state", "age", "bid"],
        "size",
        "bid",
        "ask",
        "ask",
        "size",
        "update",
        "id",
        "/s",
    ]
    assert lines[5].split() == [
        "BTCUSDT",
        "LIVE",
        "1.50",
        "µs",
        "1.5",
        "61602.01",
        "61602.02",
        "2.5",
        "42",
        "584",
    ]


def test_nothing_is_wider_than_the_terminal() -> None:
    assert max(len(line) for line in drawn(LOOK, [], width=40)) == 40


def test_a_look_in_one_line() -> None:
    assert watch.line_of(LOOK) == (
        "demo live; 2/2 LIVE; 1,168 tops/s; received → published p50 12.0 µs, p99 80.0 µs, "
        "max 90.0 µs; newest published 2.00 ms ago"
    )


def test_the_only_publication_needs_no_name(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(inspect, "roots", lambda: [tmp_path])
    with pytest.raises(errors.InputError, match="Nothing is published"):
        watch.find_only()
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "book").write_bytes(b"")
    assert watch.find_only() == "demo"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "book").write_bytes(b"")
    with pytest.raises(errors.InputError, match="2 publications: demo, other"):
        watch.find_only()
