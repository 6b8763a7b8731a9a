"""The book as the wire has told it: for snapshots where messages were rendered ahead of it."""

import json
from collections.abc import Sequence

from tickwork_services.components.venue_twin import market

STAMP = b"0"


class Mirror:
    """One instrument's levels as text by price; ids as told."""

    def __init__(self, instrument: market.Instrument) -> None:
        start = instrument.snapshot(None)
        self.update_id = start.update_id
        self.bids = dict(start.bids)
        self.asks = dict(start.asks)
        self.truth = instrument.truth_now()
        self.untold: list[market.Message] = []

    def follow(self) -> None:
        """Applies the diffs that were sent since the last look."""
        for message in self.untold:
            diff = json.loads(STAMP.join(message.parts))
            for side, changes in ((self.bids, diff["b"]), (self.asks, diff["a"])):
                for price, quantity in changes:
                    if float(quantity) == 0:
                        side.pop(price, None)
                    else:
                        side[price] = quantity
            self.update_id, self.truth = message.last, message.truth
        self.untold.clear()


class Mirrors:
    """All instruments; made before anything is rendered.

    The diffs kept are those that lay ready anyway, so they take no room beyond that stock.
    """

    def __init__(self, instruments: Sequence[market.Instrument]) -> None:
        self._mirrors = [Mirror(instrument) for instrument in instruments]

    def note(self, message: market.Message) -> None:
        """Keeps a diff that goes out."""
        self._mirrors[message.instrument].untold.append(message)

    def truth(self, instrument: int) -> bytes:
        """Returns the truth row of what the last snapshot showed."""
        return self._mirrors[instrument].truth

    def snapshot(self, instrument: int, limit: int | None) -> market.Snapshot:
        """Returns the book as told so far, best levels first."""
        mirror = self._mirrors[instrument]
        mirror.follow()
        bids = sorted(mirror.bids.items(), key=lambda level: -float(level[0]))[:limit]
        asks = sorted(mirror.asks.items(), key=lambda level: float(level[0]))[:limit]
        return market.Snapshot(mirror.update_id, bids, asks)
