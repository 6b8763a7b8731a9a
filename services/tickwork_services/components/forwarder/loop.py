"""The socket loop: one thread that reads all lines and never stops reading.

Each turn is bounded: one read a ready connection, a bounded number of requests and answers. What
the outlet cannot take is dropped there in whole frames and counted; reading goes on.
"""

import collections
import os
import select
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tickwork_services import clocks
from tickwork_services.components.forwarder import connection, line, requests, rest
from tickwork_services.host import component
from tickwork_services.link import link
from tickwork_services.record import layout

TICK_NS = 1_000_000
IDLE_SECONDS = 0.005
"""An inlet of a pipe has no descriptor to wait on, so an idle turn ends after this."""
PAUSE_NS = 250_000_000
"""A turn that comes later than this was kept waiting: the process was stopped, the core taken."""
ANSWERS_MAX = 1024
CLOSE_NS = 1_000_000_000

KIND_REST = 2
KIND_OPENED = 3
KIND_CLOSED = 4
KIND_ERROR = 5


class FrameOutlet(Protocol):
    """The native outlet of frames: numbers them, merges lines, drops whole frames when full."""

    @property
    def on_frame(self) -> Callable[..., int]:
        """The function that takes one frame and says what became of it.

        Its arguments: line, connection, kind, kernel_ns, received_ns, payload, and for answers
        of REST requested_ns, correlation, instrument.
        """

    def tick(self, now_ns: int) -> Any:
        """Lets go what was held long enough."""

    def reset(self) -> Any:
        """Ends a Block: what is held goes out, update ids start anew."""

    def counters(self) -> dict[str, int]:
        """Returns frames, dropped, duplicates, held and what else it counts."""

    def line_statistics(self) -> list[dict[str, Any]]:
        """Returns per slot: wins, duplicates, dropped, lead (a histogram)."""


class SocketLoop:
    """Owns the lines of one block, from ``start`` to ``stop``; one thread.

    ``failure`` holds what ended the loop before its time.
    """

    def __init__(
        self,
        outlet: FrameOutlet,
        inlet: link.Inlet | None,
        log: component.Logger,
        fail: component.Fail,
    ) -> None:
        self.failure: BaseException | None = None
        self.turns = 0
        self.answers_dropped = 0
        self._outlet = outlet
        self.on_message = outlet.on_frame
        self._inlet = inlet
        self._log = log
        self._fail = fail
        self._lines: Sequence[line.Line] = ()
        self._ask: Any = None
        self._answers: collections.deque[rest.Answer] = collections.deque()
        self._waking = threading.Lock()
        self._closed = False
        self._epoll = select.epoll()
        self._watched: dict[int, tuple[connection.Connection, int]] = {}
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._waker, select.EPOLLIN)
        self._leaving = threading.Event()
        self._deadline_ns = 0
        self._start_ns = 0
        self._ticked_ns = 0
        self._turned_ns = 0
        self.pauses = 0
        self._thread = threading.Thread(target=self._run, name="sockets", daemon=True)

    def start(self, lines: Sequence[line.Line], ask: Any, start_ns: int) -> None:
        """Begins at ``start_ns``; ``ask(SnapshotRequest)`` is called for what a book wants."""
        self._lines = lines
        self._ask = ask
        self._start_ns = start_ns
        self._thread.start()

    def stop(self, drain_ns: int) -> None:
        """Closes all lines by handshake within ``drain_ns`` (at most a second), ends the thread."""
        self._deadline_ns = clocks.now_mono_ns() + min(drain_ns, CLOSE_NS)
        self._leaving.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join((min(drain_ns, CLOSE_NS) + CLOSE_NS) / 1e9)
        with self._waking:
            self._closed = True
            self._epoll.close()
            os.close(self._waker)

    def deliver(self, answer: rest.Answer) -> None:
        """Takes a REST answer from another thread; it goes out in the next turn."""
        if len(self._answers) >= ANSWERS_MAX:
            self.answers_dropped += 1
            return
        self._answers.append(answer)
        self._wake()

    def opened(self, of: connection.Connection) -> None:
        """Announces a connection, before its first message."""
        self._event(of, KIND_OPENED, b"")

    def ended(self, ended: connection.Connection) -> None:
        """Announces the end of a connection, or that it never came up."""
        self._unwatch(ended)
        kind = KIND_CLOSED if ended.opened else KIND_ERROR
        self._event(ended, kind, ended.reason.encode())

    def unreachable(self, of: line.Line, reason: str) -> None:
        """Announces that not even an attempt could be made."""
        now_ns = clocks.now_mono_ns()
        self._outlet.on_frame(
            of.identity.slots[0], 0, KIND_ERROR, layout.ABSENT, now_ns, reason.encode()
        )

    def up(self, of: line.Line, now_live: connection.Connection) -> None:
        """Logs that a line has a live connection."""
        self._log.info(
            "venue line up",
            line=of.identity.name,
            attempt=of.counts.attempts,
            connection=now_live.id,
            streams=len(of.identity.streams),
        )

    def failed(self, of: line.Line, reason: str, wait_ns: int) -> None:
        """Logs one failed attempt or lost connection."""
        self._log.warning(
            "venue line lost",
            line=of.identity.name,
            attempt=of.counts.attempts,
            reason=reason,
            retry_ms=wait_ns // 1_000_000,
        )

    @property
    def lines_live(self) -> int:
        """Returns how many lines are live."""
        return sum(each.live for each in self._lines)

    def _run(self) -> None:
        try:
            self._leaving.wait(max(0, self._start_ns - clocks.now_mono_ns()) / 1e9)
            while self._turn():
                pass
            self._outlet.reset()
        except BaseException as error:  # noqa: BLE001  # the host is told and fails the unit
            self.failure = error
            self._log.error("socket loop failed", error=repr(error))
            self._abandon()
            self._fail(error)

    def _abandon(self) -> None:
        """Drops all connections, though the outlet may refuse to hear of it."""
        for each in self._lines:
            try:
                each.drop("the loop failed")
            except Exception as error:  # noqa: BLE001  # the first failure is the one that counts
                self._log.error("socket loop failed again", error=repr(error))

    def _turn(self) -> bool:
        """Does one bounded round; False when everything has been closed."""
        ready = self._epoll.poll(IDLE_SECONDS)
        now_ns = clocks.now_mono_ns()
        self._pardon(now_ns)
        for descriptor, _ in ready:
            self._work(descriptor, now_ns)
        if self._answers:
            self._pass_answers()
        self.turns += 1
        if self._leaving.is_set():
            return self._leave(now_ns)
        if now_ns - self._ticked_ns >= TICK_NS:
            self._tick(now_ns)
        return True

    def _pardon(self, now_ns: int) -> None:
        """What waits in a socket after a pause of our own is read before a stall is judged."""
        pause_ns = now_ns - self._turned_ns
        if self._turned_ns and pause_ns > PAUSE_NS:
            self.pauses += 1
            for each in self._lines:
                for one in each.connections():
                    one.pardon(pause_ns)
        self._turned_ns = now_ns

    def _work(self, descriptor: int, now_ns: int) -> None:
        if descriptor == self._waker:
            os.eventfd_read(self._waker)
            return
        watched = self._watched.get(descriptor)
        if watched is not None:
            of = watched[0]
            of.work(now_ns)
            if of.stage is connection.Stage.ENDED:
                self._ticked_ns = 0
            else:
                self._watch(of)

    def _tick(self, now_ns: int) -> None:
        self._ticked_ns = now_ns
        self._pass_requests()
        for each in self._lines:
            each.tick(now_ns)
            for one in each.connections():
                self._watch(one)
        self._outlet.tick(now_ns)

    def _watch(self, of: connection.Connection) -> None:
        if of.stage is connection.Stage.ENDED:
            return
        descriptor, interest = of.fileno(), of.interest()
        watched = self._watched.get(descriptor)
        if watched is None or watched[0] is not of:
            self._epoll.register(descriptor, interest)
        elif watched[1] != interest:
            self._epoll.modify(descriptor, interest)
        else:
            return
        self._watched[descriptor] = (of, interest)

    def _unwatch(self, ended: connection.Connection) -> None:
        # Its socket is closed, so the kernel has forgotten it; the number may be in use again.
        gone = [number for number, (of, _) in self._watched.items() if of is ended]
        for number in gone:
            del self._watched[number]

    def _pass_requests(self) -> None:
        if self._inlet is None:
            return
        batch = self._inlet.read(0)
        if not batch.records:
            return
        for each in requests.read(batch.data):
            self._ask(each)

    def _pass_answers(self) -> None:
        for _ in range(len(self._answers)):
            each = self._answers.popleft()
            self._outlet.on_frame(
                0,
                0,
                KIND_ERROR if each.failed else KIND_REST,
                layout.ABSENT,
                each.received_ns,
                each.payload,
                each.requested_ns,
                each.correlation,
                each.instrument,
            )

    def _event(self, of: connection.Connection, kind: int, payload: bytes) -> None:
        now_ns = clocks.now_mono_ns()
        self._outlet.on_frame(of.line, of.id, kind, layout.ABSENT, now_ns, payload)

    def _leave(self, now_ns: int) -> bool:
        """Goes on closing; False once nothing is connected or the time is over."""
        for each in self._lines:
            each.leave(now_ns)
        if now_ns > self._deadline_ns:
            for each in self._lines:
                each.drop("the venue did not answer the closing handshake in time")
        for each in self._lines:
            for one in each.connections():
                self._watch(one)
        return any(each.connections() for each in self._lines)

    def _wake(self) -> None:
        # A thread that outlived its time must not write to a descriptor that is somebody else's.
        with self._waking:
            if not self._closed:
                os.eventfd_write(self._waker, 1)
