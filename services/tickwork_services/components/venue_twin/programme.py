"""What a twin plays: the seeded market or a recording, each with the desk that answers for it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tickwork.unit.settings import venue_twin as settings_of
from tickwork_services import clocks
from tickwork_services.components.venue_twin import desk, exchange, faults, market, rest, session
from tickwork_services.venues import venue


class Source(Protocol):
    """Messages with the instants at which they are due; goes on from stretch to stretch."""

    @property
    def rate(self) -> int:
        """Messages a second, where there is a rate."""

    @property
    def rendered(self) -> int:
        """How many messages lie ready."""

    @property
    def counts(self) -> Mapping[str, int]:
        """What the source counts, cumulative."""

    def load(self) -> None:
        """Prepares in any thread; raises CaptureError."""

    def rewind(self) -> None:
        """A stretch starts."""

    def render(self, messages: int) -> None:
        """Renders until ``messages`` lie ready."""

    def next(self) -> market.Message:
        """Returns the next message."""

    def due_count(self, elapsed_ns: int) -> int:
        """Returns how many messages are due ``elapsed_ns`` after the start of a stretch."""

    def due_ns(self, number: int) -> int:
        """Returns when message ``number`` (from 0) of a stretch is due, after its start."""

    def count_before(self, elapsed_ns: int) -> int:
        """Returns how many messages of a stretch are due before ``elapsed_ns``."""

    def facts(self) -> Mapping[str, Any]:
        """Returns what the twin's facts say of the source."""


class Desk(rest.Counter, Protocol):
    """Answers REST; writes the truth of what it answered."""

    counts: dict[str, int]

    def begin(
        self,
        schedule: faults.Schedule,
        write_truth: Callable[[bytes], None],
        unix_map: clocks.UnixMap,
    ) -> None:
        """A stretch starts."""

    def end(self) -> None:
        """Ends the stretch: no more truth is written."""

    def note(self, message: market.Message) -> None:
        """Follows what goes out."""


def make(
    settings: settings_of.VenueTwinSettings,
    server: venue.Server,
    venue_exchange: exchange.Exchange,
    now_ns: Callable[[], int],
) -> tuple[Source, Desk]:
    """Returns what ``settings`` ask for."""
    if settings.replay is None:
        source = session.Session(settings, server)
        return source, desk.Desk(settings, server, source, now_ns)
    # Captures load the native wing and the decompressor; a twin that replays nothing has neither.
    from tickwork_services.components.venue_twin import playback, replay_desk  # noqa: PLC0415

    replayed = playback.Playback(settings, settings.replay, server, venue_exchange)
    return replayed, replay_desk.ReplayDesk(settings, server, replayed, now_ns)
