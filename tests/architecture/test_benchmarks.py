"""The benchmarks' own rules: what a ratio means, which blocks count, when there is none."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from architecture import tree

sys.path.insert(0, str(tree.ROOT))

from benchmarks import machine, measure, process, rows


class Players:
    """Answers from lists of figures instead of processes; a missing name is not installed."""

    def __init__(self, **figures: list[float]) -> None:
        self.figures = figures
        self.debug = False
        self.taken = 0.0

    def get(self, name: str) -> "Players":
        if name not in self.figures:
            raise process.PlayerError(f"the player {name} is not installed")
        self.name = name
        return self

    def pids(self) -> list[int]:
        return []

    def play(self, _row: str, _milliseconds: int) -> dict[str, Any]:
        figure = self.figures[self.name]
        figure.append(figure.pop(0))
        wall = figure[0] * 1000
        answer = {"count": 1000, "ns": wall, "cpuNs": wall * (1 - self.taken)}
        return answer | {"debug": self.debug and self.name == "ours"}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(machine, "disturbance", lambda *_: (0.0, 0.0))
    monkeypatch.setattr(machine, "wait_until_quiet", lambda _: True)
    yield


def _row(**fields: Any) -> rows.Row:
    ours, peer = rows.Part("ours", "a", "ours"), rows.Part("peer", "a", "the peer")
    return rows.Row("a", "ns", ours, **({"peers": [peer]} | fields))


def _measure(row: rows.Row, players: Players) -> dict[str, Any]:
    return measure.measure(players, row, measure.Size(), lambda _: None)  # type: ignore[arg-type]


def test_a_ratio_is_above_one_when_ours_is_worse() -> None:
    players = Players(ours=[200.0], peer=[100.0])
    assert _measure(_row(), players)["ratio"] == pytest.approx(2.0)
    assert _measure(_row(per_second=True), players)["ratio"] == pytest.approx(2.0)
    limited = _measure(_row(peers=(), limit=400.0, limit_name="a limit"), players)
    assert (limited["ratio"], limited["peerName"]) == (pytest.approx(0.5), "a limit")


def test_a_must_is_met_up_to_its_ratio() -> None:
    players = Players(ours=[50.0], peer=[100.0])
    assert _measure(_row(must=0.5), players)["met"]
    assert not _measure(_row(must=0.49), players)["met"]
    assert _measure(_row(stretch=0.49), players)["stretchMet"] is False


def test_the_best_peer_counts() -> None:
    peers = [rows.Part("slow", "a", "slow one"), rows.Part("fast", "a", "fast one")]
    result = _measure(_row(peers=peers), Players(ours=[10.0], slow=[90.0], fast=[40.0]))
    assert (result["peerName"], result["peer"]) == ("fast one", pytest.approx(40.0))
    assert result["beside"]["slow one"] == pytest.approx(90.0)


def test_an_interval_holds_the_ratio_and_comes_out_the_same_twice() -> None:
    figures = [100.0 + 7 * (n % 5) for n in range(11)]
    results = [_measure(_row(), Players(ours=list(figures), peer=[200.0, 210.0])) for _ in range(2)]
    assert results[0] == results[1]
    assert results[0]["low"] < results[0]["ratio"] < results[0]["high"]
    assert results[0]["blocks"] == measure.BLOCKS


def test_disturbed_rounds_are_thrown_away_until_there_is_no_ratio() -> None:
    players = Players(ours=[10.0], peer=[20.0])
    players.taken = 0.03
    result = _measure(_row(must=0.6), players)
    assert result["ratio"] is None
    assert "disturbed" in result["notMeasurable"]
    assert "met" not in result


def test_a_missing_peer_is_said_and_no_failure() -> None:
    result = _measure(_row(must=0.1), Players(ours=[10.0]))
    assert "not installed" in result["notMeasurable"]
    assert "failed" not in result


def test_a_debug_build_fails() -> None:
    players = Players(ours=[10.0], peer=[20.0])
    players.debug = True
    result = _measure(_row(), players)
    assert result["failed"]
    assert "DEBUG" in result["notMeasurable"]


def test_a_must_that_the_floor_leaves_no_room_for_is_not_judged() -> None:
    floor = {"beside": {"the counter": rows.Part("floor", "a", "the counter")}}
    row = _row(must=0.6, floor="the counter", **floor)
    result = _measure(row, Players(ours=[66.0], peer=[100.0], floor=[58.0]))
    assert result["met"] is None
    assert "takes 0.580 of the peer" in result["notMeasurable"]
    assert "adds 8.0 ns" in result["notMeasurable"]
    assert _measure(row, Players(ours=[66.0], peer=[100.0], floor=[50.0]))["met"] is False
    assert _measure(row, Players(ours=[59.0], peer=[100.0], floor=[58.0]))["met"] is True


def test_rows_have_names_of_their_own_and_musts_above_their_stretches() -> None:
    assert len({row.name for row in rows.ALL}) == len(rows.ALL)
    for row in rows.ALL:
        assert row.peers or row.limit is not None, row.name
        assert row.must is None or row.stretch is None or row.stretch < row.must, row.name
