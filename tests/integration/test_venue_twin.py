"""The twin over real sockets, read by independent clients: ``websockets`` and ``http.client``."""

import asyncio
import dataclasses
import itertools
import json
import pathlib
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
import websockets
from integration import twin
from tickwork_services import clocks
from tickwork_services.components.venue_twin import engine
from websockets import exceptions

from tickwork import errors

STREAMS = "/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/ethusdt@depth@100ms"
DEPTH = "/ws/btcusdt@depth@100ms"
TRUTH = struct.Struct("<HBBbbHIIQQqqqq")


def _run(test: Callable[[], Any]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


async def _read(socket_: websockets.ClientConnection, count: int) -> list[dict[str, Any]]:
    return [json.loads(await asyncio.wait_for(socket_.recv(), 10)) for _ in range(count)]


async def _read_to_reply(socket_: websockets.ClientConnection, id_: int) -> list[dict[str, Any]]:
    """Returns what comes up to the reply ``id_``; after it nothing may come."""
    messages = await _read(socket_, 1)
    while messages[-1].get("id") != id_:
        messages += await _read(socket_, 1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(socket_.recv(), 0.5)
    return messages


async def _ended(socket_: websockets.ClientConnection) -> int | None:
    await asyncio.wait_for(socket_.wait_closed(), 10)
    return socket_.close_code


def _truth(directory: pathlib.Path) -> dict[tuple[int, int], tuple[int, ...]]:
    data = (directory / "truth.bin").read_bytes()
    return {(row[0], row[8]): row for row in TRUTH.iter_unpack(data[: len(data) // 64 * 64])}


def test_nothing_is_streamed_before_start_and_after_stop(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig, websockets.connect(rig.url(DEPTH)) as reader:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.recv(), 0.2)
            await rig.start()
            first = await _read(reader, 20)
            assert await rig.twin.stop(10**9) == 0
            await reader.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            *rest, _ = await _read_to_reply(reader, 1)
            stretch = await rig.start(0.2)
            again = await _read(reader, 5)
            diffs = [*first, *rest, *again]
            assert all(b["U"] == a["u"] + 1 for a, b in itertools.pairwise(diffs))
            assert stretch.directory.joinpath("truth.bin").exists()

    _run(test)


@pytest.mark.parametrize("name", ["binance-spot", "binance-usdm"])
def test_snapshot_and_diffs_rebuild_the_true_book(tmp_path: pathlib.Path, name: str) -> None:
    prefix = "/api/v3" if name == "binance-spot" else "/fapi/v1"

    async def test() -> None:
        async with (
            twin.open_twin(tmp_path, name=name) as rig,
            websockets.connect(rig.url(STREAMS)) as reader,
        ):
            stretch = await rig.start()
            buffered = await _read(reader, 200)
            status, headers, snapshot = await rig.get(f"{prefix}/depth?symbol=BTCUSDT&limit=1000")
            assert status == 200
            assert int(headers["x-mbx-used-weight-1m"]) > 0
            buffered += await _read(reader, 400)
            await rig.twin.stop(10**9)
            truth = _truth(stretch.directory)
            assert (0, snapshot["lastUpdateId"]) in truth
            assert _compare(snapshot, buffered, truth) > 100

    _run(test)


def _compare(
    snapshot: dict[str, Any], messages: list[dict[str, Any]], truth: dict[Any, Any]
) -> int:
    """Rebuilds BTCUSDT after ``snapshot`` and compares each update id; returns how many."""
    sides = [dict(snapshot["bids"]), dict(snapshot["asks"])]
    last, compared = snapshot["lastUpdateId"], 0
    for message in messages:
        diff = message["data"]
        if message["stream"] != "btcusdt@depth@100ms" or diff["u"] <= snapshot["lastUpdateId"]:
            continue
        assert diff.get("pu", diff["U"] - 1) <= last
        for side, changes in zip(sides, (diff["b"], diff["a"]), strict=True):
            side.update(changes)
            for price in [price for price, quantity in side.items() if float(quantity) == 0]:
                del side[price]
        last = diff["u"]
        row = truth[0, last]
        scales = 10 ** -row[3], 10 ** -row[4]
        levels = [
            [(round(float(p) * scales[0]), round(float(q) * scales[1])) for p, q in side.items()]
            for side in sides
        ]
        total = engine.digest(1, levels[0]) + engine.digest(2, levels[1])
        assert total % (1 << 64) == row[9]
        compared += 1
    return compared


def test_combined_raw_and_subscribed_connections_hear_the_same(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with (
            twin.open_twin(tmp_path) as rig,
            websockets.connect(rig.url("/stream?streams=btcusdt@depth")) as combined,
            websockets.connect(rig.url("/ws/btcusdt@depth")) as raw,
            websockets.connect(rig.url("/ws")) as later,
        ):
            order = {"method": "SUBSCRIBE", "params": ["btcusdt@depth"], "id": "abc"}
            await later.send(json.dumps(order))
            assert await _read(later, 1) == [{"result": None, "id": "abc"}]
            await later.send('{"method":"LIST_SUBSCRIPTIONS","id":3}')
            assert await _read(later, 1) == [{"result": ["btcusdt@depth"], "id": 3}]
            await rig.start()
            wrapped, bare, also = [await _read(each, 30) for each in (combined, raw, later)]
            assert {each["stream"] for each in wrapped} == {"btcusdt@depth"}
            assert [each["data"] for each in wrapped] == bare == also

    _run(test)


def test_properties_change_between_raw_and_combined(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig, websockets.connect(rig.url(DEPTH)) as reader:
            await reader.send('{"method":"GET_PROPERTY","params":["combined"],"id":1}')
            assert await _read(reader, 1) == [{"result": False, "id": 1}]
            await reader.send('{"method":"SET_PROPERTY","params":["combined",true],"id":2}')
            assert await _read(reader, 1) == [{"result": None, "id": 2}]
            await rig.start()
            (message,) = await _read(reader, 1)
            assert message["stream"] == "btcusdt@depth@100ms"
            await reader.send('{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms"],"id":4}')
            quiet = await _read_to_reply(reader, 4)
            assert quiet[-1] == {"result": None, "id": 4}

    _run(test)


def test_malformed_orders_get_an_error_reply_and_harm_nobody(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig, websockets.connect(rig.url("/ws")) as reader:
            for text in ("{", "[]", '{"method":"DANCE","id":1}', b"\xff\xfe"):
                await reader.send(text)
                (reply,) = await _read(reader, 1)
                assert reply["error"]["msg"].startswith("Invalid")
            await reader.send('{"method":"SUBSCRIBE","params":["no such stream"],"id":9}')
            (reply,) = await _read(reader, 1)
            assert (reply["id"], reply["error"]["code"]) == (9, 2)
            assert rig.count("refusedOrders") == 5

    _run(test)


def test_twin_refuses_sixth_message_in_a_second(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        now_ns = clocks.now_mono_ns()
        async with (
            twin.open_twin(tmp_path, lambda: now_ns) as rig,
            websockets.connect(rig.url("/ws")) as reader,
        ):
            for number in range(5):
                await reader.send(f'{{"method":"LIST_SUBSCRIPTIONS","id":{number}}}')
            assert len(await _read(reader, 5)) == 5
            await reader.send('{"method":"LIST_SUBSCRIPTIONS","id":5}')
            assert await _ended(reader) == 1008
            assert rig.count("messageLimitCuts") == 1

    _run(test)


def test_more_streams_than_allowed_are_refused(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with (
            twin.open_twin(tmp_path, streams_per_connection_max=2) as rig,
            websockets.connect(rig.url("/ws/a@trade/b@trade")) as reader,
        ):
            await reader.send('{"method":"SUBSCRIBE","params":["c@trade"],"id":1}')
            (reply,) = await _read(reader, 1)
            assert "More than 2 streams" in reply["error"]["msg"]
            with pytest.raises(exceptions.InvalidStatus):
                await websockets.connect(rig.url("/ws/a@trade/b@trade/c@trade"))

    _run(test)


def test_too_many_connection_attempts_are_refused(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path, connection_attempts_max=2) as rig:
            for _ in range(2):
                await (await websockets.connect(rig.url("/ws"))).close()
            with pytest.raises(exceptions.InvalidStatus) as refused:
                await websockets.connect(rig.url("/ws"))
            assert refused.value.response.status_code == 429
            assert rig.count("connectionsRefused") == 1

    _run(test)


def test_other_paths_and_noise_are_refused(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig:
            with pytest.raises(exceptions.InvalidStatus) as refused:
                await websockets.connect(rig.url("/elsewhere"))
            assert refused.value.response.status_code == 404
            for port in ("websocket", "rest"):
                host, _, number = rig.twin.addresses[port].rpartition(":")
                for noise in (b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"x" * 200_000):
                    await _shout(host, int(number), noise)
            async with websockets.connect(rig.url("/ws")) as reader:
                await reader.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
                assert await _read(reader, 1) == [{"result": [], "id": 1}]

    _run(test)


async def _shout(host: str, port: int, noise: bytes) -> None:
    """Sends bytes that are no request; whatever comes back, the connection ends."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(noise)
        await writer.drain()
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        pass
    finally:
        writer.close()


def test_connection_is_cut_after_its_life(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        clock, day_ms = twin.Clock(), 86_400_000
        async with (
            twin.open_twin(tmp_path, clock, ping_interval_ms=day_ms, pong_timeout_ms=day_ms) as rig,
            websockets.connect(rig.url(DEPTH)) as reader,
        ):
            clock.ahead_ns = 86_399 * 10**9
            await asyncio.sleep(0.2)
            assert rig.count("lifeCuts") == 0
            clock.ahead_ns = 86_400 * 10**9
            assert await _ended(reader) == 1001
            assert rig.count("lifeCuts") == 1

    _run(test)


def test_ping_comes_and_a_missing_pong_cuts(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        clock = twin.Clock()
        async with (
            twin.open_twin(tmp_path, clock) as rig,
            websockets.connect(rig.url(DEPTH)) as answering,
        ):
            host, _, port = rig.twin.addresses["websocket"].rpartition(":")
            mute = await asyncio.open_connection(host, int(port))
            mute[1].write(HANDSHAKE % b"/ws")
            assert b" 101 " in await mute[0].readline()
            await asyncio.sleep(0.1)
            clock.ahead_ns = 20 * 10**9
            await asyncio.sleep(0.3)
            clock.ahead_ns = 50 * 10**9
            await asyncio.sleep(0.3)
            clock.ahead_ns = 81 * 10**9
            await asyncio.wait_for(mute[0].read(), 5)
            mute[1].close()
            assert rig.count("pongTimeouts") == 1
            assert answering.state.name == "OPEN"

    _run(test)


HANDSHAKE = (
    b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def test_slow_reader_is_cut_and_others_are_not(tmp_path: pathlib.Path) -> None:
    large = {"at_seconds": 0, "kind": "oversized", "count": 100}
    changes = {
        "write_buffer_bytes_max": 1 << 20,
        "oversized_bytes": 1 << 18,
        "engine": {"messages_per_second": 100},
    }

    async def test() -> None:
        async with twin.open_twin(tmp_path, faults=[large], **changes) as rig:
            host, _, port = rig.twin.addresses["websocket"].rpartition(":")
            with socket.socket() as slow:
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
                slow.connect((host, int(port)))
                slow.sendall(HANDSHAKE % DEPTH.encode())
                await asyncio.sleep(0.1)
                async with websockets.connect(rig.url(DEPTH)) as fast:
                    await rig.start()
                    while not rig.count("slowReadersCut"):
                        await _read(fast, 1)
                    await _read(fast, 20)
            assert rig.count("slowReadersCut") == 1

    _run(test)


def test_connection_without_a_request_is_cut(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        clock = twin.Clock()
        async with twin.open_twin(tmp_path, clock) as rig:
            host, _, port = rig.twin.addresses["websocket"].rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            await asyncio.sleep(0.1)
            clock.ahead_ns = 11 * 10**9
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            assert rig.count("handshakeTimeouts") == 1

    _run(test)


def test_port_that_is_taken_is_said_so(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig:
            taken = {"websocket": rig.twin.addresses["websocket"], "rest": "127.0.0.1:0"}
            with pytest.raises(errors.PortTakenError, match="in use"):
                async with twin.open_twin(tmp_path, listens=taken):
                    pass

    _run(test)


def test_stretch_without_an_end_writes_no_truth(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig, websockets.connect(rig.url(DEPTH)) as reader:
            stretch = await rig.start(None)
            await _read(reader, 5)
            await rig.twin.stop(0)
            assert list(stretch.directory.iterdir()) == []
            assert rig.count("truthRows") == 0

    _run(test)


def test_broken_stream_fails_the_unit(tmp_path: pathlib.Path) -> None:
    reported: list[BaseException] = []

    async def test() -> None:
        async with twin.open_twin(tmp_path) as rig:
            rig.twin.context = dataclasses.replace(rig.twin.context, fail=reported.append)
            rig.twin._source.next = None
            await rig.start()
            await asyncio.sleep(0.2)
            with pytest.raises(TypeError):
                await rig.twin.stop(0)
            assert [type(error) for error in reported] == [TypeError]

    _run(test)


def test_high_rate_is_rendered_before_ready(tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        rate = {"messages_per_second": 25_000}
        async with twin.open_twin(tmp_path, engine=rate, prerendered_seconds=0.2) as rig:
            assert rig.count("rendered") == 5000
            await rig.start(0.4)
            _, _, snapshot = await rig.get("/api/v3/depth?symbol=BTCUSDT&limit=1000")
            assert len(snapshot["bids"]) > 100
            for _ in range(200):
                if rig.count("messages") == 10_000:
                    break
                await asyncio.sleep(0.05)
            assert (rig.count("messages"), rig.count("rendered")) == (10_000, 0)

    _run(test)
