"""The twin's messages through normalizer and book: its truth against their proof, row by row."""

import asyncio
import pathlib
from typing import Any

import pytest
import tickwork_native
from integration import twin
from tickwork_services import venues
from tickwork_services.components.venue_twin import market, session
from tickwork_services.record import frame
from tickwork_services.venues import venue

from tickwork.unit.settings import venue_twin as settings_of

INSTRUMENTS = ("BTCUSDT", "ETHUSDT", "DOGEUSDT")
IDS = {"binance-spot": 1, "binance-usdm": 2}
STAMP = b"1700000000000"
LIVE = 2


class Chain:
    """Normalizer and book in batch drive, fed with what a forwarder would send."""

    def __init__(self, name: str, proof: pathlib.Path) -> None:
        self.normalizer = tickwork_native.NormalizerKernel(name, INSTRUMENTS)
        symbols = [(symbol, IDS[name]) for symbol in INSTRUMENTS]
        self.book = tickwork_native.BookKernel(symbols, 20, 10**12, proof_path=proof)
        self._venue = IDS[name]
        self._frames = 0

    def send(self, payload: bytes, kind: int = frame.TEXT, **fields: Any) -> None:
        self._frames += 1
        sent = frame.Frame(
            payload=payload,
            venue=self._venue,
            kind=kind,
            received_ns=self._frames * 1000,
            frame_id=self._frames - 1,
            **fields,
        )
        self.book.process(self.normalizer.process(sent.to_bytes()))


def _session(name: str) -> tuple[session.Session, venue.Server]:
    settings = settings_of.VenueTwinSettings.model_validate(
        {"venue": name, "instruments": INSTRUMENTS, "seed": 11}
    )
    server = venues.SERVERS[settings.venue]
    return session.Session(settings, server), server


def _snapshot(chain: Chain, server: venue.Server, instrument: market.Instrument) -> None:
    image = instrument.snapshot(1000)
    body = server.snapshot(image.update_id, 1_700_000_000_000, image.bids, image.asks)
    chain.send(body, frame.REST, instrument=instrument.index)


def _rows(data: bytes) -> dict[tuple[bytes, bytes], list[bytes]]:
    """Returns rows by instrument and update id."""
    rows: dict[tuple[bytes, bytes], list[bytes]] = {}
    for at in range(0, len(data) // 64 * 64, 64):
        row = data[at : at + 64]
        rows.setdefault((row[:2], row[16:24]), []).append(row)
    return rows


@pytest.mark.parametrize("name", ["binance-spot", "binance-usdm"])
def test_book_equals_twin_truth_at_every_update_id(tmp_path: pathlib.Path, name: str) -> None:
    source, server = _session(name)
    proof = tmp_path / "proof.bin"
    chain = Chain(name, proof)
    listings = [each.listing for each in source.instruments]
    chain.send(server.exchange_info(1_700_000_000_000, listings), frame.REST)
    truth = bytearray()
    diffs = 0
    for number in range(6000):
        message = source.next()
        truth += message.truth
        diffs += bool(message.truth)
        before, after = server.wrapping("x@y")
        chain.send(before + STAMP.join(message.parts) + after)
        if number in (40, 2500):
            for instrument in source.instruments:
                truth += instrument.truth_now()
                _snapshot(chain, server, instrument)
    chain.book.flush()
    counters = chain.book.counters()
    assert chain.normalizer.counters()["unparsed"] == 0
    told, proven = _rows(bytes(truth)), _rows(proof.read_bytes())
    live = {key: rows for key, rows in proven.items() if rows[-1][2] == LIVE}
    assert len(live) > 0.95 * diffs
    for key, rows in live.items():
        assert rows[-1] in told[key]
    assert counters["tickerCompared"] > 100
    assert counters["tickerCompared"] == counters["tickerEqual"]


def test_twin_on_the_wire_feeds_a_book(tmp_path: pathlib.Path) -> None:
    """Only that a real answer of REST is what the chain takes; the demo proves the rest."""

    async def run() -> None:
        chain = Chain("binance-spot", tmp_path / "proof.bin")
        async with twin.open_twin(tmp_path, instruments=INSTRUMENTS) as rig:
            await rig.start(0.2)
            for index, symbol in enumerate(INSTRUMENTS):
                body = await rig.get_bytes(f"/api/v3/depth?symbol={symbol}&limit=1000")
                chain.send(body, frame.REST, instrument=index)
            chain.send(await rig.get_bytes("/api/v3/exchangeInfo"), frame.REST)
        assert chain.normalizer.counters()["unparsed"] == 0
        assert [each["bids"] > 100 for each in chain.book.status()] == [True] * 3

    asyncio.run(asyncio.wait_for(run(), 30))
