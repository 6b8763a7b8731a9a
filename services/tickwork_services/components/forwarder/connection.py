"""One connection of a line: a byte stream, a WebSocket session on it, and its subscriptions.

Time is passed in. Never here: when to come back, which other connections there are.
"""

import dataclasses
import enum
from collections.abc import Callable

from tickwork_services.components.forwarder import channel, session, subscription, unparsed
from tickwork_services.venues import venue

ANSWER_BYTES_MAX = 512

Deliver = Callable[[int, int, int, int, int, bytes | bytearray], int]
"""Takes (line, connection, kind, kernel_ns, received_ns, payload) of one message."""


OnOpen = Callable[["Connection"], None]


class Stage(enum.Enum):
    """How far a connection has come."""

    OPENING = "opening"
    SUBSCRIBING = "subscribing"
    LIVE = "live"
    CLOSING = "closing"
    ENDED = "ended"


@dataclasses.dataclass(slots=True)
class Counts:
    """What all connections of one line have seen; cumulative."""

    bytes: int = 0
    reads: int = 0
    messages: int = 0
    pings: int = 0
    fragmented: int = 0
    stalls: int = 0
    shutdowns: int = 0
    refusals: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one connection."""

    open_ns: int
    stall_ns: int
    close_ns: int
    message_bytes_max: int


class Connection:
    """A connection from the first packet to the last; each call does what can be done at once.

    ``stage`` goes forward only, ``opened`` stays True from the handshake on. ``reason`` says in
    words why it ended; ``clean`` is True where it ended by a closing handshake that we began.
    ``leaving`` becomes True when the venue announced that it goes away; ``wait_ns`` is how long
    a venue that refused us asked to be left alone.
    """

    def __init__(
        self,
        *,
        id_: int,
        line: int,
        name: str,
        stream: channel.Channel,
        wanted: subscription.Subscription,
        side: venue.Client,
        limits: Limits,
        deliver: Deliver,
        on_open: OnOpen,
        log: unparsed.UnparsedLog,
        counts: Counts,
        now_ns: int,
    ) -> None:
        self.id = id_
        self.line = line
        self._name = name
        self.stage = Stage.OPENING
        self.reason = ""
        self.wait_ns = 0
        self.clean = False
        self.opened = False
        self.leaving = False
        self.began_ns = now_ns
        self.live_since_ns: int | None = None
        self._stream = stream
        self._subscription = wanted
        self._side = side
        self._limits = limits
        self._deliver = deliver
        self._on_open = on_open
        self._log = log
        self._counts = counts
        self._session: session.Session | None = None
        self._kernel_ns = 0
        self._received_ns = 0
        self._heard_ns = now_ns
        self._closing_since_ns = 0

    def fileno(self) -> int:
        """Returns the descriptor to wait on."""
        return self._stream.fileno()

    def interest(self) -> int:
        """Returns the epoll events to wait for."""
        return self._stream.interest()

    def work(self, now_ns: int) -> None:
        """Does what the socket allows: one read at most."""
        if self.stage is Stage.ENDED:
            return
        try:
            if self._session is None:
                self._stream.advance()
                if self._stream.step is channel.Step.READY:
                    self._open_session(now_ns)
            else:
                self._read(self._session, now_ns)
        except channel.ChannelError as error:
            self._end(str(error))
        except session.SessionError as error:
            self.wait_ns = error.wait_ns
            self._end(str(error))

    def tick(self, now_ns: int) -> None:
        """Looks at the time: opening that takes too long, stalls, requests that are due."""
        if self.stage is Stage.ENDED:
            return
        if self.stage is Stage.CLOSING:
            if now_ns - self._closing_since_ns > self._limits.close_ns:
                self._end("the venue did not answer the closing handshake")
        elif self.stage is Stage.LIVE:
            if now_ns - self._heard_ns > self._limits.stall_ns:
                self._counts.stalls += 1
                self._end(f"stalled: no bytes for {self._limits.stall_ns // 1_000_000} ms")
        elif now_ns - self.began_ns > self._limits.open_ns:
            self._end(f"not {self.stage.value[:-3]}ed within {self._limits.open_ns / 1e9:g} s")
        elif self.stage is Stage.SUBSCRIBING and self._session is not None:
            self._subscribe(self._session, now_ns)

    def pardon(self, pause_ns: int) -> None:
        """Takes ``pause_ns`` in which nobody looked out of every bound: it is our own silence."""
        if self.live_since_ns is None:
            self.began_ns += pause_ns
        self._heard_ns += pause_ns
        self._closing_since_ns += pause_ns

    def say_goodbye(self, now_ns: int) -> None:
        """Begins the closing handshake; what still arrives before its answer is delivered."""
        if self.stage in (Stage.CLOSING, Stage.ENDED):
            return
        if self._session is None or self._session.phase is not session.Phase.OPEN:
            self.clean = True
            self._end("given up while it was opened")
            return
        self.stage = Stage.CLOSING
        self._closing_since_ns = now_ns
        self._session.say_goodbye()
        self._try_send(self._session)

    def drop(self, reason: str) -> None:
        """Ends the connection at once."""
        if self.stage is not Stage.ENDED:
            self._end(reason)

    def _open_session(self, now_ns: int) -> None:
        self._session = session.Session(
            self._stream.target, self._limits.message_bytes_max, self._take, self._refuse
        )
        self._heard_ns = now_ns
        self._stream.write(self._session.take_output())

    def _read(self, of: session.Session, now_ns: int) -> None:
        self._stream.flush()
        chunk = self._stream.read()
        if chunk is None:
            return
        self._kernel_ns, self._received_ns = chunk.kernel_ns, chunk.received_ns
        self._heard_ns = chunk.received_ns
        self._counts.bytes += chunk.wire_bytes
        self._counts.reads += 1
        if len(chunk.data):
            of.receive(chunk.data)
        self._take_session_counts(of)
        if chunk.ended:
            self._finish(of)
            return
        if output := of.take_output():
            self._stream.write(output)
        if of.broken:
            self._end(of.ending)
        elif self.stage is Stage.SUBSCRIBING or (
            self.stage is Stage.OPENING and of.phase is session.Phase.OPEN
        ):
            self._note_open()
            self._subscribe(of, now_ns)
        elif of.phase is session.Phase.CLOSING and self.stage is not Stage.CLOSING:
            self._end(f"the venue closed it: {of.ending}")

    def _subscribe(self, over: session.Session, now_ns: int) -> None:
        while request := self._subscription.due(now_ns):
            over.say(self._side.subscribe_message(request.id, request.streams))
        self._try_send(over)
        self._note_complete(now_ns)

    def _note_open(self) -> None:
        if self.stage is Stage.OPENING:
            self.stage = Stage.SUBSCRIBING
            self.opened = True
            self._on_open(self)

    def _note_complete(self, now_ns: int) -> None:
        if self.stage is Stage.SUBSCRIBING and self._subscription.complete:
            self.stage = Stage.LIVE
            self.live_since_ns = now_ns

    def _take(self, kind: int, payload: bytes | bytearray) -> None:
        if self.stage is Stage.OPENING:
            self._note_open()
        if len(payload) <= ANSWER_BYTES_MAX and kind == session.TEXT:
            control = self._side.read_control(payload)
            if control is not None:
                self._take_control(control)
                return
        self._counts.messages += 1
        self._deliver(self.line, self.id, kind, self._kernel_ns, self._received_ns, payload)

    def _take_control(self, control: venue.Control) -> None:
        if control.kind == "shutdown":
            self._counts.shutdowns += 1
            self.leaving = True
        elif control.kind == "accepted":
            self._subscription.answer(control.id)
            self._note_complete(self._received_ns)
        else:
            self._counts.refusals += 1
            self._end(f"the venue refused a subscription: {control.text}")

    def _refuse(self, reason: str, head: bytes, length: int) -> None:
        self._log.add(reason, self._name, self._received_ns, head, length)

    def _take_session_counts(self, of: session.Session) -> None:
        self._counts.pings += of.counts.pings
        self._counts.fragmented += of.counts.fragmented
        of.counts.pings = of.counts.fragmented = 0

    def _finish(self, of: session.Session) -> None:
        # What the server said before the end counts as said; half a message does not.
        of.receive_end()
        self.clean = self.stage is Stage.CLOSING
        self._end(of.ending or "the connection ended")

    def _try_send(self, of: session.Session) -> None:
        try:
            self._stream.write(of.take_output())
        except channel.ChannelError as error:
            self._end(str(error))

    def _end(self, reason: str) -> None:
        self.stage = Stage.ENDED
        self.reason = reason
        self._stream.close()
