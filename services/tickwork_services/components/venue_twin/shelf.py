"""What a capture holds, looked through once before it is played.

Which instruments, the scales of their numbers, the answers of REST that lie in it.
"""

import dataclasses
import pathlib
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from tickwork import errors
from tickwork_services.capture import merging, opening, twr
from tickwork_services.components.venue_twin import replica
from tickwork_services.record import frame
from tickwork_services.venues import venue

SNAPSHOTS_MAX: Final = 4096
"""Recorded snapshots that are kept; later ones are not answered with."""


@dataclasses.dataclass(slots=True)
class Holding:
    """What the capture holds of one instrument; exponents are those of its finest digits."""

    price_exponent: int = 0
    quantity_exponent: int = 0
    first: int | None = None
    last: int = 0
    messages: int = 0
    channels: set[str] = dataclasses.field(default_factory=set)
    streams: set[str] = dataclasses.field(default_factory=set)
    snapshots: list[bytes] = dataclasses.field(default_factory=list)

    def take(self, told: venue.Told) -> None:
        """Takes one message."""
        self.messages += told.channel != "snapshot"
        self.channels.add(told.channel)
        if told.stream is not None:
            self.streams.add(told.stream)
        if told.channel == "depth":
            self.first = told.first if self.first is None else self.first
            self.last = max(self.last, told.last)
        for levels in (told.bids, told.asks):
            for price, quantity in levels:
                self.price_exponent = min(self.price_exponent, replica.exponent_of(price))
                self.quantity_exponent = min(self.quantity_exponent, replica.exponent_of(quantity))


@dataclasses.dataclass(slots=True)
class Shelf:
    """One capture, looked through: instruments by symbol, how many messages, over which time."""

    holdings: dict[str, Holding]
    information: bytes | None = None
    listings: Mapping[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    messages: int = 0
    first_unix_ns: int | None = None
    last_unix_ns: int | None = None
    unreadable: int = 0

    @property
    def span_ns(self) -> int:
        """The time from the first message to the last; 0 where the capture has no stamps."""
        if self.first_unix_ns is None or self.last_unix_ns is None:
            return 0
        return self.last_unix_ns - self.first_unix_ns


def stream_of(capture: opening.Capture) -> Iterator[twr.Entry]:
    """Yields what a pipeline would be told: lines merged where the capture has lines."""
    if capture.head is None:
        return capture.entries()
    return merging.merge(capture.head, capture.entries())


def look_through(path: pathlib.Path, server: venue.Server) -> Shelf:
    """Reads the capture in ``path`` to its end; raises CaptureError."""
    capture = opening.open_capture(path)
    if capture.head is not None and capture.head.venue != server.name:
        raise errors.CaptureError(
            f"Reading {path}: it was recorded from {capture.head.venue}, not from {server.name}.",
            f"Replay it as {capture.head.venue}.",
        )
    shelf = Shelf({})
    homeless: list[venue.Told] = []
    for entry in stream_of(capture):
        if entry.kind not in (frame.TEXT, frame.REST):
            continue
        _take(shelf, homeless, entry, server)
    for told in homeless:
        _house(shelf, told)
    for symbol, (price_exponent, quantity_exponent) in shelf.listings.items():
        if (holding := shelf.holdings.get(symbol)) is not None:
            holding.price_exponent = min(holding.price_exponent, price_exponent)
            holding.quantity_exponent = min(holding.quantity_exponent, quantity_exponent)
    shelf.unreadable = capture.unreadable
    if not any("depth" in each.channels for each in shelf.holdings.values()):
        raise errors.CaptureError(
            f"Reading {path}: it holds no diff of {server.name}.",
            "Give a capture of its depth stream, and name the venue it is from.",
        )
    return shelf


def read_snapshots(holding: Holding, server: venue.Server) -> list[venue.Told]:
    """Returns the recorded snapshots of one instrument, read."""
    found = (server.read_told(zlib.decompress(packed)) for packed in holding.snapshots)
    return [told for told in found if told is not None]


def _take(shelf: Shelf, homeless: list[venue.Told], entry: twr.Entry, server: venue.Server) -> None:
    told = server.read_told(entry.payload)
    if told is None and entry.kind == frame.REST:
        if listings := server.read_listings(entry.payload):
            shelf.information, shelf.listings = entry.payload, listings
        return
    is_message = told is None or told.channel != "snapshot"
    if is_message:
        shelf.messages += 1
        stamp = entry.received_unix_ns
        shelf.first_unix_ns = stamp if shelf.first_unix_ns is None else shelf.first_unix_ns
        shelf.last_unix_ns = stamp if stamp is not None else shelf.last_unix_ns
    if told is None:
        return
    symbol = told.symbol or entry.symbol
    if symbol is None:
        homeless.append(told)
        return
    holding = shelf.holdings.setdefault(symbol, Holding())
    holding.take(told)
    if not is_message and len(holding.snapshots) < SNAPSHOTS_MAX:
        holding.snapshots.append(zlib.compress(told.payload, 1))


def _house(shelf: Shelf, told: venue.Told) -> None:
    """Gives a snapshot without a symbol to the only instrument, or the one that has its id."""
    found = [
        each
        for each in shelf.holdings.values()
        if each.first is not None and each.first <= told.last + 1 and told.last <= each.last
    ]
    if len(shelf.holdings) == 1:
        found = list(shelf.holdings.values())
    if len(found) == 1 and len(found[0].snapshots) < SNAPSHOTS_MAX:
        found[0].take(told)
        found[0].snapshots.append(zlib.compress(told.payload, 1))
