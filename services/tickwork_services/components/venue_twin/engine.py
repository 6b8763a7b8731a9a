"""A limit-order matching engine of one instrument: price-time priority; no clock, no chance.

The book is nothing but the orders. Prices and quantities are int64 mantissas. The digest of the
book is kept here from the orders' levels, in code that shares nothing with the engine it proves.
"""

import bisect
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MASK = (1 << 64) - 1
PRICE_FACTOR = 0x9E3779B97F4A7C15
QUANTITY_FACTOR = 0xC2B2AE3D27D4EB4F
SIDE_FACTOR = 0x165667B19E3779F9
BID_CODE, ASK_CODE = 1, 2

Fill = tuple[int, int, bool]
"""Price, quantity, and whether the resting order was a bid (the buyer was the maker)."""


def mix_level(side_code: int, price: int, quantity: int) -> int:
    """Mixes one level to 64 bits; a book's digest is the sum over its levels modulo 2**64."""
    q = (quantity * QUANTITY_FACTOR) & MASK
    z = (price * PRICE_FACTOR) & MASK
    z ^= ((q << 31) & MASK) | (q >> 33)
    z ^= (side_code * SIDE_FACTOR) & MASK
    z ^= z >> 30
    z = (z * 0xBF58476D1CE4E5B9) & MASK
    z ^= z >> 27
    z = (z * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Level:
    """One price: its resting orders in order of arrival (id to what is left), and their sum."""

    __slots__ = ("mix", "orders", "quantity")

    def __init__(self) -> None:
        self.quantity = 0
        self.orders: dict[int, int] = {}
        self.mix = 0


class Side:
    """One side of a book. Keys are prices, negated for asks: the best key is the last one."""

    __slots__ = ("changed", "code", "keys", "levels", "sign")

    def __init__(self, code: int) -> None:
        self.code = code
        self.sign = 1 if code == BID_CODE else -1
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}
        self.changed: dict[int, int] = {}

    def best(self) -> tuple[int, int] | None:
        """Returns the best price and its quantity."""
        if not self.keys:
            return None
        key = self.keys[-1]
        return key * self.sign, self.levels[key].quantity

    def best_first(self) -> Iterator[tuple[int, int]]:
        """Yields price and quantity of every level, best first."""
        for key in reversed(self.keys):
            yield key * self.sign, self.levels[key].quantity

    def remove(self, key: int) -> None:
        """Takes an empty level out."""
        del self.levels[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect.bisect_left(keys, key)]


class Changes(NamedTuple):
    """The levels that changed since the last diff; quantity 0 means gone."""

    first: int
    last: int
    previous: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class Engine:
    """Orders in, fills and level changes out; one update id per order event that changed a level.

    ``skip`` is added once before the next id: ids that other instruments of the venue used.
    """

    def __init__(self, first_update_id: int) -> None:
        self.bids = Side(BID_CODE)
        self.asks = Side(ASK_CODE)
        self.update_id = first_update_id
        self.digest = 0
        self.skip = 0
        self.fills: list[Fill] = []
        self.orders: dict[int, tuple[Side, int]] = {}
        self._order_id = 0
        self._previous = first_update_id
        self._first = 0

    def submit(self, price: int, quantity: int, bid: bool) -> int:
        """Matches an order against the other side; returns the id under which the rest rests.

        Returns 0 where nothing is left. Fills are appended to ``fills``.
        """
        own, other = (self.bids, self.asks) if bid else (self.asks, self.bids)
        key = price * own.sign
        while quantity and other.keys and other.keys[-1] >= -key:
            quantity -= self._match(other, quantity)
        self._advance()
        if not quantity:
            return 0
        level = own.levels.get(key)
        if level is None:
            level = own.levels[key] = Level()
            bisect.insort(own.keys, key)
        if key not in own.changed:
            own.changed[key] = level.mix
        self._order_id += 1
        level.orders[self._order_id] = quantity
        level.quantity += quantity
        self.orders[self._order_id] = (own, key)
        return self._order_id

    def cancel(self, order_id: int) -> bool:
        """Takes an order out; False where it is no longer there."""
        found = self.orders.pop(order_id, None)
        if found is None:
            return False
        side, key = found
        level = side.levels[key]
        if key not in side.changed:
            side.changed[key] = level.mix
        level.quantity -= level.orders.pop(order_id)
        if not level.orders:
            side.remove(key)
        self._advance()
        return True

    @property
    def changed(self) -> bool:
        """True where a level changed since the last diff."""
        return bool(self._first)

    def take_changes(self) -> Changes:
        """Returns what changed since the last call, and brings the digest up to date."""
        bids, asks = self._settle(self.bids), self._settle(self.asks)
        changes = Changes(self._first, self.update_id, self._previous, bids, asks)
        self._previous, self._first = self.update_id, 0
        return changes

    def recompute_digest(self) -> int:
        """Returns the digest of the book as it stands, from all its levels."""
        return (
            digest(BID_CODE, self.bids.best_first()) + digest(ASK_CODE, self.asks.best_first())
            & MASK
        )

    def _match(self, other: Side, wanted: int) -> int:
        """Fills the oldest order of the best level with at most ``wanted``; returns how much."""
        key = other.keys[-1]
        level = other.levels[key]
        if key not in other.changed:
            other.changed[key] = level.mix
        order_id, left = next(iter(level.orders.items()))
        quantity = min(left, wanted)
        level.quantity -= quantity
        if quantity == left:
            del level.orders[order_id], self.orders[order_id]
            if not level.orders:
                other.remove(key)
        else:
            level.orders[order_id] = left - quantity
        self.fills.append((key * other.sign, quantity, other.sign == 1))
        return quantity

    def _advance(self) -> None:
        self.update_id += 1 + self.skip
        self.skip = 0
        if not self._first:
            self._first = self.update_id

    def _settle(self, side: Side) -> list[tuple[int, int]]:
        changes = []
        total = self.digest
        levels, sign, code = side.levels, side.sign, side.code
        for key, before in side.changed.items():
            level = levels.get(key)
            total -= before
            if level is None:
                changes.append((key * sign, 0))
            else:
                mix = level.mix = mix_level(code, key * sign, level.quantity)
                total += mix
                changes.append((key * sign, level.quantity))
        self.digest = total & MASK
        side.changed.clear()
        return changes


def digest(side_code: int, levels: Iterable[tuple[int, int]]) -> int:
    """Returns the digest of one side from its levels."""
    return sum(mix_level(side_code, price, quantity) for price, quantity in levels) & MASK
