"""Every fault of the twin, seen from two lines: what the wire shows, and that truth stays true."""

import asyncio
import functools
import itertools
import json
import pathlib
from collections.abc import Callable
from typing import Any

import websockets
from integration import twin
from tickwork_services import clocks
from websockets import exceptions

PATH = "/stream?streams=btcusdt@depth@100ms"


class Line:
    """One reader: what it got, in order, raw, and how its connection ended."""

    def __init__(self, reader: websockets.ClientConnection) -> None:
        self.reader = reader
        self.raw: list[str] = []
        self.fragments: list[int] = []
        self.code: int | None = None
        self.arrived_unix_ns: list[int] = []

    async def read(self) -> None:
        try:
            while True:
                pieces = [piece async for piece in self.reader.recv_streaming()]
                self.fragments.append(len(pieces))
                self.raw.append("".join(str(piece) for piece in pieces))
                self.arrived_unix_ns.append(clocks.now_unix_ns())
        except exceptions.ConnectionClosed:
            self.code = self.reader.close_code

    @functools.cached_property
    def ids(self) -> list[int]:
        return [_update_id(text) for text in self.raw]


def _update_id(text: str) -> int:
    """Returns the last update id; -1 for what cannot be read."""
    try:
        data = json.loads(text)["data"]
    except ValueError:
        return -1
    return int(data.get("u", 0))


def _see(
    directory: pathlib.Path, faults: list[dict[str, Any]], **changes: Any
) -> tuple[Line, Line, dict[str, Any], list[int], Callable[[str], int]]:
    """Runs one second with ``faults`` and returns both lines, the fault's fact, true ids."""

    async def run() -> tuple[Line, Line, dict[str, Any], list[int], Callable[[str], int]]:
        async with twin.open_twin(
            directory, faults=faults, instruments=("BTCUSDT",), **changes
        ) as rig:
            lines = [
                Line(await websockets.connect(rig.url(PATH), max_size=1 << 22)) for _ in range(2)
            ]
            readers = [asyncio.create_task(line.read()) for line in lines]
            stretch = await rig.start(1.0)
            await asyncio.sleep(1.3)
            await rig.twin.stop(10**9)
            counters, facts = rig.twin.counters(), rig.twin.facts()
            await asyncio.sleep(0.1)
            for line in lines:
                await line.reader.close()
            await asyncio.gather(*readers)
            data = stretch.directory.joinpath("truth.bin").read_bytes()
            true = [
                int.from_bytes(data[at + 16 : at + 24], "little") for at in range(0, len(data), 64)
            ]
            assert counters["injectedFaults"] == 1
            (fact,) = facts["faults"]
            return lines[0], lines[1], fact, true, counters.__getitem__

    return asyncio.run(asyncio.wait_for(run(), 30))


def _fault(kind: str, **values: Any) -> list[dict[str, Any]]:
    return [{"at_seconds": 0.3, "kind": kind, "instrument": "BTCUSDT", **values}]


def test_drop_spoils_the_wire_and_never_the_truth(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("drop", count=3))
    assert other.ids == true
    assert [each for each in true if each not in one.ids] == fact["updateIds"]
    assert (len(fact["updateIds"]), fact["events"], fact["lines"]) == (3, 3, 1)
    assert fact["injectedUnixNs"] > 0


def test_drop_on_all_lines(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("drop", count=2, lines="all"))
    assert one.ids == other.ids == [each for each in true if each not in fact["updateIds"]]
    assert fact["lines"] == 2


def test_duplicate(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("duplicate", count=2))
    assert other.ids == true
    twice = [each for each in true if each in fact["updateIds"]]
    assert sorted(one.ids) == sorted(true + twice)
    assert [a for a, b in itertools.pairwise(one.ids) if a == b] == twice


def test_reorder(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("reorder", count=2))
    assert other.ids == true
    at = true.index(fact["updateIds"][0])
    assert one.ids == [*true[:at], true[at + 1], true[at], *true[at + 2 :]]


def test_delay(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("delay", duration_ms=500))
    assert other.ids == true
    (late,) = fact["updateIds"]
    assert [each for each in one.ids if each != late] == [each for each in true if each != late]
    assert one.ids.index(late) - true.index(late) > 50


def test_split_frames(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("splitFrames", count=4))
    assert one.ids == other.ids == true
    assert sum(count > 1 for count in one.fragments) == len(fact["updateIds"]) == 4
    assert max(other.fragments) == 1


def test_malformed(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("malformed"))
    assert other.ids == true
    assert one.ids.count(-1) == 1
    assert [each for each in true if each not in one.ids] == fact["updateIds"]


def test_oversized(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("oversized"), oversized_bytes=1 << 21)
    assert one.ids == other.ids == true
    (large,) = [text for text in one.raw if len(text) >= 1 << 21]
    assert _update_id(large) == fact["updateIds"][0]


def test_stall_holds_and_then_delivers_in_order(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("stall", duration_ms=300))
    assert one.ids == other.ids == true
    held_until_unix_ns = fact["injectedUnixNs"] + 300_000_000
    early = sum(arrived < held_until_unix_ns for arrived in one.arrived_unix_ns)
    assert early <= 300 < len(true), "only what was due in 0.3 s, at 1000 messages a second"
    assert fact["lines"] == 1


def test_stall_beyond_the_end_of_the_stretch_still_delivers(tmp_path: pathlib.Path) -> None:
    one, _, _, true, _ = _see(tmp_path, _fault("stall", duration_ms=850))
    assert one.ids == true


def test_disconnect_in_mid_frame(tmp_path: pathlib.Path) -> None:
    one, other, fact, true, _ = _see(tmp_path, _fault("disconnect", mid_frame=True))
    assert other.ids == true
    assert one.code == 1006
    assert one.ids == true[: len(one.ids)]
    assert 50 < len(one.ids) < len(true) - 50
    assert fact["lines"] == 1


def test_disconnect_of_all_lines(tmp_path: pathlib.Path) -> None:
    one, other, _, true, _ = _see(tmp_path, _fault("disconnect", lines="all"))
    assert one.code == other.code == 1006
    assert len(one.ids) < len(true)


def test_server_shutdown_is_announced_and_then_closes(tmp_path: pathlib.Path) -> None:
    one, other, _, true, _ = _see(tmp_path, _fault("serverShutdown", duration_ms=500))
    assert other.ids == true
    (notice,) = [json.loads(text) for text in one.raw if "serverShutdown" in text]
    assert notice["stream"] == "!serverShutdown"
    assert one.code == 1001
    sent = [each for each in one.ids if each]
    assert sent == true[: len(sent)]
    assert len(sent) > 300


def _ask(
    directory: pathlib.Path, faults: list[dict[str, Any]], times: int
) -> tuple[list[tuple[int, dict[str, str], Any, float]], dict[str, Any]]:
    """Asks for ``times`` snapshots after the fault is armed."""

    async def run() -> tuple[list[tuple[int, dict[str, str], Any, float]], dict[str, Any]]:
        async with twin.open_twin(directory, faults=faults) as rig:
            await rig.start()
            while not rig.twin._schedule.on_rest:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.01)
            answers = []
            loop = asyncio.get_running_loop()
            for _ in range(times):
                begun = loop.time()
                answer = await rig.get("/api/v3/depth?symbol=BTCUSDT&limit=5")
                answers.append((*answer, loop.time() - begun))
            await rig.twin.stop(0)
            return answers, dict(rig.twin.facts()["faults"][0])

    return asyncio.run(asyncio.wait_for(run(), 30))


def test_slow_snapshot_comes_late_and_is_of_then(tmp_path: pathlib.Path) -> None:
    ((_, _, slow, took), (_, _, quick, _)), fact = _ask(
        tmp_path, _fault("slowSnapshot", duration_ms=400), 2
    )
    assert took >= 0.4
    assert slow["lastUpdateId"] < quick["lastUpdateId"]
    assert fact["updateIds"] == [slow["lastUpdateId"]]


def test_stale_snapshot_is_older_than_anything_streamed(tmp_path: pathlib.Path) -> None:
    ((_, _, stale, _), (_, _, fresh, _)), fact = _ask(tmp_path, _fault("staleSnapshot"), 2)
    assert fresh["lastUpdateId"] - stale["lastUpdateId"] > 50
    assert len(stale["bids"]) == 5
    assert fact["updateIds"] == [stale["lastUpdateId"]]


def test_rate_limit_answers_429_and_then_418(tmp_path: pathlib.Path) -> None:
    answers, fact = _ask(tmp_path, _fault("rateLimit", duration_ms=5000), 5)
    assert [answer[0] for answer in answers] == [429, 429, 429, 418, 418]
    assert answers[0][1]["retry-after"] == "5"
    assert int(answers[4][1]["retry-after"]) > 60
    assert fact["events"] == 1
