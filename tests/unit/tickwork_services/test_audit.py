"""What a finding means, and captures made by hand."""

import json
import pathlib
import typing

import pytest
from tickwork_services import audit

from tickwork import errors


def finding(**changes: object) -> audit.Finding:
    book = {
        "instrument": "BTCUSDT",
        "state": changes.pop("state", "LIVE"),
        "gapSinceUpdateId": changes.pop("gapSinceUpdateId", None),
    }
    plain = {"tickerCompared": 5, "tickerEqual": 5, "crossed": 0, "gaps": 0, "books": [book]}
    return typing.cast("audit.Finding", {**plain, **changes})


@pytest.mark.parametrize(
    ("changes", "exit_code"),
    [
        ({}, audit.GOOD),
        ({"gaps": 3}, audit.GOOD),
        ({"tickerEqual": 4}, audit.UNEQUAL),
        ({"crossed": 1}, audit.UNEQUAL),
        ({"state": "GAP"}, audit.UNEQUAL),
        ({"state": "SYNCING", "gapSinceUpdateId": 5, "tickerCompared": 0}, audit.UNEQUAL),
        ({"state": "GAP", "tickerCompared": 0, "tickerEqual": 0}, audit.UNEQUAL),
        ({"tickerCompared": 0, "tickerEqual": 0}, audit.NOTHING_PROVEN),
        ({"tickerCompared": 0, "tickerEqual": 0, "books": []}, audit.NOTHING_PROVEN),
    ],
)
def test_a_finding_has_one_meaning(changes: dict[str, object], exit_code: int) -> None:
    assert audit.judge(finding(**changes))[0] == exit_code


def depth(first: int, last: int, bid: str, quantity: str) -> str:
    return json.dumps(
        {
            "e": "depthUpdate",
            "E": 1_000,
            "s": "BTCUSDT",
            "U": first,
            "u": last,
            "b": [[bid, quantity]],
            "a": [],
        },
        separators=(",", ":"),
    )


def ticker(update_id: int, bid: str) -> str:
    names = {"u": update_id, "s": "BTCUSDT", "b": bid, "B": "2", "a": "11.5", "A": "1"}
    return json.dumps(names, separators=(",", ":"))


SNAPSHOT: typing.Final = json.dumps(
    {"lastUpdateId": 10, "bids": [["10.0", "1"]], "asks": [["11.5", "1"]]},
    separators=(",", ":"),
)


def audited(tmp_path: pathlib.Path, *lines: str) -> audit.Audit:
    path = tmp_path / "capture.txt"
    path.write_text("\n".join(lines) + "\n")
    return audit.audit_captures([path], "binance-spot")


def test_a_small_capture_is_proven(tmp_path: pathlib.Path) -> None:
    found = audited(tmp_path, SNAPSHOT, depth(9, 11, "10.5", "2"), ticker(11, "10.5"))
    assert found.exit_code == audit.GOOD
    (book,) = found.finding["books"]
    assert (book["bid"], book["bidQuantity"], book["state"]) == ("10.5", "2", "LIVE")


def test_an_unequal_ticker_is_found(tmp_path: pathlib.Path) -> None:
    found = audited(tmp_path, ticker(11, "10.4"), SNAPSHOT, depth(9, 11, "10.5", "2"))
    assert (found.exit_code, found.finding["tickerEqual"]) == (audit.UNEQUAL, 0)
    assert "1 of 1" in found.meaning


def test_a_crossed_book_is_found(tmp_path: pathlib.Path) -> None:
    found = audited(tmp_path, SNAPSHOT, depth(9, 11, "12", "2"))
    assert (found.exit_code, found.finding["crossed"]) == (audit.UNEQUAL, 1)


def test_a_snapshot_without_deltas_proves_nothing(tmp_path: pathlib.Path) -> None:
    found = audited(tmp_path, SNAPSHOT)
    assert (found.exit_code, found.finding["unparsed"]) == (audit.NOTHING_PROVEN, 1)


def test_a_gap_is_closed_by_a_later_snapshot(tmp_path: pathlib.Path) -> None:
    later = SNAPSHOT.replace(":10,", ":20,")
    first, second = depth(9, 11, "10.5", "2"), depth(20, 21, "10.6", "2")
    found = audited(tmp_path, SNAPSHOT, first, second, later, ticker(21, "10.6"))
    assert (found.finding["gaps"], found.exit_code) == (1, audit.GOOD)


def test_lines_that_are_none_are_counted(tmp_path: pathlib.Path) -> None:
    found = audited(tmp_path, "what is this", '{"e":"nothing"}', "wss://venue.test <-> 1.5", "")
    assert (found.finding["messages"], found.finding["unparsed"]) == (2, 2)


def test_what_a_person_got_wrong_is_said(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.InputError, match="no capture"):
        audit.audit_captures([], "binance-spot")
    with pytest.raises(errors.InputError, match="binance-usdm"):
        audit.audit_captures([tmp_path / "x"], "nasdaq")
    path = tmp_path / "cut.txt"
    path.write_text(SNAPSHOT + "\n" + SNAPSHOT[:-9])
    with pytest.raises(errors.CaptureError, match="cut off"):
        audit.audit_captures([path], "binance-spot")


def test_a_snapshot_that_no_diff_reaches_is_a_gap(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "capture"
    path.write_text("\n".join([depth(9, 10, "9", "1"), SNAPSHOT, depth(12, 13, "9", "1"), ""]))
    found = audit.audit_captures([path], "binance-spot")
    assert (found.exit_code, found.finding["gaps"]) == (audit.UNEQUAL, 1)
    assert found.finding["books"][0]["gapSinceUpdateId"] == 10
