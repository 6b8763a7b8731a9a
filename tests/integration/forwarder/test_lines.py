"""Lines of the forwarder against real WebSocket servers."""

import asyncio
import contextlib
import gc
import itertools
import json
import socket

import pytest
from integration.forwarder import stand_ins
from integration.forwarder.stand_ins import ABSENT, CLOSED, ERROR, OPENED, TEXT, wait_until
from tickwork_services import clocks
from tickwork_services.components.forwarder import channel


def message(number, stream="btcusdt@trade"):
    return f'{{"stream":"{stream}","data":{{"n":{number}}}}}'


def numbers(frames, line=None):
    return [json.loads(payload)["data"]["n"] for payload in frames.payloads(line)]


async def send_ten(connection):
    for number in range(10):
        await connection.send(message(number))
    await connection.wait_closed()


@contextlib.contextmanager
def run(script, tmp_path, frames=None, server=None, **settings):
    """A forwarder over a venue that runs ``script``; stopped and closed at the end."""
    with (
        stand_ins.Venue(script, **(server or {})) as venue,
        stand_ins.RestVenue(stand_ins.answer_ok) as rest,
    ):
        connects = {"websocket": venue.address, "rest": rest.address}
        bench = stand_ins.make_bench(connects, frames, **{"lines": 1, **settings})
        bench.venue = venue
        try:
            bench.start(tmp_path)
            yield bench
        finally:
            asyncio.run(bench.forwarder.close())


def test_one_line_reads_every_message_with_stamps_and_closes_by_handshake(tmp_path):
    with run(send_ten, tmp_path) as bench:
        wait_until(lambda: len(bench.frames.payloads()) == 10, "ten frames")
        wait_until(lambda: bench.forwarder.serving().serving, "the line is live")
        bench.stop()
        wait_until(lambda: bench.venue.connections[0].close_code, "the server's side closed")
        assert bench.venue.connections[0].close_code == 1000
    assert numbers(bench.frames) == list(range(10))
    kinds = [each.kind for each in bench.frames.seen if each.kind != stand_ins.REST]
    assert kinds == [OPENED, *[TEXT] * 10, CLOSED]
    stamped = [each for each in bench.frames.of(TEXT) if each.kernel_ns != ABSENT]
    for each in stamped:
        assert -1_000_000 < each.received_ns - each.kernel_ns < 10_000_000_000
    assert bool(stamped) == (bench.forwarder.counters()["kernelStamped"] > 0)
    channels = ("depth@100ms", "bookTicker", "trade")
    assert bench.venue.subscribed == [
        [f"{symbol}@{channel}" for symbol in ("btcusdt", "ethusdt") for channel in channels]
    ]
    assert not [line for line in bench.log.lines if line[0] == "error"]


def test_nothing_is_connected_before_start_and_between_blocks(tmp_path):
    with run(send_ten, tmp_path) as bench:
        wait_until(lambda: len(bench.frames.payloads()) == 10, "ten frames")
        bench.stop()
        assert not bench.forwarder.serving().serving
        attempts = bench.forwarder.counters()["attempts"]
        assert attempts == 1
        bench.start(tmp_path)
        wait_until(lambda: len(bench.frames.payloads()) == 20, "a second block")
        connections = {each.connection for each in bench.frames.of(TEXT)}
        assert connections == {1, 2}
        assert bench.forwarder.counters()["reconnects"] == 0


def test_a_stop_before_the_start_instant_connects_nothing(tmp_path):
    with stand_ins.Venue(send_ten) as venue:
        bench = stand_ins.make_bench({"websocket": venue.address, "rest": venue.address})
        bench.start(tmp_path, in_ns=3_600_000_000_000)
        before_ns = clocks.now_mono_ns()
        bench.stop()
        assert clocks.now_mono_ns() - before_ns < 2_000_000_000
        assert venue.connections == []
        assert bench.forwarder.counters()["attempts"] == 0
        asyncio.run(bench.forwarder.close())


def test_an_outlet_that_breaks_fails_the_unit_and_ends_the_loop(tmp_path):
    class Broken(stand_ins.Frames):
        def on_frame(self, *arguments):
            if arguments[2] == TEXT:
                raise OSError("the segment went away")
            return super().on_frame(*arguments)

    with run(send_ten, tmp_path, Broken()) as bench:
        wait_until(lambda: bench.failures, "the failure was told")
        assert "went away" in str(bench.failures[0])
        serving = bench.forwarder.serving()
        assert (serving.serving, "went away" in serving.reason) == (False, True)
        bench.stop()


def test_two_lines_bring_everything_twice_and_are_told_apart(tmp_path):
    with run(send_ten, tmp_path, lines=2) as bench:
        wait_until(lambda: len(bench.frames.payloads()) == 20, "ten frames of each line")
        assert numbers(bench.frames, 0) == numbers(bench.frames, 1) == list(range(10))
        assert [each["name"] for each in bench.forwarder.facts()["lines"]] == ["a", "b"]
        bench.counts(connects=2)


def test_a_disconnect_in_mid_frame_is_a_loss_that_is_told_and_healed(tmp_path):
    turns = itertools.count(1)

    async def cut_first(connection):
        await connection.send(message(1))
        if next(turns) == 1:
            # The head of a text frame of 100 bytes, and three of them; then the line is cut.
            connection.transport.write(b"\x81\x64abc")
            await asyncio.sleep(0.05)
            connection.transport.abort()
            return
        await connection.wait_closed()

    with run(cut_first, tmp_path) as bench:
        wait_until(lambda: numbers(bench.frames) == [1, 1], "a message of the second connection")
        events = [e.kind for e in bench.frames.seen if e.kind in (OPENED, CLOSED, ERROR)]
        assert events == [OPENED, CLOSED, OPENED]
        closed = bench.frames.of(CLOSED)[0]
        assert closed.payload
        bench.counts(reconnects=1, connectionsLost=1)
        lost = [line for line in bench.log.lines if line[1] == "venue line lost"]
        assert len(lost) == 1


def test_a_stalled_line_is_given_up_and_comes_back(tmp_path):
    turns = itertools.count(1)

    async def send_once(connection):
        await connection.send(message(next(turns)))
        await connection.wait_closed()

    with run(send_once, tmp_path, stall_seconds=0.3) as bench:
        wait_until(lambda: numbers(bench.frames)[:2] == [1, 2], "a second connection")
        assert bench.forwarder.counters()["stalls"] >= 1
        assert b"stalled" in bench.frames.of(CLOSED)[0].payload


def test_connections_that_ended_leave_no_memory_behind(tmp_path):
    async def close_at_once(connection):
        await connection.close()

    gc.collect()
    gc.disable()
    try:
        with run(close_at_once, tmp_path) as bench:
            wait_until(lambda: bench.forwarder.counters()["attempts"] >= 4, "four attempts", 30)
            found = [each for each in gc.get_objects() if isinstance(each, channel.Channel)]
            assert sum(len(each._buffer) > 0 for each in found) <= 1, "that of the newest"
            assert len(found) >= 3, "what ended waits for the collector, without its buffer"
    finally:
        gc.enable()


class Pausing:
    """An epoll that on demand is away for a while and then has seen nothing: a stopped process."""

    def __init__(self, epoll):
        self.away_ns = 0
        self._epoll = epoll

    def __getattr__(self, name):
        return getattr(self._epoll, name)

    def poll(self, timeout):
        if self.away_ns:
            away_ns, self.away_ns = self.away_ns, 0
            clocks.sleep(away_ns)
            return []
        return self._epoll.poll(timeout)


def test_a_pause_of_our_own_is_no_stall_of_the_venue(tmp_path):
    async def send_on(connection):
        for number in range(100):
            await connection.send(message(number))
            await asyncio.sleep(0.02)
        await connection.wait_closed()

    with run(send_on, tmp_path, stall_seconds=1.0) as bench:
        wait_until(bench.frames.payloads, "the first frame")
        pausing = Pausing(bench.forwarder._loop._epoll)
        bench.forwarder._loop._epoll = pausing
        pausing.away_ns = 2_000_000_000
        wait_until(lambda: len(bench.frames.payloads()) == 100, "what waited, and the rest")
        assert numbers(bench.frames) == list(range(100))
        bench.counts(stalls=0, reconnects=0, connects=1)
        assert bench.forwarder.counters()["pauses"] >= 1


def test_pings_keep_a_quiet_line_alive(tmp_path):
    async def beat(connection):
        for number in range(8):
            await asyncio.wait_for(await connection.ping(b"%d" % number), 5)
            await asyncio.sleep(0.15)
        await connection.send(message(1))
        await connection.wait_closed()

    with run(beat, tmp_path, stall_seconds=1.0) as bench:
        wait_until(lambda: numbers(bench.frames) == [1], "the message after eight pongs")
        bench.counts(pings=8, stalls=0, connects=1)


def test_a_fragmented_message_is_one_frame(tmp_path):
    async def send_parts(connection):
        text = message(7)
        await connection.send([text[:5], text[5:11], text[11:]])
        await connection.wait_closed()

    with run(send_parts, tmp_path) as bench:
        wait_until(lambda: numbers(bench.frames) == [7], "the whole message")
        bench.counts(fragmented=1)


def test_an_oversized_message_is_counted_kept_and_survived(tmp_path):
    big = ["x" * 5000]

    async def send_big(connection):
        if big:
            await connection.send(big.pop())
            await connection.wait_closed()
        else:
            await send_ten(connection)

    with run(send_big, tmp_path, frame_bytes_max=2048) as bench:
        wait_until(lambda: len(bench.frames.payloads()) == 10, "messages after the big one")
        bench.counts(**{"unparsed.tooLarge": 1})
        (sample,) = bench.forwarder.facts()["unparsed"]
        assert (sample["reason"], sample["line"], sample["length"]) == ("tooLarge", "a", 5000)


def test_text_that_is_no_utf8_is_counted_and_the_line_goes_on(tmp_path):
    async def send_bad(connection):
        await connection.send(b'{"s":"\xff"}', text=True)
        await send_ten(connection)

    with run(send_bad, tmp_path) as bench:
        wait_until(lambda: len(bench.frames.payloads()) == 10, "messages after the bad one")
        bench.counts(connects=1, **{"unparsed.notUtf8": 1})


def test_a_venue_that_refuses_a_subscription_is_told_in_its_words(tmp_path):
    async def never(connection):
        await connection.wait_closed()

    with stand_ins.Venue(never, refuse="Invalid symbol") as venue:
        bench = stand_ins.make_bench({"websocket": venue.address, "rest": "127.0.0.1:1"}, lines=1)
        bench.start(tmp_path)
        wait_until(lambda: bench.frames.of(CLOSED), "the connection was given up")
        assert b"Invalid symbol" in bench.frames.of(CLOSED)[0].payload
        assert bench.forwarder.counters()["subscriptionsRefused"] >= 1
        asyncio.run(bench.forwarder.close())


def test_a_venue_that_is_not_there_is_asked_again_and_again(tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{held.getsockname()[1]}"
        bench = stand_ins.make_bench(
            {"websocket": nobody, "rest": nobody}, lines=1, reconnect_ms_max=20
        )
        bench.start(tmp_path)
        wait_until(lambda: bench.forwarder.counters()["connectionsLost"] >= 5, "five attempts")
        assert not bench.forwarder.serving().serving
        asyncio.run(bench.forwarder.close())
    counters = bench.forwarder.counters()
    lost = [line for line in bench.log.lines if line[1] == "venue line lost"]
    assert len(lost) == counters["connectionsLost"] >= 5
    assert counters["attempts"] - counters["connectionsLost"] in (0, 1)
    assert "ECONNREFUSED" in lost[0][2]["reason"]


def test_a_venue_that_pings_and_never_reads_is_left(tmp_path):
    async def flood(connection):
        connection.transport.pause_reading()
        ping = b"\x89\x7d" + b"p" * 125
        while not connection.transport.is_closing():
            # A reader slower than this loop must not make the stand-in eat the machine's memory.
            if connection.transport.get_write_buffer_size() < 1 << 20:
                connection.transport.write(ping * 2000)
            await asyncio.sleep(0)

    with run(flood, tmp_path) as bench:
        wait_until(lambda: bench.frames.of(CLOSED), "it was left", 30)
        assert b"it has not read" in bench.frames.of(CLOSED)[0].payload


def test_a_full_outlet_never_stops_the_reading(tmp_path):
    async def send_many(connection):
        for number in range(5000):
            await connection.send(message(number))
        await connection.wait_closed()

    frames = stand_ins.Frames(room=100)
    with run(send_many, tmp_path, frames) as bench:
        wait_until(lambda: bench.forwarder.counters()["messages"] == 5000, "all were read")
        # A message is counted before it goes out: all have, once the loop has ended.
        bench.stop()
        counters = bench.forwarder.counters()
        assert counters["frames"] == len(frames.seen) + counters["framesDropped"]
        assert counters["framesDropped"] >= 4900
        assert counters["connectionsLost"] == 0


@pytest.mark.parametrize("lines", [1, 2])
def test_server_shutdown_is_answered_by_a_replacement_before_the_first_goes(tmp_path, lines):
    """A venue counts; every connection gets each number from the moment it is subscribed."""
    audience, turns = set(), itertools.count(1)

    async def listen(connection):
        audience.add(connection)
        if next(turns) == 1:
            await asyncio.sleep(0.2)
            await connection.send('{"e":"serverShutdown","E":1}')
        try:
            await connection.wait_closed()
        finally:
            audience.discard(connection)

    async def count():
        for number in range(200):
            await asyncio.gather(
                *(each.send(message(number)) for each in audience), return_exceptions=True
            )
            await asyncio.sleep(0.005)

    with run(listen, tmp_path, lines=lines) as bench:
        wait_until(lambda: len(audience) == lines, "the first connections")
        bench.venue.run(count())
        wait_until(lambda: 199 in numbers(bench.frames), "the last number")
        assert set(numbers(bench.frames)) == set(range(200))
        bench.counts(serverShutdowns=1, renewals=1, connectionsLost=0)
        (closed,) = wait_until(lambda: bench.frames.of(CLOSED), "the first was closed")
        opened = next(e for e in bench.frames.of(OPENED) if e.connection == lines + 1)
        assert bench.frames.seen.index(opened) < bench.frames.seen.index(closed)
        assert opened.line == closed.line + lines
