"""A recording in place of the seeded market: the same messages, by the recorded clock.

It stands where a ``Session`` stands. Nothing is played before enough lines listen, so that a
pipeline misses nothing of the beginning; from then on every message is due at its recorded
distance from the first, divided by the speed, or at once while the readers keep up.
"""

import pathlib
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from tickwork import errors
from tickwork.unit.settings import venue_twin
from tickwork_services.capture import opening, twr
from tickwork_services.components.venue_twin import exchange, market, replica, shelf
from tickwork_services.record import frame
from tickwork_services.venues import venue

AHEAD_MAX: Final = 512
"""Messages read ahead of the clock."""

WAIT_NS: Final = 5_000_000_000
"""So long a replay waits for its lines; then it begins with those that are there."""

LOOK_NS: Final = 1_000_000
"""How often the readers are looked at while nothing may be sent."""

EVERYWHERE: Final = -1
"""Stands for the instrument of a message that cannot be read: every line hears it."""


class Due(NamedTuple):
    """One message with its instant; ``told`` is what it says, where it is a diff."""

    at_ns: int
    message: market.Message
    told: venue.Told | None


class Instrument:
    """One instrument of a recording, as the desk wants it."""

    def __init__(self, index: int, listing: venue.Listing) -> None:
        self.index = index
        self.symbol = listing.symbol
        self.listing = listing
        self.tracker = replica.Tracker(index, (0, 0), "first", ())
        self.snapshots: list[venue.Told] = []


class Playback:
    """The line of messages of one recording; goes back to its beginning with each stretch."""

    def __init__(
        self,
        settings: venue_twin.VenueTwinSettings,
        replay: venue_twin.Replay,
        server: venue.Server,
        listeners: exchange.Exchange,
    ) -> None:
        self.rate = self.rendered = 0
        self._path = pathlib.Path(replay.capture)
        self._speed = None if replay.speed == "max" else float(replay.speed)
        self._lines = settings.lines
        self._unsent_bytes_max = settings.write_buffer_bytes_max // 4
        self._exchange = listeners
        self._server = server
        self._channels = frozenset(settings.channels)
        self.instruments = [
            Instrument(index, server.listing(symbol))
            for index, symbol in enumerate(settings.instruments)
        ]
        self._by_symbol = {each.symbol: each for each in self.instruments}
        self.held = shelf.Shelf({})
        self.counts = dict.fromkeys(("notAsked", "unread", "replayGaps"), 0)
        self.finished = False
        self.sent = 0
        self._begun_ns: int | None = None
        self._origin_ns = 0
        self._elapsed_ns = 0
        self._last_due_ns = 0
        self._ahead: deque[Due] = deque()
        self._entries: Iterator[twr.Entry] = iter(())

    def load(self) -> None:
        """Looks the capture through; raises CaptureError. Takes a while, in any thread."""
        self.held = shelf.look_through(self._path, self._server)
        missing = [each.symbol for each in self.instruments if each.symbol not in self._held()]
        if missing:
            raise errors.CaptureError(
                f"Replaying {self._path}: it holds no diff of {', '.join(missing)};"
                f" it holds {', '.join(sorted(self._held()))}.",
                "Name instruments that it holds.",
            )
        for each in self.instruments:
            holding = self.held.holdings[each.symbol]
            each.listing = venue.Listing(
                each.symbol, holding.price_exponent, holding.quantity_exponent, 1, 1
            )
            each.snapshots = shelf.read_snapshots(holding, self._server)

    def find(self, symbol: str) -> Instrument | None:
        """Returns the instrument of that symbol, where it is played."""
        return self._by_symbol.get(symbol)

    def rewind(self) -> None:
        """Begins anew: a stretch starts."""
        for each in self.instruments:
            self.counts["replayGaps"] += each.tracker.gaps
            exponents = (each.listing.price_exponent, each.listing.quantity_exponent)
            rule = self._server.sequence_rule
            each.tracker = replica.Tracker(each.index, exponents, rule, each.snapshots)
        self._entries = shelf.stream_of(opening.open_capture(self._path))
        self._ahead.clear()
        self._begun_ns, self.finished = None, False
        self.sent = self._elapsed_ns = self._last_due_ns = 0
        self._origin_ns = self.held.first_unix_ns or 0

    def next(self) -> market.Message:
        """Returns the next message; ``due_count`` has said that there is one."""
        self._last_due_ns, message, told = self._ahead.popleft()
        self.sent += 1
        if told is None:
            return message
        rows = self.instruments[message.instrument].tracker.take(told)
        return message._replace(truth=b"".join(rows))

    def due_count(self, elapsed_ns: int) -> int:
        """Returns how many messages are due ``elapsed_ns`` after the start of the stretch."""
        self._elapsed_ns = max(self._elapsed_ns, elapsed_ns)
        if self._begun_ns is None:
            if len(self._exchange.lines) < self._lines and elapsed_ns < WAIT_NS:
                return 0
            self._begun_ns = elapsed_ns
        if self._speed is None and self._is_behind():
            return self.sent
        self._read_ahead()
        due = 0
        for each in self._ahead:
            if each.at_ns > elapsed_ns:
                break
            due += 1
        return self.sent + due

    def due_ns(self, number: int) -> int:
        """Returns when message ``number`` of a stretch is due, after its start.

        Known are the last one that was sent and the next one.
        """
        if number < self.sent:
            return self._last_due_ns
        if self._begun_ns is None or (self._speed is None and not self.finished):
            return self._elapsed_ns + LOOK_NS
        return self._ahead[0].at_ns if self._ahead else self._elapsed_ns + WAIT_NS

    def count_before(self, elapsed_ns: int) -> int:
        """Returns how many messages of a stretch are due before ``elapsed_ns``."""
        return self.due_count(elapsed_ns - 1)

    def render(self, messages: int) -> None:
        """Nothing lies ready: a recording is read as it is played."""

    def facts(self) -> dict[str, object]:
        """Returns the capture, how much of it was sent, and whether that was all."""
        replay = {
            "capture": str(self._path),
            "speed": "max" if self._speed is None else self._speed,
            "messages": self.held.messages,
            "sent": self.sent,
            "finished": self.finished,
            "unreadableLines": self.held.unreadable,
        }
        return {"replay": replay}

    def _is_behind(self) -> bool:
        """Says whether a reader has not taken a quarter of what it may leave lying."""
        return any(each.unsent_bytes > self._unsent_bytes_max for each in self._exchange.lines)

    def _held(self) -> set[str]:
        holdings = self.held.holdings
        return {symbol for symbol, each in holdings.items() if "depth" in each.channels}

    def _read_ahead(self) -> None:
        while len(self._ahead) < AHEAD_MAX and not self.finished:
            entry = next(self._entries, None)
            if entry is None:
                self.finished = True
                return
            due = self._due(entry)
            if due is not None:
                self._ahead.append(due)

    def _due_ns(self, entry: twr.Entry) -> int:
        begun_ns = self._begun_ns or 0
        if self._speed is None or entry.received_unix_ns is None:
            return begun_ns
        return begun_ns + int((entry.received_unix_ns - self._origin_ns) / self._speed)

    def _due(self, entry: twr.Entry) -> Due | None:
        if entry.kind != frame.TEXT:
            return None
        at_ns = self._due_ns(entry)
        told = self._server.read_told(entry.payload)
        if told is None:
            self.counts["unread"] += 1
            return Due(at_ns, market.Message(EVERYWHERE, "", (entry.payload,), 0, b""), None)
        instrument = self._by_symbol.get(told.symbol)
        if instrument is None or told.channel not in self._channels:
            self.counts["notAsked"] += told.channel != "snapshot"
            return None
        parts = (told.payload,)
        message = market.Message(instrument.index, told.channel, parts, told.last, b"")
        return Due(at_ns, message, told if told.channel == "depth" else None)
