"""The REST side of the forwarder against a real HTTP server."""

import asyncio
import contextlib
import itertools
import threading

import pytest
from integration.forwarder import stand_ins
from integration.forwarder.stand_ins import ABSENT, ERROR, REST, wait_until
from tickwork_services.venues import venue

from tickwork import errors


async def listen(connection):
    await connection.wait_closed()


@contextlib.contextmanager
def run(answer, tmp_path, **settings):
    with stand_ins.Venue(listen) as lines, stand_ins.RestVenue(answer) as rest:
        connects = {"websocket": lines.address, "rest": rest.address}
        bench = stand_ins.make_bench(connects, **{"lines": 1, **settings})
        bench.venue = rest
        try:
            bench.start(tmp_path)
            yield bench
        finally:
            asyncio.run(bench.forwarder.close())


def snapshots(bench):
    return [each for each in bench.frames.of(REST) if each.instrument != 0xFFFF]


def test_exchange_information_comes_first_then_what_a_book_asks_for(tmp_path):
    with run(stand_ins.answer_ok, tmp_path) as bench:
        (information,) = wait_until(lambda: bench.frames.of(REST), "exchange information")
        assert (information.instrument, information.payload) == (0xFFFF, b'{"symbols":[]}')
        bench.requests.ask(1, 77)
        (snapshot,) = wait_until(lambda: snapshots(bench), "a snapshot")
        assert (snapshot.instrument, snapshot.correlation) == (1, 77)
        assert ABSENT < snapshot.requested_ns < snapshot.received_ns
        assert b"lastUpdateId" in snapshot.payload
        assert bench.venue.paths == [
            "/fapi/v1/exchangeInfo",
            "/fapi/v1/depth?symbol=ETHUSDT&limit=1000",
        ]


def test_a_custom_endpoint_may_have_a_path_of_its_own(tmp_path):
    with stand_ins.RestVenue(stand_ins.answer_ok) as rest:
        connects = {"websocket": "127.0.0.1:1", "rest": f"http://{rest.address}/mirror/"}
        bench = stand_ins.make_bench(connects, lines=1)
        bench.start(tmp_path)
        wait_until(lambda: bench.frames.of(REST), "exchange information")
        assert rest.paths == ["/mirror/fapi/v1/exchangeInfo"]
        asyncio.run(bench.forwarder.close())


def test_an_address_that_is_none_is_refused_at_open():
    bench = stand_ins.make_bench({"websocket": "ftp://venue"})
    with pytest.raises(errors.InputError, match="neither host:port nor a URL"):
        asyncio.run(bench.forwarder.open())
    asyncio.run(bench.forwarder.close())


def test_a_request_for_all_instruments_fetches_each(tmp_path):
    with run(stand_ins.answer_ok, tmp_path) as bench:
        bench.requests.ask(0xFFFF, 5)
        wait_until(lambda: len(snapshots(bench)) == 2, "both snapshots")
        assert {each.instrument for each in snapshots(bench)} == {0, 1}


def test_an_instrument_that_is_not_ours_is_passed_over(tmp_path):
    with run(stand_ins.answer_ok, tmp_path) as bench:
        bench.requests.ask(9, 1)
        bench.requests.ask(0, 2)
        (snapshot,) = wait_until(lambda: snapshots(bench), "a snapshot")
        assert snapshot.correlation == 2


def test_the_newest_request_of_an_instrument_wins_while_one_is_under_way(tmp_path):
    gate = threading.Event()

    def slow(path):
        if "depth" in path:
            gate.wait(10)
        return stand_ins.answer_ok(path)

    with run(slow, tmp_path) as bench:
        for correlation in range(1, 6):
            bench.requests.ask(0, correlation)
            wait_until(lambda: not bench.requests.pending(), "the request was read")
            wait_until(lambda: len(bench.venue.paths) == 2, "the first is under way")
        bench.counts(restSuperseded=3)
        gate.set()
        wait_until(lambda: len(snapshots(bench)) == 2, "two answers")
        assert [each.correlation for each in snapshots(bench)] == [1, 5]


def test_429_then_418_are_waited_out_and_the_request_is_answered(tmp_path):
    limits = [(429, "1"), (418, "1")]
    times = []

    def limited(path):
        if "depth" in path:
            times.append(stand_ins.clocks.now_mono_ns())
            if limits:
                status, seconds = limits.pop(0)
                return status, {"Retry-After": seconds}, b'{"code":-1003}'
        return stand_ins.answer_ok(path)

    with run(limited, tmp_path) as bench:
        wait_until(lambda: bench.frames.of(REST), "exchange information")
        bench.requests.ask(0, 9)
        (snapshot,) = wait_until(lambda: snapshots(bench), "the answer after both waits")
        assert snapshot.correlation == 9
        assert snapshot.requested_ns >= times[1] + 1_000_000_000
        assert [b - a >= 990_000_000 for a, b in itertools.pairwise(times)] == [True] * 2
        bench.counts(restLimited=2, restErrors=0)
        limits_said = [line for line in bench.log.lines if line[1] == "venue limit"]
        assert len(limits_said) == 2


def test_the_weight_that_the_venue_counts_holds_requests_back(tmp_path):
    def costly(path):
        status, _, body = stand_ins.answer_ok(path)
        return status, {"X-MBX-USED-WEIGHT-1M": "2390"}, body

    with run(costly, tmp_path) as bench:
        wait_until(lambda: bench.frames.of(REST), "exchange information")
        bench.requests.ask(0, 1)
        wait_until(lambda: bench.forwarder.counters()["restWeightWaits"], "a wait for weight")
        assert snapshots(bench) == []
        assert bench.stop() == 1


def test_an_error_is_told_in_order_and_the_next_request_is_served(tmp_path):
    broken = [1]

    def failing(path):
        if "depth" in path and broken:
            broken.pop()
            return 500, {}, b"out of order"
        return stand_ins.answer_ok(path)

    with run(failing, tmp_path) as bench:
        bench.requests.ask(1, 3)
        (error,) = wait_until(lambda: bench.frames.of(ERROR), "an error frame")
        assert (error.instrument, error.correlation) == (1, 3)
        assert b"500" in error.payload
        bench.requests.ask(1, 4)
        (snapshot,) = wait_until(lambda: snapshots(bench), "a snapshot")
        assert snapshot.correlation == 4


def test_an_answer_without_end_is_refused(tmp_path):
    def endless(path):
        if "depth" in path:
            return 200, {}, b" " * (venue.REST_BYTES_MAX + 1)
        return stand_ins.answer_ok(path)

    with run(endless, tmp_path) as bench:
        bench.requests.ask(0, 1)
        (error,) = wait_until(lambda: bench.frames.of(ERROR), "an error frame")
        assert b"more than" in error.payload


def test_exchange_information_is_asked_until_it_comes(tmp_path):
    broken = [1, 2, 3]

    def failing(path):
        if broken:
            broken.pop()
            return 503, {}, b""
        return stand_ins.answer_ok(path)

    with run(failing, tmp_path, reconnect_ms_max=20) as bench:
        wait_until(lambda: bench.frames.of(REST), "exchange information")
        bench.counts(restErrors=3, restAnswers=1)


def test_a_server_that_answers_nothing_does_not_hold_up_the_stop(tmp_path):
    gate = threading.Event()

    def never(path):
        gate.wait(10)
        return stand_ins.answer_ok(path)

    with run(never, tmp_path) as bench:
        wait_until(lambda: bench.venue.paths, "a request under way")
        before_ns = stand_ins.clocks.now_mono_ns()
        bench.stop()
        assert stand_ins.clocks.now_mono_ns() - before_ns < 5_000_000_000
        gate.set()
