"""One line: a share of a venue's streams, kept connected, renewed before it goes.

A line is up as long as one of its connections is live. Its replacement is up and subscribed
before the first goes. Time is passed in. Never here: sockets, selecting, records.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

from tickwork_services.components.forwarder import backoff, connection, ledger, resolver

HEALTHY_AFTER_NS = 5_000_000_000
"""A connection that lived this long was a good one: the next wait is short again."""

RENEWAL_SPACING_NS = 500_000_000
"""A server that announces its end on every new connection is not asked anew before this is over."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to connect: which one, in which slot, to one of which addresses."""

    number: int
    slot: int
    found: "resolver.Lookup"
    now_ns: int


Connect = Callable[[Attempt], connection.Connection]
"""Makes a connection; raises OSError."""


class Events(Protocol):
    """What a line tells the loop that owns it."""

    def ended(self, ended: connection.Connection) -> None:
        """A connection has ended, opened or not."""

    def unreachable(self, line: "Line", reason: str) -> None:
        """Not even an attempt could be made: the name is unknown, no route."""

    def up(self, line: "Line", now_live: connection.Connection) -> None:
        """A connection is live, the first or a replacement."""

    def failed(self, line: "Line", reason: str, wait_ns: int) -> None:
        """An attempt failed or a connection was lost; the next comes after ``wait_ns``."""


@dataclasses.dataclass(slots=True)
class Counts:
    """What a line did; cumulative over all blocks."""

    attempts: int = 0
    connects: int = 0
    reconnects: int = 0
    failures: int = 0
    renewals: int = 0
    attempts_delayed: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """Which line this is: its name, its share of the streams, and its numbers in the records.

    A line has two numbers, so that a connection and its replacement are two sources to whoever
    merges them: neither's messages are late copies only because the other is ahead.
    """

    slots: tuple[int, int]
    name: str
    streams: tuple[str, ...]


class Line:
    """Keeps one share of the streams connected; ``tick`` is called often, and after any end."""

    def __init__(
        self,
        identity: Identity,
        connect: Connect,
        look_up: Callable[[], "resolver.Lookup"],
        events: Events,
        *,
        wait: backoff.Backoff,
        attempts: ledger.WindowLedger,
        life_ns: int,
        counts: Counts,
    ) -> None:
        self.identity = identity
        self.counts = counts
        self._connect = connect
        self._look_up = look_up
        self._events = events
        self._backoff = wait
        self._attempts = attempts
        self._life_ns = life_ns
        self._lookup: resolver.Lookup | None = None
        self._next_ns = 0
        self._leaving = False
        self._connected_before = False
        self._current: connection.Connection | None = None
        self._coming: connection.Connection | None = None
        self._going: list[connection.Connection] = []

    def connections(self) -> Sequence[connection.Connection]:
        """Returns all connections that have not ended, the current one first."""
        some = (self._current, self._coming, *self._going)
        return [each for each in some if each is not None]

    @property
    def live(self) -> bool:
        """True while data may be expected from this line."""
        current = self._current
        return current is not None and current.stage is connection.Stage.LIVE

    def tick(self, now_ns: int) -> None:
        """Lets every connection look at the time, then makes what is missing."""
        for each in self.connections():
            each.tick(now_ns)
        self._reap(now_ns)
        if self._leaving:
            return
        self._promote(now_ns)
        if self._coming is None and (self._current is None or self._must_renew(now_ns)):
            self._attempt(now_ns)

    def leave(self, now_ns: int) -> None:
        """Closes every connection by handshake; nothing is connected any more."""
        self._leaving = True
        for each in self.connections():
            each.say_goodbye(now_ns)
        self._reap(now_ns)

    def drop(self, reason: str) -> None:
        """Ends every connection at once."""
        self._leaving = True
        for each in self.connections():
            each.drop(reason)
        self._reap(0)

    def _must_renew(self, now_ns: int) -> bool:
        current = self._current
        return current is not None and (
            current.leaving or now_ns - current.began_ns > self._life_ns
        )

    def _promote(self, now_ns: int) -> None:
        coming = self._coming
        if coming is None or coming.stage is not connection.Stage.LIVE:
            return
        if self._current is not None:
            self.counts.renewals += 1
            self._current.say_goodbye(now_ns)
            self._going.append(self._current)
        self._current, self._coming = coming, None
        self.counts.connects += 1
        self.counts.reconnects += self._connected_before
        self._connected_before = True
        self._next_ns = now_ns + RENEWAL_SPACING_NS
        self._events.up(self, coming)

    def _reap(self, now_ns: int) -> None:
        for each in self.connections():
            if each.stage is connection.Stage.ENDED:
                self._forget(each, now_ns)

    def _forget(self, ended: connection.Connection, now_ns: int) -> None:
        expected = ended in self._going or self._leaving
        if ended is self._current:
            self._current = None
        elif ended is self._coming:
            self._coming = None
        else:
            self._going.remove(ended)
        self._events.ended(ended)
        if not expected:
            since_ns = ended.live_since_ns
            if since_ns is not None and now_ns - since_ns > HEALTHY_AFTER_NS:
                self._backoff.reset()
            self._fail(ended.reason, now_ns, ended.wait_ns)

    def _fail(self, reason: str, now_ns: int, asked_ns: int = 0) -> None:
        self.counts.failures += 1
        wait_ns = max(self._backoff.next_ns(), asked_ns)
        self._next_ns = max(self._next_ns, now_ns + wait_ns)
        self._events.failed(self, reason, wait_ns)

    def _attempt(self, now_ns: int) -> None:
        if self._lookup is None:
            if now_ns < self._next_ns:
                return
            if wait_ns := self._attempts.wait_ns(now_ns):
                self.counts.attempts_delayed += 1
                self._next_ns = now_ns + wait_ns
                return
            self._attempts.spend(now_ns)
            self.counts.attempts += 1
            self._lookup = self._look_up()
        if not self._lookup.done():
            return
        lookup, self._lookup = self._lookup, None
        try:
            attempt = Attempt(self.counts.attempts, self._slot(), lookup, now_ns)
            self._coming = self._connect(attempt)
        except OSError as error:
            self._events.unreachable(self, str(error))
            self._fail(str(error), now_ns)

    def _slot(self) -> int:
        taken = {each.line for each in self.connections()}
        first, second = self.identity.slots
        return second if first in taken and second not in taken else first
