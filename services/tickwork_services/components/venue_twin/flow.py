"""Who trades on the twin: a seeded law that submits, cancels and crosses orders.

New orders lie at exponential distances from the other side's best price; orders are cancelled at
random, more of them the fuller the book is. So the price wanders and the book keeps its depth.
"""

import bisect
import random

from tickwork_services.components.venue_twin import engine
from tickwork_services.venues import venue

LEVELS_KEPT = 5
"""Below this many levels a side loses none, so that both sides always have a best price."""

FULL_SHARE = 0.8
"""Orders a side at which as many are cancelled as submitted, as a share of the levels allowed."""

SPREAD_SHARE = 0.25
"""The scale of distances in ticks, as a share of the levels allowed."""

CANCEL_TRIES_MAX = 8
TABLE_BITS = 12
"""Distances and quantities are drawn from tables of 2**12 entries made by the same laws."""


class Flow:
    """Acts on one engine; everything follows from ``chance``."""

    def __init__(
        self,
        market: engine.Engine,
        listing: venue.Listing,
        levels_max: int,
        chance: random.Random,
    ) -> None:
        self._engine = market
        self._levels_max = levels_max
        self._orders_full = max(2 * LEVELS_KEPT, int(levels_max * FULL_SHARE)) * 2
        self._distances = _exponential(max(2.0, levels_max * SPREAD_SHARE), chance)
        self._quantities = _exponential(listing.lot, chance)
        self._random = chance.random
        self._bits = chance.getrandbits
        self._live: list[int] = []
        self._open_book(listing.price)

    def act(self) -> None:
        """Submits or cancels one resting order; always changes a level."""
        full = len(self._engine.orders)
        if 2 * self._orders_full * self._random() < full and self._cancel():
            return
        self._add(self._bits(1) == 1)

    def cross(self) -> None:
        """Takes from the best level of a random side; one cross in eight may go deeper."""
        bid = self._random() < 0.5
        side = self._engine.asks if bid else self._engine.bids
        best = side.keys[-1]
        level = side.levels[best]
        oldest = next(iter(level.orders.values()))
        depth = level.quantity if self._random() < 0.125 else oldest
        quantity = 1 + int(self._random() * depth)
        quantity = min(quantity, depth)
        if len(side.keys) <= LEVELS_KEPT:
            self._add(not bid)
        self._engine.submit(best * side.sign, quantity, bid)

    def _open_book(self, price: int) -> None:
        for step in range(LEVELS_KEPT + 1):
            self._submit(max(1, price - 1 - step), True)
            self._submit(price + 1 + step, False)
        while len(self._engine.orders) < self._orders_full * 3 // 4:
            self._add(self._bits(1) == 1)

    def _add(self, bid: bool) -> None:
        market = self._engine
        distance = self._distances[self._bits(TABLE_BITS)]
        if bid:
            own = market.bids
            price = key = max(1, -market.asks.keys[-1] - distance)
        else:
            own = market.asks
            price = market.bids.keys[-1] + distance
            key = -price
        if key not in own.levels and len(own.keys) >= self._levels_max:
            at = min(bisect.bisect_left(own.keys, key), len(own.keys) - 1)
            price = own.keys[at] * own.sign
        self._submit(price, bid)

    def _submit(self, price: int, bid: bool) -> None:
        order_id = self._engine.submit(price, self._quantities[self._bits(TABLE_BITS)], bid)
        if order_id:
            self._live.append(order_id)

    def _cancel(self) -> bool:
        """Cancels a random order; filled ones are forgotten on the way."""
        live, orders = self._live, self._engine.orders
        for _ in range(CANCEL_TRIES_MAX):
            if not live:
                return False
            at = int(self._random() * len(live))
            order_id = live[at]
            live[at] = live[-1]
            live.pop()
            found = orders.get(order_id)
            if found is None:
                continue
            if len(found[0].keys) > LEVELS_KEPT:
                return self._engine.cancel(order_id)
            live.append(order_id)
        return False


def _exponential(mean: float, chance: random.Random) -> list[int]:
    """Returns a table of whole numbers from 1 with an exponential law."""
    return [1 + int(chance.expovariate(1 / mean)) for _ in range(1 << TABLE_BITS)]
