"""What each fault does to the wire: messages spoiled, held or doubled, lines stalled or torn."""

import heapq
import itertools
from collections.abc import Callable

from tickwork_services.components.venue_twin import exchange, faults, frames, line, market

CLOSE_AWAY = line.CLOSE_AWAY
HELD_MAX = 100_000
"""Messages held back by delays and reorderings at the same time; further ones go at once."""

Listener = tuple[line.Line, exchange.Wrapping]


class Strikes:
    """Applies the faults of one stretch to the lines of one exchange."""

    def __init__(
        self, schedule: faults.Schedule, venue: exchange.Exchange, oversized_bytes: int
    ) -> None:
        self._schedule = schedule
        self._exchange = venue
        self._oversized_bytes = oversized_bytes
        self._order = itertools.count()
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._caught: dict[int, list[tuple[line.Line, bytes]]] = {}

    def concerns(self, message: market.Message) -> bool:
        """Says whether a fault waits for this message."""
        return message.channel == "depth" and message.instrument in self._schedule.on_messages

    def publish(
        self, message: market.Message, groups: exchange.Groups, payload: bytes, unix_ns: int
    ) -> None:
        """Puts a diff on all lines, spoiled on those that the fault concerns."""
        injection = self._schedule.take_message_fault(message.instrument)
        if injection is None:
            self._exchange.publish(groups, payload)
            return
        listeners = sorted(
            ((each, wrapping) for wrapping, lines in groups.items() for each in lines),
            key=lambda listener: listener[0].id,
        )
        struck = 1 if injection.fault.lines == "one" else len(listeners)
        injection.note(unix_ns, struck, message.last)
        for listener in listeners[:struck]:
            self._spoil(injection, listener, payload)
        for each, wrapping in listeners[struck:]:
            self._exchange.publish({wrapping: [each]}, payload)
        if injection.fault.kind == "reorder" and injection.left == 0:
            self._release(injection)

    def strike(self, injection: faults.Injection, now_ns: int, unix_ns: int) -> None:
        """Applies a fault on lines, at once."""
        fault = injection.fault
        lines = self._exchange.lines
        lines = lines[:1] if fault.lines == "one" else lines
        injection.note(unix_ns, len(lines))
        duration_ns = fault.duration_ms * 1_000_000
        for each in lines:
            if fault.kind == "stall":
                each.stall(now_ns + duration_ns)
            elif fault.kind == "disconnect" and fault.mid_frame:
                each.tear_next = True
            elif fault.kind == "disconnect":
                each.drop()
            else:
                self._announce(each, now_ns + duration_ns, unix_ns // 1_000_000)

    def release_due(self, now_ns: int) -> None:
        """Does what was put off until now."""
        while self._later and self._later[0][0] <= now_ns:
            heapq.heappop(self._later)[2]()

    def finish(self) -> None:
        """Lets go of everything that is still held: a stretch ends."""
        for number in list(self._caught):
            self._let_go(number)
        while self._later:
            heapq.heappop(self._later)[2]()

    def _announce(self, to: line.Line, close_ns: int, unix_ms: int) -> None:
        server = self._exchange.server
        notice = server.shutdown(unix_ms)
        if to.combined:
            before, after = server.wrapping(server.shutdown_stream())
            notice = before + notice + after
        to.send(notice)
        self._put_off(close_ns, lambda: to.close(CLOSE_AWAY, "The server is shutting down"))

    def _spoil(self, injection: faults.Injection, listener: Listener, payload: bytes) -> None:
        to, (before, after) = listener
        whole = before + payload + after
        kind = injection.fault.kind
        if kind == "duplicate":
            for _ in range(2):
                self._put(to, whole)
        elif kind == "splitFrames":
            self._exchange.put(to, whole, frames.encode_fragments(whole))
        elif kind == "malformed":
            self._put(to, whole[: len(whole) * 2 // 3])
        elif kind == "oversized":
            filler = b"x" * max(0, self._oversized_bytes - len(whole))
            self._put(to, before + payload[:-1] + b',"filler":"' + filler + b'"}' + after)
        elif kind == "delay":
            due_ns = self._exchange.now_ns() + injection.fault.duration_ms * 1_000_000
            self._put_off(due_ns, lambda: self._put(to, whole))
        elif kind == "reorder":
            self._caught.setdefault(id(injection), []).append((to, whole))

    def _put(self, to: line.Line, whole: bytes) -> None:
        self._exchange.put(to, whole, frames.encode(whole))

    def _release(self, injection: faults.Injection) -> None:
        self._let_go(id(injection))

    def _let_go(self, number: int) -> None:
        """Sends the messages that a reordering caught, the newest first."""
        for to, whole in reversed(self._caught.pop(number, [])):
            self._put(to, whole)

    def _put_off(self, due_ns: int, act: Callable[[], None]) -> None:
        if len(self._later) >= HELD_MAX:
            act()
            return
        heapq.heappush(self._later, (due_ns, next(self._order), act))
