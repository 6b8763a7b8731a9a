"""Writes what Binance says, to the byte: diffs, tickers, trades, snapshots, listings.

Spot writes every number with eight decimals; USD-M as many as the instrument has.
"""

import json
from collections.abc import Sequence

from tickwork_services.venues import venue
from tickwork_services.venues.binance import orders, rules

SPOT_DECIMALS = 8


class Renderer(venue.Server):
    """The writing half of the server side; which fields a message has depends on the venue."""

    def __init__(self, name: str, sequence_rule: venue.SequenceRule, limits: venue.Limits) -> None:
        self.name = name
        self.sequence_rule = sequence_rule
        self.limits = limits
        self._spot = name == "binance-spot"

    def wrapping(self, stream: str) -> tuple[bytes, bytes]:
        """Returns ``{"stream":…,"data":`` and the closing brace."""
        return f'{{"stream":{json.dumps(stream)},"data":'.encode(), b"}"

    def accepted(self, order: venue.Order, result: object = None) -> bytes:
        """Returns the reply with ``result`` (null for subscriptions)."""
        text = json.dumps(result, separators=(",", ":"))
        return f'{{"result":{text},"id":{order.id}}}'.encode()

    def refused(self, order: venue.Order, text: str) -> bytes:
        """Returns error 2, an invalid request."""
        return orders.refusal(2, text, order.id).body

    def depth(self, symbol: str, ids: venue.DiffIds, bids: str, asks: str) -> venue.Parts:
        """Renders depthUpdate: E, s, U, u, b, a; on USD-M T and pu too."""
        first, last, previous = ids
        if self._spot:
            return (
                b'{"e":"depthUpdate","E":',
                f',"s":"{symbol}","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}'.encode(),
            )
        return (
            b'{"e":"depthUpdate","E":',
            b',"T":',
            f',"s":"{symbol}","U":{first},"u":{last},"pu":{previous},'
            f'"b":[{bids}],"a":[{asks}]}}'.encode(),
        )

    def ticker(
        self, symbol: str, update_id: int, bid: venue.Level, ask: venue.Level
    ) -> venue.Parts:
        """Renders bookTicker; spot's has neither event name nor time."""
        levels = f'"b":"{bid[0]}","B":"{bid[1]}","a":"{ask[0]}","A":"{ask[1]}"'
        if self._spot:
            return (f'{{"u":{update_id},"s":"{symbol}",{levels}}}'.encode(),)
        return (
            f'{{"e":"bookTicker","u":{update_id},"s":"{symbol}",{levels},"T":'.encode(),
            b',"E":',
            b"}",
        )

    def trade(
        self, symbol: str, id_: int, level: venue.Level, *, buyer_is_maker: bool
    ) -> venue.Parts:
        """Renders trade; the times come first on USD-M."""
        maker = "true" if buyer_is_maker else "false"
        deal = f'"s":"{symbol}","t":{id_},"p":"{level[0]}","q":"{level[1]}"'
        if self._spot:
            return (
                b'{"e":"trade","E":',
                f',{deal},"T":'.encode(),
                f',"m":{maker},"M":true}}'.encode(),
            )
        return (
            b'{"e":"trade","E":',
            b',"T":',
            f',{deal},"X":"MARKET","m":{maker}}}'.encode(),
        )

    def aggregate_trade(
        self, symbol: str, id_: int, level: venue.Level, *, buyer_is_maker: bool
    ) -> venue.Parts:
        """Renders aggTrade of one trade."""
        maker = "true" if buyer_is_maker else "false"
        best = ',"M":true' if self._spot else ""
        deal = f'"a":{id_},"p":"{level[0]}","q":"{level[1]}","f":{id_},"l":{id_}'
        return (
            b'{"e":"aggTrade","E":',
            f',"s":"{symbol}",{deal},"T":'.encode(),
            f',"m":{maker}{best}}}'.encode(),
        )

    def shutdown(self, unix_ms: int) -> bytes:
        """Renders serverShutdown."""
        return f'{{"e":"{rules.SHUTDOWN_EVENT}","E":{unix_ms}}}'.encode()

    def shutdown_stream(self) -> str:
        """Returns the name of the notice's stream."""
        return rules.SHUTDOWN_STREAM

    def snapshot(
        self,
        update_id: int,
        unix_ms: int,
        bids: Sequence[venue.Level],
        asks: Sequence[venue.Level],
    ) -> bytes:
        """Renders lastUpdateId, bids, asks; USD-M's answer has E and T too."""
        times = "" if self._spot else f'"E":{unix_ms},"T":{unix_ms},'
        return (
            f'{{"lastUpdateId":{update_id},{times}'
            f'"bids":[{_levels(bids)}],"asks":[{_levels(asks)}]}}'
        ).encode()

    def exchange_info(self, unix_ms: int, listings: Sequence[venue.Listing]) -> bytes:
        """Renders exchangeInfo with the filters that say tick and step."""
        limit = {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": self.limits.weight_per_minute,
        }
        body = {
            "timezone": "UTC",
            "serverTime": unix_ms,
            "rateLimits": [limit],
            "exchangeFilters": [],
            "symbols": [self._symbol(listing) for listing in listings],
        }
        return json.dumps(body, separators=(",", ":")).encode()

    def time(self, unix_ms: int) -> bytes:
        """Renders serverTime."""
        return f'{{"serverTime":{unix_ms}}}'.encode()

    def unknown_symbol(self) -> venue.Refusal:
        """Returns -1121."""
        return venue.Refusal(error(-1121, "Invalid symbol."))

    def too_many_requests(self, status: int, until_unix_ms: int) -> venue.Refusal:
        """Returns -1003; 418 says until when the address is banned."""
        text = "Too much request weight used; please use the WebSocket Streams for live updates."
        if status == 418:
            text = f"Way too much request weight used; IP banned until {until_unix_ms}."
        return venue.Refusal(error(-1003, text), status)

    def price_writer(self, listing: venue.Listing) -> venue.Writer:
        """Returns what writes prices."""
        return decimal_writer(listing.price_exponent, self._decimals(listing.price_exponent))

    def quantity_writer(self, listing: venue.Listing) -> venue.Writer:
        """Returns what writes quantities."""
        return decimal_writer(listing.quantity_exponent, self._decimals(listing.quantity_exponent))

    def _decimals(self, exponent: int) -> int:
        return SPOT_DECIMALS if self._spot else -exponent

    def _symbol(self, listing: venue.Listing) -> dict[str, object]:
        symbol = listing.symbol
        quote = "USDT" if symbol.endswith("USDT") and len(symbol) > 4 else symbol[-3:]
        tick = self.price_writer(listing)(1)
        step = self.quantity_writer(listing)(1)
        return {
            "symbol": symbol,
            "status": "TRADING",
            "baseAsset": symbol.removesuffix(quote),
            "quoteAsset": quote,
            "pricePrecision": -listing.price_exponent,
            "quantityPrecision": -listing.quantity_exponent,
            "orderTypes": ["LIMIT", "MARKET"],
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": tick, "tickSize": tick},
                {"filterType": "LOT_SIZE", "minQty": step, "stepSize": step},
            ],
        }


def decimal_writer(exponent: int, decimals: int) -> venue.Writer:
    """Returns what writes mantissas of ``exponent`` (0 or less) with ``decimals``."""
    if decimals == 0:
        return str
    digits, zeros = -exponent, "0" * (decimals + exponent)
    if digits == 0:
        return lambda mantissa: f"{mantissa}.{zeros}"

    def write(mantissa: int) -> str:
        text = str(mantissa)
        if len(text) <= digits:
            text = text.zfill(digits + 1)
        return f"{text[:-digits]}.{text[-digits:]}{zeros}"

    return write


def error(code: int, text: str) -> bytes:
    """Renders a REST error."""
    return f'{{"code":{code},"msg":{json.dumps(text)}}}'.encode()


def _levels(levels: Sequence[venue.Level]) -> str:
    return ",".join(f'["{price}","{quantity}"]' for price, quantity in levels)
