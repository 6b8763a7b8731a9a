"""Binance, client side: spot and USD-M futures.

From the venue's documentation: spot web-socket-streams and REST limits as of July 2026, USD-M
general information as of 2026 (public streams live below ``/public`` on the split hosts).
"""

import json
from collections.abc import Mapping, Sequence

from tickwork import errors
from tickwork_services.venues import venue
from tickwork_services.venues.binance import rules

_CHANNELS = {"bookTicker": "bookTicker", "trade": "trade", "aggTrade": "aggTrade"}
_SHUTDOWN = b'"serverShutdown"'
_ID = b'"id"'


class BinanceClient(venue.Client):
    """Both markets of Binance: they differ by data only."""

    def __init__(
        self,
        *,
        name: str,
        websocket_url: str,
        rest_url: str,
        rest_prefix: str,
        limits: venue.Limits,
        depth_intervals: Mapping[int, str],
        depth_weights: Mapping[int, int],
        information_weight: int,
        information_by_symbol: bool,
    ) -> None:
        self.name = name
        self.websocket_url = websocket_url
        self.websocket_path = "/stream"
        self.rest_url = rest_url
        self.weight_header = "X-MBX-USED-WEIGHT-1M"
        self.limits = limits
        self._rest_prefix = rest_prefix
        self._depth_intervals = depth_intervals
        self._depth_weights = depth_weights
        self._information_weight = information_weight
        self._information_by_symbol = information_by_symbol

    def streams(
        self, symbol: str, channels: Sequence[str], depth_interval_ms: int
    ) -> tuple[str, ...]:
        """Returns ``symbol@channel`` names, lower case as the venue wants them."""
        names = [self._stream(channel, depth_interval_ms) for channel in channels]
        return tuple(f"{symbol.lower()}@{name}" for name in names)

    def subscribe_message(self, id_: int, streams: Sequence[str]) -> bytes:
        """Returns a SUBSCRIBE request."""
        message = {"method": "SUBSCRIBE", "params": list(streams), "id": id_}
        return json.dumps(message, separators=(",", ":")).encode("ascii")

    def read_control(self, payload: bytes | bytearray) -> venue.Control | None:
        """Returns answers to requests and the announcement that the server goes away."""
        if _SHUTDOWN in payload:
            return venue.Control("shutdown")
        if _ID not in payload:
            return None
        try:
            message = json.loads(payload)
        except ValueError:
            return None
        if not isinstance(message, dict) or not isinstance(message.get("id"), int):
            return None
        if "error" in message:
            return venue.Control("refused", message["id"], json.dumps(message["error"]))
        if "result" in message:
            return venue.Control("accepted", message["id"])
        return None

    def depth_request(self, symbol: str, levels: int) -> venue.RestRequest:
        """Returns the depth request with the smallest limit that holds ``levels``."""
        limit = min(
            (each for each in self._depth_weights if each >= levels),
            default=max(self._depth_weights),
        )
        path = f"{self._rest_prefix}/depth?symbol={symbol}&limit={limit}"
        return venue.RestRequest(path, self._depth_weights[limit])

    def exchange_information_request(self, symbols: Sequence[str]) -> venue.RestRequest:
        """Returns the exchange information request; spot can be asked for some symbols only."""
        path = f"{self._rest_prefix}/exchangeInfo"
        if self._information_by_symbol:
            names = ",".join(f"%22{symbol}%22" for symbol in symbols)
            path += f"?symbols=%5B{names}%5D"
        return venue.RestRequest(path, self._information_weight)

    def _stream(self, channel: str, depth_interval_ms: int) -> str:
        if channel in _CHANNELS:
            return _CHANNELS[channel]
        if channel == "depth" and depth_interval_ms in self._depth_intervals:
            return self._depth_intervals[depth_interval_ms]
        raise errors.InputError(
            f"{self.name} has no channel {channel!r} at {depth_interval_ms} ms.",
            f"Depth intervals there are: {sorted(self._depth_intervals)} ms.",
        )


_MINUTES_5_NS = 300 * 1_000_000_000
_HOURS_24_NS = 86_400 * 1_000_000_000

SPOT = BinanceClient(
    name="binance-spot",
    websocket_url="wss://stream.binance.com:9443/stream",
    rest_url="https://api.binance.com",
    rest_prefix=rules.SPOT_REST.prefix,
    limits=venue.Limits(5, 1024, 300, _MINUTES_5_NS, _HOURS_24_NS, 6000, "2026-07"),
    depth_intervals={1000: "depth", 100: "depth@100ms"},
    depth_weights=rules.SPOT_REST.depth_weights,
    information_weight=rules.SPOT_REST.information_weight,
    information_by_symbol=True,
)

USDM = BinanceClient(
    name="binance-usdm",
    websocket_url="wss://fstream.binance.com/public/stream",
    rest_url="https://fapi.binance.com",
    rest_prefix=rules.USDM_REST.prefix,
    limits=venue.Limits(10, 1024, 300, _MINUTES_5_NS, _HOURS_24_NS, 2400, "2026-07"),
    depth_intervals={0: "depth@0ms", 100: "depth@100ms", 250: "depth", 500: "depth@500ms"},
    depth_weights=rules.USDM_REST.depth_weights,
    information_weight=rules.USDM_REST.information_weight,
    information_by_symbol=False,
)
