"""The server side of Binance: reads what clients ask, for a twin. Rendering is next door."""

import json
import urllib.parse
from collections.abc import Mapping

from tickwork_services.venues import venue
from tickwork_services.venues.binance import client, orders, render, rules, told

TARGET_LENGTH_MAX = 1 << 16


class BinanceServer(render.Renderer):
    """Spot and USD-M differ in their data and in the fields of some messages."""

    def __init__(
        self,
        name: str,
        sequence_rule: venue.SequenceRule,
        limits: venue.Limits,
        rest: rules.Rest,
        listings: Mapping[str, venue.Listing],
    ) -> None:
        super().__init__(name, sequence_rule, limits)
        self._rest = rest
        self._listings = listings

    def listing(self, symbol: str) -> venue.Listing:
        """Returns how ``symbol`` is listed; an unknown one costs about 100 with two digits."""
        return self._listings.get(symbol) or venue.Listing(symbol, -2, -3, 10_000, 5_000)

    def read_opening(self, target: str) -> venue.Opening | venue.Refusal:
        """Reads ``/ws``, ``/ws/<stream>``, ``/stream`` and ``/stream?streams=a/b``.

        Microseconds are refused: this server writes milliseconds only.
        """
        if len(target) > TARGET_LENGTH_MAX:
            return _refuse(-1100, "The request target is too long.", 414)
        parts = urllib.parse.urlsplit(target)
        query = urllib.parse.parse_qs(parts.query)
        if query.get("timeUnit", ["MILLISECOND"])[0].upper() != "MILLISECOND":
            return _refuse(-1100, "This server offers timeUnit=MILLISECOND only.")
        path = urllib.parse.unquote(parts.path)
        for prefix in sorted(rules.STREAM_PATHS[self.name], key=len, reverse=True):
            if prefix and path.startswith(f"{prefix}/"):
                path = path.removeprefix(prefix)
                break
        if path == "/stream":
            return venue.Opening(True, _split("/".join(query.get("streams", []))))
        if path == "/ws" or path.startswith("/ws/"):
            return venue.Opening(False, _split(path.removeprefix("/ws")))
        return _refuse(-1100, "No such path: use /ws or /stream.", 404)

    def read_order(self, payload: bytes) -> venue.Order | venue.Refusal:
        """Reads one control message; nothing that a client sends raises."""
        return orders.read(payload)

    def read_stream(self, stream: str) -> tuple[str, str] | None:
        """Reads a stream's name; the interval of a depth stream is taken as any other."""
        match = rules.STREAM_FORM.match(stream)
        if match is None:
            return None
        return match.group(1).upper(), match.group(2) or match.group(3)

    def read_told(self, payload: bytes) -> venue.Told | None:
        """Reads a recorded message, wrapped or bare."""
        return told.read(payload)

    def read_listings(self, payload: bytes) -> Mapping[str, tuple[int, int]]:
        """Reads tick and step sizes out of exchangeInfo."""
        return told.read_listings(payload)

    def read_question(self, target: str) -> venue.Question | venue.Refusal:
        """Reads the target of a REST request: depth, exchangeInfo, time, ping."""
        if len(target) > TARGET_LENGTH_MAX:
            return _refuse(-1100, "The request target is too long.", 414)
        parts = urllib.parse.urlsplit(target)
        query = {key: values[-1] for key, values in urllib.parse.parse_qs(parts.query).items()}
        prefix, _, name = parts.path.rpartition("/")
        if prefix != self._rest.prefix or name not in ("depth", "exchangeInfo", "time", "ping"):
            return _refuse(-1100, f"Path {parts.path[:80]} is not offered.", 404)
        if name == "depth":
            return self._read_depth(query)
        if name == "exchangeInfo":
            symbols = _read_symbols(query)
            if symbols is None:
                return _refuse(-1100, "Illegal characters found in parameter 'symbols'.")
            weight = self._rest.information_weight
            return venue.Question("exchangeInfo", weight, symbols=symbols)
        return venue.Question("time" if name == "time" else "ping", 1)

    def _read_depth(self, query: Mapping[str, str]) -> venue.Question | venue.Refusal:
        symbol = query.get("symbol", "")
        if not symbol:
            return _refuse(-1102, "Mandatory parameter 'symbol' was not sent or was empty.")
        text = query.get("limit", str(self._rest.limit_default))
        if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) == 0:
            return _refuse(-1100, "Illegal characters found in parameter 'limit'.")
        limit = int(text)
        if self._rest.limits_offered and limit not in self._rest.limits_offered:
            return _refuse(-4021, f"Depth limit {limit} is not valid.")
        limit = min(limit, self._rest.levels_max)
        weight = self._rest.depth_weight(limit)
        return venue.Question("depth", weight, symbol=symbol, limit=limit)


def _split(streams: str) -> tuple[str, ...]:
    return tuple(stream for stream in streams.split("/") if stream)


def _read_symbols(query: Mapping[str, str]) -> tuple[str, ...] | None:
    """Returns the symbols asked for, none for all; None where the list is not JSON text."""
    if "symbol" in query:
        return (query["symbol"],)
    if "symbols" not in query:
        return ()
    try:
        symbols = json.loads(query["symbols"])
    except (ValueError, RecursionError):
        return None
    if not isinstance(symbols, list) or not all(isinstance(each, str) for each in symbols):
        return None
    return tuple(symbols)


def _refuse(code: int, text: str, status: int = 400) -> venue.Refusal:
    return venue.Refusal(render.error(code, text), status)


SPOT = BinanceServer(
    "binance-spot", "first", client.SPOT.limits, rules.SPOT_REST, rules.SPOT_LISTINGS
)
USDM = BinanceServer(
    "binance-usdm", "previous", client.USDM.limits, rules.USDM_REST, rules.USDM_LISTINGS
)
