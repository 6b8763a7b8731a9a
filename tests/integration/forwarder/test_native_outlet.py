"""The forwarder over the native outlet: what a reader of its pipe sees."""

import asyncio
import contextlib
import itertools
import json

import pytest
import tickwork_native
from integration.forwarder import stand_ins
from integration.forwarder.stand_ins import CLOSED, OPENED, REST, TEXT, wait_until
from tickwork_services.components.forwarder import forwarder
from tickwork_services.record import layout

from tickwork.unit.settings.forwarder import ForwarderSettings

FRAME_ID = slice(56, 64)


class Pipe:
    """Both ends of a native pipe in a directory; stands where the outlet of a link does."""

    def __init__(self, directory, capacity_bytes):
        path = directory / "frames.pipe"
        self._writer = tickwork_native.PipeWriter.create(path, capacity_bytes, "frames")
        self._reader = tickwork_native.PipeReader.attach(path)

    def native(self):
        return self._writer

    def read_all(self, into):
        while (batch := self._reader.read_batch()) is not None:
            into += [bytes(record) for record in layout.split(batch)]
        return into

    def close(self):
        self._reader.close()
        self._writer.close()


def diff(number):
    data = {"e": "depthUpdate", "E": 1, "T": 1, "s": "BTCUSDT", "U": number, "u": number}
    data |= {"pu": number - 1, "b": [["100.0", "1.0"]], "a": []}
    return json.dumps({"stream": "btcusdt@depth@100ms", "data": data}, separators=(",", ":"))


@contextlib.contextmanager
def run(script, tmp_path, capacity_bytes=1 << 22, **settings):
    pipe = Pipe(tmp_path, capacity_bytes)
    with (
        stand_ins.Venue(script) as venue,
        stand_ins.RestVenue(stand_ins.answer_ok) as rest,
    ):
        bench = stand_ins.make_bench({"websocket": venue.address, "rest": rest.address}, **settings)
        context = bench.forwarder.context
        context.outlets["frames"] = pipe
        bench.forwarder = forwarder.Forwarder(ForwarderSettings(**bench.settings), context)
        bench.venue = venue
        bench.reader = pipe
        try:
            bench.start(tmp_path)
            yield bench
        finally:
            asyncio.run(bench.forwarder.close())
            pipe.close()


def kinds(records):
    return [record[10] for record in records if record[8] == layout.FRAME]


def ids(records):
    return [int.from_bytes(r[FRAME_ID], "little") for r in records if r[8] == layout.FRAME]


def updates(records):
    texts = [r[64 : 64 + int.from_bytes(r[36:40], "little")] for r in records if r[10] == TEXT]
    return [json.loads(text)["data"]["u"] for text in texts]


def missing(records):
    """How many frames the gaps among ``records`` say are missing."""
    gaps = [r for r in records if r[8] == layout.STATUS and r[10] == layout.GAP]
    return sum(int.from_bytes(r[120:128], "little") for r in gaps)


def dropped(bench):
    return bench.forwarder.counters()["framesDropped"]


def test_two_lines_become_one_stream_in_order(tmp_path):
    both = asyncio.Barrier(2)

    async def send(connection):
        await both.wait()
        for number in range(1, 501):
            await connection.send(diff(number))
        await connection.wait_closed()

    records = []
    with run(send, tmp_path, lines=2) as bench:
        bench.counts(messages=1000)
        wait_until(lambda: REST in kinds(bench.reader.read_all(records)), "exchange information")
        bench.stop()
        bench.reader.read_all(records)
        counters = bench.forwarder.counters()
        lines = bench.forwarder.facts()["lines"]
    assert updates(records) == list(range(1, 501))
    assert sorted(kinds(records)) == [*[TEXT] * 500, REST, OPENED, OPENED, CLOSED, CLOSED]
    assert ids(records) == sorted(set(ids(records)))
    assert max(ids(records)) == counters["frames"] - 1 == 1004
    assert counters["duplicates"] == 500
    # A line wins only against another: what came before the forwarder had both is nobody's win.
    assert 0 < sum(line["wins"] for line in lines) <= 500
    assert records[-1][11] & 1, "the last closed says that no line is left"


def test_frames_that_find_no_room_are_counted_and_said_while_reading_goes_on(tmp_path):
    async def send(connection):
        for number in range(1, 5001):
            await connection.send(diff(number))
        await connection.wait_closed()

    records = []
    with run(send, tmp_path, 1 << 16, lines=1) as bench:
        bench.counts(messages=5000)
        # A gap is said for each line and instrument, and the small one of an answer may go early.
        wait_until(
            lambda: missing(bench.reader.read_all(records)) == dropped(bench), "all gaps were said"
        )
        assert dropped(bench) == missing(records) > 4000
        assert bench.forwarder.counters()["connectionsLost"] == 0


@pytest.mark.parametrize("lines", [1, 2])
def test_server_shutdown_loses_no_update_id(tmp_path, lines):
    """A venue counts; each connection gets every update id from its subscription on."""
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
        for number in range(1, 201):
            await asyncio.gather(
                *(each.send(diff(number)) for each in audience), return_exceptions=True
            )
            await asyncio.sleep(0.005)

    records = []
    with run(listen, tmp_path, lines=lines) as bench:
        wait_until(lambda: len(audience) == lines, "the first connections")
        bench.venue.run(count())
        wait_until(lambda: 200 in updates(bench.reader.read_all(records)), "the last id")
        bench.counts(serverShutdowns=1, renewals=1, connectionsLost=0, framesDropped=0)
        assert updates(records) == list(range(1, 201))
