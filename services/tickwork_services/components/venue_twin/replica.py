"""The book of a recording, kept while it is played: what the twin's truth is in a replay.

Plain and exact: dictionaries of levels, the digest by level, the venue's rule of ids. It shares
nothing with the engine that it proves. A recorded snapshot is taken at the diff that it fits, so
the book is in step from the first id at which anybody could be.
"""

import bisect
from collections.abc import Sequence

from tickwork_services.components.venue_twin import engine, market
from tickwork_services.venues import venue


def mantissa(text: str, exponent: int) -> int:
    """Returns the decimal ``text`` as a mantissa; raises ValueError where a digit is lost."""
    whole, _, fraction = text.partition(".")
    if fraction[-exponent:].strip("0"):
        raise ValueError(f"{text} has more digits than exponent {exponent}")
    return int(whole + fraction[:-exponent].ljust(-exponent, "0")) if exponent else int(whole)


def exponent_of(text: str) -> int:
    """Returns the exponent of the last digit of ``text`` that is not 0, at most 0."""
    return -len(text.partition(".")[2].rstrip("0"))


class Side:
    """One side; keys are prices, negated for asks: the best is the last."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.sign = 1 if code == engine.BID_CODE else -1
        self.keys: list[int] = []
        self.levels: dict[int, tuple[int, int]] = {}

    def set(self, price: int, quantity: int) -> int:
        """Sets one level, quantity 0 removes it; returns by how much the digest changes."""
        key = price * self.sign
        before = self.levels.get(key)
        if quantity == 0:
            if before is None:
                return 0
            del self.levels[key]
            del self.keys[bisect.bisect_left(self.keys, key)]
            return -before[1]
        mix = engine.mix_level(self.code, price, quantity)
        if before is None:
            bisect.insort(self.keys, key)
        self.levels[key] = (quantity, mix)
        return mix - (before[1] if before else 0)

    def best(self) -> tuple[int, int] | None:
        """Returns the best price and its quantity."""
        if not self.keys:
            return None
        return self.keys[-1] * self.sign, self.levels[self.keys[-1]][0]

    def best_first(self) -> list[tuple[int, int]]:
        """Returns price and quantity of every level, best first."""
        return [(key * self.sign, self.levels[key][0]) for key in reversed(self.keys)]


class Replica:
    """One instrument's book at ``update_id``; prices and quantities are mantissas."""

    def __init__(self, exponents: tuple[int, int]) -> None:
        self.exponents = exponents
        self.bids = Side(engine.BID_CODE)
        self.asks = Side(engine.ASK_CODE)
        self.update_id = 0
        self.digest = 0

    def take(self, told: venue.Told) -> None:
        """Applies the levels of a diff or a snapshot; raises ValueError for one that cannot be."""
        self._set(self.bids, told.bids)
        self._set(self.asks, told.asks)
        self.update_id = told.last

    def truth(self, index: int) -> bytes:
        """Returns the truth row of the book as it stands."""
        return market.TRUTH.pack(
            index,
            market.LIVE,
            0,
            *self.exponents,
            0,
            len(self.bids.keys),
            len(self.asks.keys),
            self.update_id,
            self.digest,
            *(self.bids.best() or (market.ABSENT, 0)),
            *(self.asks.best() or (market.ABSENT, 0)),
        )

    def _set(self, side: Side, levels: Sequence[venue.Level]) -> None:
        price_exponent, quantity_exponent = self.exponents
        for price, quantity in levels:
            change = side.set(
                mantissa(price, price_exponent), mantissa(quantity, quantity_exponent)
            )
            self.digest = (self.digest + change) & engine.MASK


class Tracker:
    """Follows one instrument through a recording: which snapshot fits, whether a diff is missing.

    ``snapshots`` are those of the recording, in the order of their ids.
    """

    def __init__(
        self,
        index: int,
        exponents: tuple[int, int],
        rule: venue.SequenceRule,
        snapshots: Sequence[venue.Told],
    ) -> None:
        self.book: Replica | None = None
        self.last = 0
        self.gaps = 0
        self._beginning: venue.Told | None = None
        self._index = index
        self._exponents = exponents
        self._rule = rule
        self._snapshots = sorted(snapshots, key=lambda each: each.last)

    def take(self, told: venue.Told) -> list[bytes]:
        """Takes the next diff; returns the truth rows that it made, none while out of step."""
        self.last = max(self.last, told.last)
        book = self.book
        if book is not None and told.last <= book.update_id:
            return []
        rows: list[bytes] = []
        if book is None or not self._follows(book.update_id, told):
            self.gaps += book is not None
            self.book = book = self._begin(told)
            if book is None:
                return []
            rows.append(book.truth(self._index))
            if told.last <= book.update_id:
                return rows
        book.take(told)
        rows.append(book.truth(self._index))
        return rows

    def next_snapshot(self) -> venue.Told | None:
        """Returns the first recorded snapshot that is not older than what was told."""
        return next((each for each in self._snapshots if each.last >= self.last), None)

    def take_beginning(self) -> venue.Told | None:
        """Returns the snapshot that the book began with, once for each beginning.

        Whoever listened from the first message on holds the diffs since then.
        """
        beginning, self._beginning = self._beginning, None
        return beginning

    def book_of(self, snapshot: venue.Told) -> Replica:
        """Returns the book that a snapshot shows."""
        book = Replica(self._exponents)
        book.take(snapshot)
        return book

    def _begin(self, told: venue.Told) -> Replica | None:
        for snapshot in self._snapshots:
            if self._fits(snapshot.last, told):
                self._beginning = snapshot
                return self.book_of(snapshot)
        return None

    def _fits(self, snapshot_id: int, told: venue.Told) -> bool:
        if self._rule == "first":
            return told.first <= snapshot_id + 1 <= told.last
        return told.first <= snapshot_id <= told.last

    def _follows(self, last: int, told: venue.Told) -> bool:
        previous = told.previous if self._rule == "previous" else told.first - 1
        # A diff that spans the snapshot is the first one; after it the chain is exact.
        return previous == last or self._fits(last, told)
