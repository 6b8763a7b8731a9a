"""The transport ``tcp``: NDJSON lines over sockets, as a pipe or a broadcast.

The outlet's thread is in ``pump``; the inlet reads in its caller's thread. A pipe gives
back-pressure by its bounded queue; what lies in the queue or in the kernel when a reader dies is
gone, counted as dropped. A broadcast cuts a client whose own queue is full.
"""

import contextlib
import select
import socket

from tickwork import errors
from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.link import link, pump, secure, sockets
from tickwork_services.record import layout, market
from tickwork_services.wire import codec, ndjson

READ_BYTES_MAX = 256 << 10
_NO_SEQUENCE = bytes(8)
_NOTHING = link.Batch(memoryview(b""), 0)


class TcpInlet(link.Inlet):
    """The reading end; connects, or listens for one writer. Reconnects with back-off for ever."""

    def __init__(self, end: units.LinkEnd, seat: link.Seat) -> None:
        self.name = end.link
        self._end = end
        self._codec = ndjson.NdjsonCodec(codec.Instruments(seat.symbols), seat.unix_offset_ns)
        self._contexts = _contexts_of(end, seat)
        self._warn = seat.warn
        self._warned = ""
        self._listener: socket.socket | None = None
        self._dialer: sockets.Dialer | None = None
        self._greeting: secure.Greeting | None = None
        self._socket: socket.socket | None = None
        self._silent = True
        self._refused = 0
        self._received = 0
        self._received_bytes = 0
        self._connections = 0
        self._deaths = 0
        self._torn = 0

    def open(self) -> None:
        """Listens where this end is the listener; raises PortTakenError."""
        if self._end.listener == "inlet":
            self._listener = sockets.listen(f"The inlet of {self.name}", self._end.address)
        else:
            self._dialer = sockets.Dialer(self._end.address, self._contexts)

    @property
    def address(self) -> str:
        """Where this end listens, with the port that the system chose for port 0."""
        if self._listener is None:
            return self._end.address
        return "{}:{}".format(*self._listener.getsockname())

    def read(self, timeout_ns: int) -> link.Batch:
        """Returns records as soon as a whole one is there, or nothing after ``timeout_ns``."""
        deadline_ns = clocks.now_mono_ns() + timeout_ns
        while True:
            left_ns = max(0, deadline_ns - clocks.now_mono_ns())
            if self._socket is None:
                self._connect(left_ns)
            if self._socket is not None:
                batch = self._receive(max(0, deadline_ns - clocks.now_mono_ns()))
                if batch.records:
                    return batch
            if clocks.now_mono_ns() >= deadline_ns:
                return _NOTHING

    def pending(self) -> int:
        """Returns 0 or 1: sockets do not say how much waits, only whether."""
        return int(self._socket is not None and _wait(self._socket, select.POLLIN, 0))

    def close(self) -> None:
        """Closes connection and listener."""
        for each in (self._socket, self._greeting, self._listener, self._dialer):
            if each is not None:
                each.close()
        self._socket = self._greeting = self._listener = None

    def counters(self) -> dict[str, int]:
        """Returns received, receivedBytes, malformed, tornLines, connections, deaths, refusals."""
        return {
            "received": self._received,
            "receivedBytes": self._received_bytes,
            "malformed": self._codec.malformed,
            "tornLines": self._torn,
            "connections": self._connections,
            "writerDeaths": self._deaths,
            "greetingsFailed": self._refused,
        }

    def _connect(self, timeout_ns: int) -> None:
        """Waits at most ``timeout_ns`` for a connection to come about, either way."""
        if self._greeting is not None:
            self._greet(self._greeting, timeout_ns)
        elif self._listener is not None:
            if _wait(self._listener, select.POLLIN, timeout_ns):
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    self._admit(sockets.prepare(self._listener.accept()[0]))
        elif self._dialer is not None:
            self._dial(self._dialer, timeout_ns)

    def _dial(self, dialer: sockets.Dialer, timeout_ns: int) -> None:
        if dialer.is_late:
            dialer.give_up()
        dialer.begin()
        if dialer.pending is None:
            self._note_refusal(dialer)
            clocks.sleep(min(timeout_ns, dialer.wait_ns))
        elif _wait(dialer.pending, _event(write=dialer.wants_write), timeout_ns):
            connected = dialer.take()
            if connected is not None:
                self._use(connected)

    def _note_refusal(self, dialer: sockets.Dialer) -> None:
        if dialer.reason:
            self._refuse(dialer.reason)
            dialer.reason = ""

    def _admit(self, connected: socket.socket) -> None:
        """Uses a writer that connected, or begins to greet it."""
        if self._contexts is None:
            self._use(connected)
            return
        try:
            self._greeting = secure.Greeting(connected, self._contexts, listens=True)
        except OSError as error:
            connected.close()
            self._refuse(secure.explain(error))

    def _greet(self, greeting: secure.Greeting, timeout_ns: int) -> None:
        if not _wait(greeting.socket, _event(write=greeting.wants_write), timeout_ns):
            if greeting.is_late:
                self._end_greeting(greeting, "the other side does not greet")
            return
        try:
            if greeting.advance():
                self._greeting = None
                self._use(greeting.socket)
        except OSError as error:
            self._end_greeting(greeting, secure.explain(error))

    def _end_greeting(self, greeting: secure.Greeting, reason: str) -> None:
        greeting.close()
        self._greeting = None
        self._refuse(reason)

    def _refuse(self, reason: str) -> None:
        """Counts it, and says a reason once until another comes."""
        self._refused += 1
        if reason != self._warned:
            self._warned = reason
            self._warn(f"{self.name}: a connection was refused: {reason}")

    def _use(self, connected: socket.socket) -> None:
        self._socket = connected
        self._silent = True
        self._connections += 1

    def _receive(self, timeout_ns: int) -> link.Batch:
        connected = self._socket
        if connected is None or not _wait(connected, select.POLLIN, timeout_ns):
            return _NOTHING
        try:
            data = connected.recv(READ_BYTES_MAX)
        except BlockingIOError:
            return _NOTHING
        except OSError as error:
            if self._contexts is not None and self._silent:
                # The writer looked at our certificate after we were done, and refused it.
                connected.close()
                self._socket = None
                self._refuse(secure.explain(error))
                return _NOTHING
            data = b""
        if not data:
            return self._tell_death(connected)
        self._silent = False
        self._received_bytes += len(data)
        before = self._codec.records
        records = self._codec.feed(data)
        gained = self._codec.records - before
        self._received += gained
        return link.Batch(memoryview(records), gained)

    def _tell_death(self, connected: socket.socket) -> link.Batch:
        """The writer is gone: an unfinished line is torn, and one status record says STALE."""
        connected.close()
        self._socket = None
        self._deaths += 1
        self._torn += self._codec.end() > 0
        return link.Batch(memoryview(market.make_stale_status()), 1)


class TcpOutlet(link.Outlet):
    """The writing end: a pipe with back-pressure, or a broadcast that cuts slow clients."""

    def __init__(self, end: units.LinkEnd, seat: link.Seat) -> None:
        self.name = end.link
        self._end = end
        self._is_broadcast = end.topology == "broadcast"
        self.instruments = codec.Instruments(seat.symbols)
        self._codec = ndjson.NdjsonCodec(
            self.instruments, seat.unix_offset_ns, images_as_tops=self._is_broadcast
        )
        bounds = pump.Bounds(
            queue_bytes_max=end.capacity_bytes,
            clients_max=(seat.clients_max or pump.CLIENTS_MAX) if self._is_broadcast else 1,
            cuts=self._is_broadcast,
        )
        self._bounds = bounds
        self._contexts = _contexts_of(end, seat)
        self._warn = seat.warn
        self._pump: pump.Pump | None = None
        self._sent = 0

    def open(self) -> None:
        """Listens or begins to connect; raises PortTakenError."""
        listener, dialer = None, None
        if self._end.listener == "outlet":
            listener = sockets.listen(f"The outlet of {self.name}", self._end.address)
        else:
            dialer = sockets.Dialer(self._end.address, self._contexts)
        self._pump = pump.Pump(
            self.name,
            self._bounds,
            self._codec.encode,
            listener=listener,
            dialer=dialer,
            contexts=self._contexts,
            warn=self._warn,
        )
        self._pump.start()

    @property
    def address(self) -> str:
        """Where this end listens, with the port that the system chose for port 0."""
        return self._pump.address if self._pump is not None else self._end.address

    def send(self, data: bytes | bytearray | memoryview, timeout_ns: int = 0) -> int:
        """Sends records; a pipe takes only what its queue has room for within ``timeout_ns``."""
        running = self._running()
        if self._is_broadcast:
            records = sum(1 for _ in layout.split(data))
            running.broadcast(self._codec.encode(data))
            self._sent += records
            return len(data)
        taken = 0
        deadline_ns = clocks.now_mono_ns() + timeout_ns
        for record in layout.split(data):
            left_ns = max(0, deadline_ns - clocks.now_mono_ns())
            if not running.offer(self._codec.encode(record), left_ns):
                break
            taken += len(record)
            self._sent += 1
        running.wake()
        return taken

    def show(self, instrument: int, image: bytes | memoryview) -> None:
        """Keeps the record that a new client gets first of ``instrument``; a pipe keeps none.

        An image is out of sequence: its own is 0.
        """
        if self._is_broadcast:
            self._codec.learn(image)
            self._running().show(instrument, _NO_SEQUENCE + bytes(image[8:]))

    def close(self) -> None:
        """Sends what can go at once, then closes every client and the thread."""
        if self._pump is not None:
            self._pump.close()
            self._pump = None

    def counters(self) -> dict[str, int]:
        """Returns sent, dropped, highWater, capacity, clients, clientsCut, clientsRefused."""
        pumped = self._pump.counters() if self._pump is not None else {}
        return {"sent": self._sent, **pumped}

    def _running(self) -> pump.Pump:
        if self._pump is None:
            self.open()
        running = self._pump
        if running is None:
            raise RuntimeError(f"the outlet of {self.name} did not open")
        return running


def _contexts_of(end: units.LinkEnd, seat: link.Seat) -> secure.Contexts | None:
    """Returns how ``end`` greets, None where it is plain.

    Raises InputError where the end is secured and its unit has no certificate.
    """
    if not end.secure:
        return None
    if seat.contexts is None:
        raise errors.InputError(
            f"Making the link {end.link}: it is secured, but its unit has no certificate.",
            "unit.json names one under tls: run the experiment again.",
        )
    return seat.contexts


def _event(*, write: bool) -> int:
    return select.POLLOUT if write else select.POLLIN


def _wait(waited: socket.socket, event: int, timeout_ns: int) -> bool:
    poll = select.poll()
    poll.register(waited, event)
    return bool(poll.poll(timeout_ns / 1e6))
