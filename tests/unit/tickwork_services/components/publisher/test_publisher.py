import asyncio
import json
import socket
import time
import types

import pytest
from tickwork_services.components.publisher import publisher
from tickwork_services.host import meter
from tickwork_services.link import link, transports
from tickwork_services.record import layout, market

from tickwork import errors
from tickwork.unit import unit as units
from tickwork.unit.settings import publisher as publisher_settings

SYMBOLS = ("BTCUSDT", "ETHUSDT")


def image(update_id, instrument=0):
    return market.Market(
        layout.SNAPSHOT,
        state=layout.LIVE,
        flags=layout.FLAG_IMAGE,
        instrument=instrument,
        price_exponent=-2,
        quantity_exponent=-3,
        last=update_id,
        received_ns=10,
        booked_ns=15,
        bids=((10050, 5),),
        asks=((10060, 7),),
    ).to_bytes()


def end(port, transport, address):
    return units.LinkEnd(
        port=port,
        link=f"publisher.{port}",
        transport=transport,
        topology="broadcast",
        listener="outlet",
        codec="binary" if transport == "shm" else "ndjson",
        address=address,
        capacity_bytes=1 << 20,
    )


def make(folder, *ends):
    seat = link.Seat("park", SYMBOLS, transports.make_memory(), lambda: 1_000)
    context = types.SimpleNamespace(
        meter=meter.Registry().meter("publisher"),
        spec=units.ComponentSpec(
            name="publisher", component="publisher", settings={}, outlets=ends
        ),
        inlets={},
        outlets={each.port: transports.make_outlet(each, seat) for each in ends},
        fail=pytest.fail,
    )
    settings = publisher_settings.PublisherSettings(
        venue="binance-usdm", instruments=SYMBOLS, name="demo", ring_slots=64
    )
    return publisher.Publisher(settings, context)


def counted(made, name, count):
    """Returns the counters once ``name`` is ``count``: a client has a line before it is counted."""
    deadline = time.monotonic() + 10
    while (counters := made.counters())[name] < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return counters


def test_what_is_published_reaches_memory_and_tcp(tmp_path):
    shm = end("book", "shm", str(tmp_path / "book"))
    tcp = end("tcp", "tcp", "127.0.0.1:0")

    async def walk():
        made = make(tmp_path, shm, tcp)
        await made.open()
        served = made.context.outlets["tcp"].address.rpartition(":")
        with socket.create_connection((served[0], int(served[2])), timeout=10) as client:
            lines = client.makefile("rb")
            made.kernel.process(image(7) + image(8, 1))
            first = [json.loads(lines.readline()) for _ in range(2)]
            with socket.create_connection((served[0], int(served[2])), timeout=10) as late:
                shown = [json.loads(late.makefile("rb").readline()) for _ in range(1)]
            counters = counted(made, "tcpSent", 2)
        await made.close()
        return first, shown, counters

    first, shown, counters = asyncio.run(walk())
    assert [(line["instrument"], line["update_id"]) for line in first] == [
        ("BTCUSDT", 7),
        ("ETHUSDT", 8),
    ]
    assert (first[0]["bid"], first[0]["ask_quantity"]) == ("100.5", "0.007")
    assert first[0]["timestamp_ns"] == first[0]["published_ns"] + 1_000
    assert (shown[0]["instrument"], shown[0]["sequence"]) == ("BTCUSDT", 0)
    assert (counters["tops"], counters["tcpSent"], counters["tcpBridgeLost"]) == (2, 2, 0)


def test_a_publisher_without_tcp_has_no_bridge(tmp_path):
    async def walk():
        made = make(tmp_path, end("book", "shm", str(tmp_path / "book")))
        assert made.counters() == {}
        await made.open()
        counters = made.counters()
        await made.close()
        return counters

    assert not any(name.startswith("tcp") for name in asyncio.run(walk()))


def test_a_publisher_without_a_broadcast_is_refused(tmp_path):
    with pytest.raises(errors.InputError, match="has no outlet 'book'"):
        asyncio.run(make(tmp_path).open())
