"""The forwarder against the venue twin: what its faults must not cost."""

import asyncio
import contextlib
import itertools
import json

import pytest
from integration import twin
from integration.forwarder import certificates, stand_ins
from integration.forwarder.test_native_outlet import Pipe, kinds
from tickwork_services.components.forwarder import forwarder
from tickwork_services.record import layout

from tickwork.unit.settings.forwarder import ForwarderSettings

TEXT = 0


def make_forwarder(rig, pipe, **settings):
    bench = stand_ins.make_bench(dict(rig.twin.addresses), **settings)
    bench.forwarder.context.outlets["frames"] = pipe
    bench.forwarder = forwarder.Forwarder(
        ForwarderSettings(**bench.settings), bench.forwarder.context
    )
    return bench


@contextlib.asynccontextmanager
async def run(tmp_path, faults=(), twin_changes=None, **settings):
    """A twin and a forwarder that run; yields (rig, bench, records)."""
    pipe, records = Pipe(tmp_path, 1 << 24), []
    changes = {"name": "binance-usdm", "faults": faults, **(twin_changes or {})}
    settings = {"instruments": twin.INSTRUMENTS, "depth_interval_ms": 0, **settings}
    async with twin.open_twin(tmp_path, **changes) as rig:
        bench = make_forwarder(rig, pipe, **settings)
        bench.reader = pipe
        await bench.forwarder.open()
        stretch = await rig.start()
        await bench.forwarder.start(stretch)
        try:
            yield rig, bench, records
        finally:
            await bench.forwarder.close()
            pipe.close()


async def until(true, what, seconds=15):
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # what is waited for happens in other threads
            await asyncio.sleep(0.02)


def payloads(records, kind=TEXT):
    frames = [r for r in records if r[8] == layout.FRAME and r[10] == kind]
    return [r[64 : 64 + int.from_bytes(r[36:40], "little")] for r in frames]


def chains(records):
    """Returns (previous, last) of every diff, by symbol."""
    found = {}
    for text in payloads(records):
        data = json.loads(text)["data"]
        if data["e"] == "depthUpdate":
            found.setdefault(data["s"], []).append((data["pu"], data["u"]))
    return found


def assert_whole(records, at_least):
    found = chains(records)
    assert sorted(found) == sorted(twin.INSTRUMENTS)
    for symbol, diffs in found.items():
        assert len(diffs) > at_least, symbol
        for (_, last), (previous, _) in itertools.pairwise(diffs):
            assert previous == last, symbol


# The twin gives ample notice: what is proven is that nothing is lost, not who is faster.
SHUTDOWN = [{"at_seconds": 1.0, "kind": "serverShutdown", "lines": "one", "duration_ms": 5000}]


@pytest.mark.parametrize("lines", [1, 2])
def test_server_shutdown_loses_no_update_id(tmp_path, lines):
    async def main():
        async with run(tmp_path, SHUTDOWN, lines=lines) as (_, bench, records):
            await until(lambda: bench.forwarder.counters()["renewals"] == 1, "the renewal")
            await asyncio.sleep(0.5)
            bench.reader.read_all(records)
            counters = bench.forwarder.counters()
            assert counters["connectionsLost"] == 0
            assert counters["framesDropped"] == 0
            assert_whole(records, 100)

    asyncio.run(main())


@pytest.mark.parametrize("fault", ["drop", "disconnect", "reorder", "duplicate", "oversized"])
def test_what_hits_one_line_is_filled_by_the_other(tmp_path, fault):
    hit = {"at_seconds": 1.0, "kind": fault, "lines": "one"}
    if fault in ("drop", "reorder", "duplicate"):
        hit |= {"instrument": "BTCUSDT", "count": 3}
    if fault == "disconnect":
        hit |= {"mid_frame": True}

    async def main():
        async with run(tmp_path, [hit], lines=2, hold_ms=500) as (rig, bench, records):
            await until(lambda: rig.count("injectedFaults") == 1, "the fault")
            await asyncio.sleep(1.0)
            bench.reader.read_all(records)
            assert_whole(records, 100)
            if fault in ("disconnect", "oversized"):
                await until(
                    lambda: bench.forwarder.counters()["reconnects"] == 1, "the line is back"
                )

    asyncio.run(main())


def test_a_twin_s_short_life_is_renewed_before_its_end(tmp_path):
    async def main():
        changes = {"connection_life_seconds": 3}
        settings = {"lines": 1, "renew_after_seconds": 1}
        async with run(tmp_path, (), changes, **settings) as (_, bench, records):
            await until(lambda: bench.forwarder.counters()["renewals"] >= 2, "two renewals")
            bench.reader.read_all(records)
            assert bench.forwarder.counters()["connectionsLost"] == 0
            assert_whole(records, 100)

    asyncio.run(main())


def test_snapshots_come_back_in_the_stream(tmp_path):
    async def main():
        async with run(tmp_path, lines=1) as (_, bench, records):
            await until(lambda: bench.forwarder.serving().serving, "the line")
            bench.requests.ask(1, 42)
            await until(
                lambda: kinds(bench.reader.read_all(records)).count(stand_ins.REST) == 2, "REST"
            )
            information, snapshot = payloads(records, stand_ins.REST)
            symbols = {each["symbol"] for each in json.loads(information)["symbols"]}
            assert symbols >= set(twin.INSTRUMENTS)
            assert json.loads(snapshot)["lastUpdateId"] > 0
            assert bench.forwarder.counters()["weightSpent"] == 21

    asyncio.run(main())


def test_a_twin_is_read_over_tls(tmp_path):
    signed = certificates.make(tmp_path / "certificates")
    changes = {
        "tls_certificate_file": str(signed.certificate),
        "tls_key_file": str(signed.key),
    }

    async def main():
        settings = {"tls": True, "ca_file": str(signed.authority), "lines": 2}
        async with run(tmp_path, (), changes, **settings) as (_, bench, records):
            await until(lambda: bench.forwarder.counters()["frames"] > 1000, "frames")
            await until(lambda: stand_ins.REST in kinds(bench.reader.read_all(records)), "REST")
            assert_whole(records, 50)

    asyncio.run(main())
