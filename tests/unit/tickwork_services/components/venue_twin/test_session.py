"""The line of messages: a function of the seed, in the shares asked for, consistent with truth."""

import collections
import json
import struct
from typing import Any

import pytest
from tickwork_services import venues
from tickwork_services.components.venue_twin import engine, market, session

from tickwork.unit.settings import venue_twin

STAMP = b"1700000000000"


def _make(name: str = "binance-spot", **changes: Any) -> session.Session:
    values: dict[str, Any] = {"venue": name, "instruments": ("BTCUSDT", "DOGEUSDT"), "seed": 5}
    settings = venue_twin.VenueTwinSettings.model_validate(values | changes)
    return session.Session(settings, venues.SERVERS[settings.venue])


def test_same_seed_gives_the_same_messages_and_another_seed_others() -> None:
    first, second, other = _make(), _make(), _make(seed=6)
    messages = [first.next() for _ in range(500)]
    assert messages == [second.next() for _ in range(500)]
    assert messages != [other.next() for _ in range(500)]


def test_rendering_ahead_changes_nothing() -> None:
    live, ahead = _make(), _make()
    ahead.render(300)
    assert ahead.rendered == 300
    assert [live.next() for _ in range(400)] == [ahead.next() for _ in range(400)]


def test_shares_follow_the_mix() -> None:
    source = _make()
    counts = collections.Counter(source.next().channel for _ in range(10_000))
    assert counts["depth"] == pytest.approx(8000, rel=0.05)
    assert counts["bookTicker"] == pytest.approx(1500, rel=0.15)
    assert counts["trade"] == pytest.approx(500, rel=0.25)


def test_only_offered_channels_are_sent_and_trades_share_their_part() -> None:
    source = _make(channels=("trade", "aggTrade"))
    counts = collections.Counter(source.next().channel for _ in range(2000))
    assert set(counts) == {"trade", "aggTrade"}
    assert counts["trade"] == pytest.approx(1000, rel=0.2)


def test_due_instants_are_an_open_loop() -> None:
    source = _make(engine={"messages_per_second": 3})
    due = [source.due_ns(number) for number in range(7)]
    assert due[0] == 0
    assert due[3] == 1_000_000_000
    for number, instant in enumerate(due):
        assert source.due_count(instant) == number + 1
        assert source.count_before(instant) == number
        assert source.count_before(instant + 1) == number + 1
    assert source.due_count(-1) == 0


@pytest.mark.parametrize("name", ["binance-spot", "binance-usdm"])
def test_messages_rebuild_the_true_book(name: str) -> None:
    source = _make(name)
    books = [_Book(each) for each in source.instruments]
    tickers_on_diffs = 0
    for _ in range(4000):
        message = source.next()
        book = books[message.instrument]
        if message.channel == "depth":
            book.apply(json.loads(STAMP.join(message.parts)), message)
        elif message.channel == "bookTicker":
            book.compare(json.loads(STAMP.join(message.parts)))
    for book in books:
        tickers_on_diffs += book.paired
        assert book.diffs > 1000
    assert tickers_on_diffs > 100


class _Book:
    """A book of decimal texts from what the wire says, beginning with a snapshot."""

    def __init__(self, instrument: market.Instrument) -> None:
        start = instrument.snapshot(None)
        self.listing = instrument.listing
        self.sides: dict[str, dict[str, str]] = {"b": dict(start.bids), "a": dict(start.asks)}
        self.last = start.update_id
        self.diffs = self.paired = 0
        self.tickers: dict[int, tuple[str, str]] = {}

    def apply(self, diff: dict[str, Any], message: market.Message) -> None:
        self.diffs += 1
        if "pu" in diff:
            assert diff["pu"] == self.last
            assert self.last < diff["U"] <= diff["u"]
        else:
            assert diff["U"] == self.last + 1
        for side, levels in self.sides.items():
            for price, quantity in diff[side]:
                if float(quantity):
                    levels[price] = quantity
                else:
                    levels.pop(price, None)
        self.last = diff["u"]
        self._compare_truth(message)
        if self.last in self.tickers:
            self.paired += 1
            assert self.tickers[self.last] == self._best()

    def compare(self, ticker: dict[str, Any]) -> None:
        self.tickers[ticker["u"]] = (ticker["b"], ticker["a"])
        if ticker["u"] == self.last:
            self.paired += 1
            assert (ticker["b"], ticker["a"]) == self._best()
            assert ticker["B"] == self.sides["b"][ticker["b"]]

    def _best(self) -> tuple[str, str]:
        return max(self.sides["b"], key=float), min(self.sides["a"], key=float)

    def _compare_truth(self, message: market.Message) -> None:
        row = struct.unpack("<HBBbbHIIQQqqqq", message.truth)
        assert row[0] == message.instrument
        assert (row[6], row[7]) == (len(self.sides["b"]), len(self.sides["a"]))
        assert row[8] == self.last == message.last
        if self.diffs % 50 == 0:
            bids, asks = (self._mantissas(self.sides[side]) for side in "ba")
            both = engine.digest(1, bids) + engine.digest(2, asks)
            assert row[9] == both % (1 << 64)
            assert row[10:] == (*max(bids), *min(asks))

    def _mantissas(self, levels: dict[str, str]) -> list[tuple[int, int]]:
        price, quantity = self.listing.price_exponent, self.listing.quantity_exponent
        return [
            (round(float(p) * 10**-price), round(float(q) * 10**-quantity))
            for p, q in levels.items()
        ]
