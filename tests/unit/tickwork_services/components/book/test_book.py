import asyncio
import types

import pytest
from tickwork_services import clocks
from tickwork_services.components.book import book
from tickwork_services.host import component, meter
from tickwork_services.record import layout, market

from tickwork.unit.settings import book as book_settings

SYMBOLS = ("BTCUSDT", "ETHUSDT")


def make(**settings):
    registry = meter.Registry()
    context = types.SimpleNamespace(meter=registry.meter("book"), inlets={}, outlets={})
    chosen = book_settings.BookSettings(venue="binance-usdm", instruments=SYMBOLS, **settings)
    return book.Book(chosen, context), registry


def snapshot(instrument=0, last=10):
    return market.Market(
        layout.SNAPSHOT,
        venue=2,
        instrument=instrument,
        price_exponent=-2,
        quantity_exponent=-3,
        last=last,
        received_ns=1,
        parsed_ns=2,
        bids=((100, 1),),
        asks=((101, 1),),
    ).to_bytes()


def delta(instrument=0, first=11, last=12, previous=10):
    return market.Market(
        layout.DELTA,
        venue=2,
        instrument=instrument,
        price_exponent=-2,
        quantity_exponent=-3,
        first=first,
        last=last,
        previous=previous,
        received_ns=1,
        parsed_ns=2,
        bids=((99, 4),),
    ).to_bytes()


def stretch(folder, label):
    directory = folder / label
    directory.mkdir()
    now_ns = clocks.now_mono_ns()
    return component.Stretch(
        0, "main", label, now_ns, now_ns, None, directory, clocks.UnixMap(0, 1, now_ns)
    )


def sync(made, last=10):
    """Brings both books to LIVE: a delta, then the snapshot that it fits."""
    for instrument in range(len(SYMBOLS)):
        made.kernel.process(delta(instrument, last + 1, last + 2, last))
        made.kernel.process(snapshot(instrument, last))
        made.kernel.process(delta(instrument, last + 3, last + 4, last + 2))


def test_each_stretch_has_a_proof_file_of_its_own(tmp_path):
    async def walk():
        made, registry = make(proof=("ticker", "truth"))
        await made.open()
        assert [each.name for each in registry.histograms] == ["book"]
        sizes = []
        for label, last in (("000-main", 10), ("001-main", 110)):
            ran = stretch(tmp_path, label)
            await made.start(ran)
            sync(made, last)
            await made.stop(0)
            sizes.append((ran.directory / "proof.bin").stat().st_size)
            made.kernel.reset()
        await made.close()
        return sizes, made.counters()

    sizes, counters = asyncio.run(walk())
    assert sizes[0] == sizes[1] > 0
    assert sum(sizes) == 64 * counters["proofRows"]


def test_no_proof_file_where_none_is_wanted(tmp_path):
    async def walk():
        made, _ = make(proof=("ticker",))
        await made.open()
        ran = stretch(tmp_path, "000-main")
        await made.start(ran)
        sync(made)
        await made.stop(0)
        return list(ran.directory.iterdir())

    assert asyncio.run(walk()) == []


def test_it_serves_while_the_stated_share_of_books_is_live(tmp_path):
    async def walk():
        made, _ = make()
        await made.open()
        before = made.serving()
        sync(made)
        return before, made.serving()

    before, after = asyncio.run(walk())
    assert (before.serving, before.reason) == (False, "0 of 2 books are LIVE")
    assert after.serving


def test_facts_speak_of_every_instrument(tmp_path):
    async def walk():
        made, _ = make()
        assert made.facts() == made.counters() == {}
        await made.open()
        await made.start(stretch(tmp_path, "000-main"))
        sync(made)
        await asyncio.sleep(0)
        await made.stop(0)
        return made.facts()

    facts = asyncio.run(walk())
    assert [each["instrument"] for each in facts["instruments"]] == list(SYMBOLS)
    assert {each["state"] for each in facts["instruments"]} == {"LIVE"}
    assert facts["proofFailure"] is None
    assert facts["resyncMs"] == []


def test_the_kernel_is_there_only_once_it_is_open():
    made, _ = make()
    with pytest.raises(RuntimeError, match="before it was opened"):
        _ = made.kernel


def counts(*live_ns):
    return [{"liveNs": each} for each in live_ns]


def test_time_live_counts_between_the_two_ends_of_the_measuring():
    measured = book.Measured()
    assert measured.live_ns(counts(5, 5)) == [0, 0]
    assert measured.measured_ns(100) == 0
    measured.begin(100, counts(10, 20))
    assert measured.live_ns(counts(15, 20)) == [5, 0]
    assert measured.measured_ns(150) == 50
    measured.end(200, counts(110, 60))
    measured.end(300, counts(999, 999))
    assert measured.live_ns(counts(999, 999)) == [100, 40]
    assert measured.measured_ns(999) == 100
