"""Reads what Binance has told, for replays: which instrument, which channel, which update ids.

Exact and plain, by the standard library's JSON: this is the second reading of every recorded
message, independent of the pipeline's parser that it proves.
"""

import json
from collections.abc import Mapping
from typing import Any

from tickwork_services.venues import venue

_WRAPPED = b'{"stream":"'
_DATA = b'","data":'
_EVENTS = {
    "depthUpdate": "depth",
    "bookTicker": "bookTicker",
    "trade": "trade",
    "aggTrade": "aggTrade",
}


def read(payload: bytes) -> venue.Told | None:
    """Returns what ``payload`` tells; None for what is no market data or no JSON."""
    stream, bare = unwrap(payload)
    try:
        content = json.loads(bare)
        return _read(content, bare, stream) if isinstance(content, dict) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def unwrap(payload: bytes) -> tuple[str | None, bytes]:
    """Returns the stream's name and the message of a combined connection, else None and all."""
    if payload.startswith(_WRAPPED) and payload.endswith(b"}"):
        name, found, data = payload[len(_WRAPPED) : -1].partition(_DATA)
        if found:
            return name.decode("ascii", "replace"), data
    return None, payload


def read_listings(payload: bytes) -> Mapping[str, tuple[int, int]]:
    """Returns the exponents of tick and step by symbol; nothing where it is no exchangeInfo."""
    try:
        content = json.loads(payload)
        return {each["symbol"]: _exponents(each["filters"]) for each in content["symbols"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}


def _read(content: Mapping[str, Any], bare: bytes, stream: str | None) -> venue.Told | None:
    if "lastUpdateId" in content:
        last, bids, asks = content["lastUpdateId"], content["bids"], content["asks"]
        return venue.Told("snapshot", "", bare, stream, last=last, bids=bids, asks=asks)
    channel = _EVENTS.get(content.get("e", "bookTicker"))
    if channel is None or "s" not in content:
        return None
    symbol = content["s"]
    if channel == "depth":
        return venue.Told(
            channel,
            symbol,
            bare,
            stream,
            content["U"],
            content["u"],
            content.get("pu"),
            content["b"],
            content["a"],
        )
    if channel == "bookTicker":
        bid, ask = (content["b"], content["B"]), (content["a"], content["A"])
        return venue.Told(
            channel, symbol, bare, stream, last=content["u"], bids=(bid,), asks=(ask,)
        )
    return venue.Told(channel, symbol, bare, stream)


def _exponents(filters: list[Mapping[str, str]]) -> tuple[int, int]:
    sizes = {each["filterType"]: each for each in filters}
    tick, step = sizes["PRICE_FILTER"]["tickSize"], sizes["LOT_SIZE"]["stepSize"]
    return _exponent(tick), _exponent(step)


def _exponent(size: str) -> int:
    return -len(size.partition(".")[2].rstrip("0"))
