"""What is sent, in which order: drawn from the seed, never from who listens or how fast.

The order of messages is a function of the settings alone. Due instants are an open loop: message
number n of a stretch is due n / rate after its start, whatever happened before.
"""

import bisect
import itertools
import random
from collections import deque
from collections.abc import Sequence

from tickwork.unit.settings import venue_twin
from tickwork_services.components.venue_twin import market
from tickwork_services.venues import venue

SECOND_NS = 1_000_000_000
LIVE_RATE_MAX = 20_000
"""Above this many messages a second, messages are rendered before the twin is ready."""


class Session:
    """The endless line of messages of one twin; goes on from stretch to stretch."""

    def __init__(self, settings: venue_twin.VenueTwinSettings, server: venue.Server) -> None:
        self.rate = settings.engine.messages_per_second
        self.instruments = [
            market.Instrument(
                index,
                server.listing(symbol),
                server,
                settings.engine.levels_max,
                f"{settings.seed}/{symbol}",
            )
            for index, symbol in enumerate(settings.instruments)
        ]
        self._random = random.Random(f"{settings.seed}/session").random
        self._channels, self._shares = _shares(settings.engine.mix, settings.channels)
        self._stock: deque[market.Message] = deque()
        self.counts: dict[str, int] = {}

    @property
    def rendered(self) -> int:
        """How many messages lie ready."""
        return len(self._stock)

    def load(self) -> None:
        """Nothing to read: everything follows from the seed."""

    def rewind(self) -> None:
        """A seeded market goes on where it was."""

    def facts(self) -> dict[str, object]:
        """Returns nothing: the counters say it all."""
        return {}

    def render(self, messages: int) -> None:
        """Renders until ``messages`` lie ready."""
        while len(self._stock) < messages:
            self._stock.append(self._draw())

    def next(self) -> market.Message:
        """Returns the next message: a rendered one while there are any."""
        return self._stock.popleft() if self._stock else self._draw()

    def due_count(self, elapsed_ns: int) -> int:
        """Returns how many messages are due ``elapsed_ns`` after the start of a stretch."""
        return elapsed_ns * self.rate // SECOND_NS + 1 if elapsed_ns >= 0 else 0

    def due_ns(self, number: int) -> int:
        """Returns when message ``number`` (from 0) of a stretch is due, after its start."""
        return -(-number * SECOND_NS // self.rate)

    def count_before(self, elapsed_ns: int) -> int:
        """Returns how many messages of a stretch are due before ``elapsed_ns``."""
        return self.due_count(elapsed_ns - 1)

    def _draw(self) -> market.Message:
        instrument = self.instruments[int(self._random() * len(self.instruments))]
        at = bisect.bisect_right(self._shares, self._random())
        channel = self._channels[min(at, len(self._channels) - 1)]
        if channel == "depth":
            return instrument.depth()
        if channel == "bookTicker":
            return instrument.ticker()
        return instrument.trade(aggregate=channel == "aggTrade")


def _shares(mix: venue_twin.Mix, channels: Sequence[str]) -> tuple[list[str], list[float]]:
    """Returns the channels offered and the upper edges of their shares, which end at 1.

    The share of trades is split where both kinds of trades are offered; the share of a channel
    that is not offered goes to the others.
    """
    trades = sum(channel in ("trade", "aggTrade") for channel in channels)
    weights = {"depth": mix.depth, "bookTicker": mix.book_ticker}
    offered = list(dict.fromkeys(channels))
    each = [weights.get(channel, mix.trade / max(1, trades)) for channel in offered]
    total = sum(each) or 1.0
    return offered, list(itertools.accumulate(share / total for share in each))
