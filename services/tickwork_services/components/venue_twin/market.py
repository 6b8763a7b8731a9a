"""All instruments of the twin: their engines, their flow, and the messages that these make."""

import random
import struct
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from tickwork_services.components.venue_twin import engine, flow
from tickwork_services.venues import venue

TRUTH = struct.Struct("<HBBbbHIIQQqqqq")
LIVE = 2
ABSENT = -(1 << 63)
SKIP_MAX = 7
"""USD-M: at most this many ids pass between two diffs of an instrument."""

TEXTS_MAX = 4096
ORDERS_PER_DIFF_MAX = 3
HELD_SHARE = 0.7
"""How often the diff after a ticker adds nothing, so that both speak of the same update id."""


class Message(NamedTuple):
    """One message before it has a time; ``truth`` is the book's row where it is a diff."""

    instrument: int
    channel: str
    parts: venue.Parts
    last: int
    truth: bytes


class Snapshot(NamedTuple):
    """A book at one update id, best levels first, as text."""

    update_id: int
    bids: list[venue.Level]
    asks: list[venue.Level]


class Texts(dict[int, str]):
    """Prices as text; the same few hundred come again and again. Emptied when it is full."""

    def __init__(self, write: venue.Writer) -> None:
        super().__init__()
        self._write_text = write

    def __missing__(self, price: int) -> str:
        if len(self) >= TEXTS_MAX:
            self.clear()
        text = self[price] = self._write_text(price)
        return text


class Instrument:
    """One instrument: what its orders did since the last message becomes the next one."""

    def __init__(
        self, index: int, listing: venue.Listing, server: venue.Server, levels_max: int, seed: str
    ) -> None:
        chance = random.Random(seed)
        self.index = index
        self.symbol = listing.symbol
        self.listing = listing
        self.engine = engine.Engine(1_000_000_000 + int(chance.random() * 1_000_000_000))
        self.flow = flow.Flow(self.engine, listing, levels_max, chance)
        self.engine.take_changes()
        self.engine.fills.clear()
        self._random = chance.random
        self._server = server
        self._prices = Texts(server.price_writer(listing))
        self._quantity = server.quantity_writer(listing)
        self._skips = server.sequence_rule == "previous"
        self._trades: deque[engine.Fill] = deque()
        self._trade_id = int(chance.random() * 1_000_000_000)
        self._held = False

    def depth(self) -> Message:
        """Lets orders come and go, and tells what changed since the last diff."""
        if not (self._held and self.engine.changed):
            for _ in range(1 + int(self._random() * ORDERS_PER_DIFF_MAX)):
                self.flow.act()
        self._held = False
        changes = self.engine.take_changes()
        if self._skips:
            self.engine.skip = int(self._random() * (SKIP_MAX + 1))
        ids = (changes.first, changes.last, changes.previous)
        bids, asks = self._write(changes.bids), self._write(changes.asks)
        parts = self._server.depth(self.symbol, ids, bids, asks)
        return Message(self.index, "depth", parts, changes.last, self._truth(self.engine.digest))

    def ticker(self) -> Message:
        """Tells the best bid and ask; half of the time something has happened just before."""
        if self._random() < 0.5:
            self.flow.act()
            self._held = self._random() < HELD_SHARE
        bid, ask = self._level(self.engine.bids.best()), self._level(self.engine.asks.best())
        last = self.engine.update_id
        parts = self._server.ticker(self.symbol, last, bid, ask)
        return Message(self.index, "bookTicker", parts, last, b"")

    def trade(self, *, aggregate: bool = False) -> Message:
        """Tells the next match; crosses the book where none is waiting to be told."""
        if not self._trades:
            self.flow.cross()
            self._trades.extend(self.engine.fills)
            self.engine.fills.clear()
        price, quantity, buyer_is_maker = self._trades.popleft()
        self._trade_id += 1
        level = self._prices[price], self._quantity(quantity)
        write = self._server.aggregate_trade if aggregate else self._server.trade
        parts = write(self.symbol, self._trade_id, level, buyer_is_maker=buyer_is_maker)
        channel = "aggTrade" if aggregate else "trade"
        return Message(self.index, channel, parts, self._trade_id, b"")

    def snapshot(self, limit: int | None) -> Snapshot:
        """Returns the book as it stands, at most ``limit`` levels a side (None: all)."""
        sides = [
            [(self._prices[price], self._quantity(quantity)) for price, quantity in levels]
            for levels in (
                list(self.engine.bids.best_first())[:limit],
                list(self.engine.asks.best_first())[:limit],
            )
        ]
        return Snapshot(self.engine.update_id, *sides)

    def truth_now(self) -> bytes:
        """Returns the truth row of the book as it stands, between two diffs too."""
        return self._truth(self.engine.recompute_digest())

    def _truth(self, digest: int) -> bytes:
        bids, asks = self.engine.bids, self.engine.asks
        return TRUTH.pack(
            self.index,
            LIVE,
            0,
            self.listing.price_exponent,
            self.listing.quantity_exponent,
            0,
            len(bids.keys),
            len(asks.keys),
            self.engine.update_id,
            digest,
            *(bids.best() or (ABSENT, 0)),
            *(asks.best() or (ABSENT, 0)),
        )

    def _write(self, levels: Sequence[tuple[int, int]]) -> str:
        prices, quantity = self._prices, self._quantity
        return ",".join([f'["{prices[p]}","{quantity(q)}"]' for p, q in levels])

    def _level(self, best: tuple[int, int] | None) -> venue.Level:
        price, quantity = best or (0, 0)
        return self._prices[price], self._quantity(quantity)
