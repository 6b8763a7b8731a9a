"""What a capture holds, for whoever wants to play it: venue, instruments, channels, how long.

Here: the words of an Experiment for what lies in the file. Never here: playing it (the venue
twin), printing it (the command line).
"""

import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Final

from tickwork import errors
from tickwork_services import venues
from tickwork_services.capture import opening
from tickwork_services.components.venue_twin import shelf
from tickwork_services.venues import venue

INTERVALS_MS: Final = (0, 100, 250, 500, 1000)
CHANNELS: Final = ("depth", "bookTicker", "trade", "aggTrade")


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """One capture; ``span_ns`` is 0 where it has no stamps.

    ``is_whole`` is False for a recording that its manifest does not call complete.
    """

    venue: str
    instruments: tuple[str, ...]
    channels: tuple[str, ...]
    depth_interval_ms: int
    messages: int
    span_ns: int
    is_whole: bool


def survey(path: pathlib.Path, venue_name: str | None = None) -> Survey:
    """Reads the capture in ``path`` to its end; ``venue_name`` for captures that do not say it.

    Raises CaptureError for what cannot be read, InputError where the venue is not known.
    """
    capture = opening.open_capture(path)
    known = capture.head.venue if capture.head is not None else venue_name
    if known is None:
        raise errors.InputError(
            f"Reading {path}: it does not say from which venue it is.",
            f"Name it: --venue {' or --venue '.join(sorted(venues.SERVERS))}",
        )
    server, client = _find(path, known)
    held = shelf.look_through(path, server)
    played = {name: each for name, each in held.holdings.items() if "depth" in each.channels}
    order = capture.head.instruments if capture.head is not None else sorted(played)
    heard = {channel for each in played.values() for channel in each.channels}
    streams = [stream for each in played.values() for stream in each.streams]
    return Survey(
        venue=known,
        instruments=tuple(symbol for symbol in order if symbol in played),
        channels=tuple(channel for channel in CHANNELS if channel in heard),
        depth_interval_ms=_interval_ms(client, streams),
        messages=held.messages,
        span_ns=held.span_ns,
        is_whole=capture.is_whole,
    )


def _find(path: pathlib.Path, name: str) -> tuple[venue.Server, venue.Client]:
    """Returns both sides of the venue ``name``; raises InputError for an unknown one."""
    for known, server in venues.SERVERS.items():
        if known == name:
            return server, venues.CLIENTS[known]
    raise errors.InputError(
        f"Reading {path}: there is no venue {name!r}.",
        f"Known are: {', '.join(sorted(venues.SERVERS))}.",
    )


def _interval_ms(client: venue.Client, streams: Iterable[str]) -> int:
    """Returns the interval whose stream names were recorded, else one that the venue offers."""
    recorded = {stream.partition("@")[2] for stream in streams}
    offered = []
    for interval_ms in INTERVALS_MS:
        try:
            [name] = client.streams("X", ("depth",), interval_ms)
        except errors.InputError:
            continue
        offered.append(interval_ms)
        if name.partition("@")[2] in recorded:
            return interval_ms
    return offered[0]
