"""The schedule of faults: which is due, on which messages, and what was really injected.

A fault on messages counts diffs of its instrument from the first one that is due at or after its
instant and has a listener. Faults spoil the wire, never the truth.
"""

import dataclasses
from collections.abc import Sequence

from tickwork.unit.settings import venue_twin

ON_MESSAGES = frozenset(
    {"drop", "duplicate", "delay", "reorder", "splitFrames", "malformed", "oversized"}
)
ON_LINES = frozenset({"stall", "disconnect", "serverShutdown"})
ON_REST = frozenset({"slowSnapshot", "staleSnapshot", "rateLimit"})
LATE_NS = 250_000_000
UPDATE_IDS_KEPT_MAX = 1000
"""Update ids listed per fault; more are counted only."""


@dataclasses.dataclass(slots=True)
class Injection:
    """One fault of the schedule and what became of it; ``left`` counts what is still to come."""

    fault: venue_twin.Fault
    left: int
    unix_ns: int = 0
    lines: int = 0
    events: int = 0
    update_ids: list[int] = dataclasses.field(default_factory=list)

    def note(self, unix_ns: int, lines: int, update_id: int | None = None) -> None:
        """Notes that it took effect once, on ``lines`` connections."""
        self.unix_ns = self.unix_ns or unix_ns
        self.lines = max(self.lines, lines)
        self.events += 1
        self.left -= 1
        if update_id is not None and len(self.update_ids) < UPDATE_IDS_KEPT_MAX:
            self.update_ids.append(update_id)

    def fact(self) -> dict[str, object]:
        """Returns what ``facts.faults`` lists; ``injectedUnixNs`` is None where it never struck."""
        return {
            "kind": self.fault.kind,
            "instrument": self.fault.instrument,
            "atSeconds": self.fault.at_seconds,
            "injectedUnixNs": self.unix_ns or None,
            "events": self.events,
            "lines": self.lines,
            "updateIds": list(self.update_ids),
        }


class Schedule:
    """The faults of one stretch, in order of their instants."""

    def __init__(self, faults: Sequence[venue_twin.Fault], instruments: Sequence[str]) -> None:
        ordered = sorted(faults, key=lambda fault: fault.at_seconds)
        self.injections = [Injection(fault, _length(fault)) for fault in ordered]
        self.on_messages: dict[int, list[Injection]] = {}
        self.on_rest: list[Injection] = []
        self._instruments = list(instruments)
        self._next = 0

    @property
    def next_ns(self) -> int | None:
        """When the next fault is due, after the start of the stretch; None after the last."""
        if self._next >= len(self.injections):
            return None
        return int(self.injections[self._next].fault.at_seconds * 1_000_000_000)

    def strikes(self, elapsed_ns: int, *, caught_up: bool) -> bool:
        """Says whether the next fault strikes now.

        It strikes between the messages that its instant parts (``caught_up``: those before it are
        sent), so that a seed gives the same run. Where messages fall behind by more than
        ``LATE_NS``, it keeps the time that the manifest gave it.
        """
        due_ns = self.next_ns
        return due_ns is not None and (
            (caught_up and due_ns <= elapsed_ns) or elapsed_ns - due_ns > LATE_NS
        )

    def advance(self, elapsed_ns: int) -> list[Injection]:
        """Arms what is due; returns the faults on lines, which strike at once."""
        at_once = []
        while (due_ns := self.next_ns) is not None and due_ns <= elapsed_ns:
            injection = self.injections[self._next]
            self._next += 1
            if injection.fault.kind in ON_MESSAGES:
                for index in self._indices(injection.fault.instrument):
                    self.on_messages.setdefault(index, []).append(injection)
            elif injection.fault.kind in ON_REST:
                self.on_rest.append(injection)
            else:
                at_once.append(injection)
        return at_once

    def take_message_fault(self, instrument: int) -> Injection | None:
        """Returns the fault that strikes the next diff of ``instrument``; spent ones go."""
        waiting = self.on_messages.get(instrument)
        while waiting:
            if waiting[0].left > 0:
                return waiting[0]
            waiting.pop(0)
        self.on_messages.pop(instrument, None)
        return None

    def take_rest_fault(self, kinds: Sequence[str], symbol: str | None) -> Injection | None:
        """Returns the oldest armed REST fault of ``kinds`` that concerns ``symbol``.

        A rate limit concerns an address, whatever it asks for.
        """
        self.on_rest = [injection for injection in self.on_rest if injection.left > 0]
        for injection in self.on_rest:
            fault = injection.fault
            concerned = fault.kind == "rateLimit" or fault.instrument in (None, symbol)
            if fault.kind in kinds and concerned:
                return injection
        return None

    def counters(self) -> dict[str, int]:
        """Returns how many faults struck, and how many messages, lines or answers they hit."""
        struck = [injection for injection in self.injections if injection.events]
        return {
            "injectedFaults": len(struck),
            "injectedEvents": sum(injection.events for injection in struck),
        }

    def _indices(self, instrument: str | None) -> list[int]:
        if instrument is None:
            return list(range(len(self._instruments)))
        return [self._instruments.index(instrument)] if instrument in self._instruments else []


def _length(fault: venue_twin.Fault) -> int:
    """Returns how often a fault strikes; to reorder takes two messages at least."""
    if fault.kind in ON_LINES:
        return 1
    return max(2, fault.count) if fault.kind == "reorder" else fault.count
