"""The venues by name; what they are is known in ``tickwork_services.venues``."""

from typing import Literal

VenueName = Literal["binance-spot", "binance-usdm"]
ChannelName = Literal["depth", "bookTicker", "trade", "aggTrade"]
