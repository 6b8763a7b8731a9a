"""Venues as knowledge without a socket: what to say, what they say, their rules as data.

One folder per exchange, client side and server side. Never here: a socket, a transport, a codec.
"""

from tickwork.unit.venue import VenueName
from tickwork_services.venues import venue
from tickwork_services.venues.binance import client as binance
from tickwork_services.venues.binance import server as binance_server

CLIENTS: dict[VenueName, venue.Client] = {
    "binance-spot": binance.SPOT,
    "binance-usdm": binance.USDM,
}
"""Client side by name: the one table of venues."""

SERVERS: dict[VenueName, venue.Server] = {
    "binance-spot": binance_server.SPOT,
    "binance-usdm": binance_server.USDM,
}
"""Server side by name, for the twin."""
