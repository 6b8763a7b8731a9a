"""What Binance says and demands, as data.

Read in its public documentation (spot: web-socket-streams.md and rest-api.md; USD-M: the
derivatives pages) in July 2026. Binance changes several of these a year: look before a live change.
"""

import dataclasses
import re
from collections.abc import Mapping

from tickwork_services.venues import venue

STREAM_FORM = re.compile(
    r"^([a-z0-9_]{1,20})@(?:(depth)(?:@(?:0|100|250|500|1000)ms)?|(bookTicker|trade|aggTrade))$"
)
SHUTDOWN_STREAM = "!serverShutdown"
SHUTDOWN_EVENT = "serverShutdown"
STREAM_PATHS = {"binance-spot": ("",), "binance-usdm": ("", "/public", "/market")}
"""What may stand before ``/ws`` and ``/stream``; USD-M split its hosts in 2026."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rest:
    """REST paths and weights; ``depth_weights`` is by the largest limit, ascending.

    ``limits_offered`` are the only limits that are taken; empty where any number is.
    """

    prefix: str
    depth_weights: Mapping[int, int]
    limits_offered: tuple[int, ...]
    limit_default: int
    information_weight: int

    @property
    def levels_max(self) -> int:
        """The most levels a side that a snapshot holds."""
        return max(self.depth_weights)

    def depth_weight(self, limit: int) -> int:
        """Returns the weight of a depth request with ``limit`` levels a side."""
        fitting = [weight for largest, weight in self.depth_weights.items() if limit <= largest]
        return fitting[0] if fitting else self.depth_weights[self.levels_max]


SPOT_REST = Rest(
    prefix="/api/v3",
    depth_weights={100: 5, 500: 25, 1000: 50, 5000: 250},
    limits_offered=(),
    limit_default=100,
    information_weight=20,
)
USDM_REST = Rest(
    prefix="/fapi/v1",
    depth_weights={50: 2, 100: 5, 500: 10, 1000: 20},
    limits_offered=(5, 10, 20, 50, 100, 500, 1000),
    limit_default=500,
    information_weight=1,
)

# Tick and step sizes as listed in 2026 for the liquid pairs; prices are round figures of 2024.
SPOT_LISTINGS = {
    listing.symbol: listing
    for listing in (
        venue.Listing("BTCUSDT", -2, -5, 6_183_763, 12_000),
        venue.Listing("ETHUSDT", -2, -4, 268_350, 9_000),
        venue.Listing("BNBUSDT", -2, -3, 51_520, 2_500),
        venue.Listing("SOLUSDT", -2, -3, 16_245, 9_000),
        venue.Listing("XRPUSDT", -4, -1, 6_124, 8_000),
        venue.Listing("DOGEUSDT", -5, 0, 10_452, 9_000),
        venue.Listing("ADAUSDT", -4, -1, 3_489, 9_000),
        venue.Listing("LTCUSDT", -2, -3, 6_095, 6_000),
    )
}
USDM_LISTINGS = {
    listing.symbol: listing
    for listing in (
        venue.Listing("BTCUSDT", -1, -3, 618_002, 700),
        venue.Listing("ETHUSDT", -2, -3, 268_412, 4_000),
        venue.Listing("BNBUSDT", -2, -2, 51_540, 700),
        venue.Listing("SOLUSDT", -2, -2, 16_251, 3_000),
        venue.Listing("XRPUSDT", -4, -1, 6_127, 9_000),
        venue.Listing("DOGEUSDT", -5, 0, 10_458, 9_000),
        venue.Listing("ADAUSDT", -4, 0, 3_491, 4_000),
        venue.Listing("LTCUSDT", -2, -3, 6_101, 5_000),
    )
}
