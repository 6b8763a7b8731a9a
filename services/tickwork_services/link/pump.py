"""One thread that moves bytes from bounded queues to the sockets of one outlet's clients.

Senders only append to queues, under one lock, and ring a bell. A broadcast gives each client a
queue of its own and cuts the client whose queue is full; a pipe has one client and one queue that
outlives it, and its sender waits for room.
"""

import collections
import contextlib
import dataclasses
import selectors
import socket
import threading
from collections.abc import Callable

from tickwork_services.link import secure, sockets

CLIENTS_MAX = 64
POLL_SECONDS_MAX = 0.5
READ_BYTES_MAX = 4096
CLOSE_SECONDS_MAX = 1.0


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What an outlet may hold: bytes queued a client, clients at a time, and whether it cuts."""

    queue_bytes_max: int
    clients_max: int
    cuts: bool


class Queue:
    """Lines that wait for one client; a line that has begun to go is finished or dropped."""

    def __init__(self) -> None:
        self._lines: collections.deque[bytes] = collections.deque()
        self._offset = 0
        self.bytes = 0
        self.high_water = 0

    def append(self, line: bytes) -> None:
        """Adds whole lines at the end."""
        self._lines.append(line)
        self.bytes += len(line)
        self.high_water = max(self.high_water, self.bytes)

    def flush(self, client: socket.socket) -> None:
        """Sends until the socket takes no more; raises OSError where the client is gone."""
        while self._lines:
            line = self._lines[0]
            sent = client.send(memoryview(line)[self._offset :])
            self.bytes -= sent
            self._offset += sent
            if self._offset == len(line):
                self._lines.popleft()
                self._offset = 0

    def drop_begun(self) -> int:
        """Drops the line whose beginning a dead client has; returns how many were dropped."""
        if not self._offset:
            return 0
        self.bytes -= len(self._lines.popleft()) - self._offset
        self._offset = 0
        return 1


class Client:
    """One connected reader: its socket, and its queue where it has one of its own."""

    def __init__(self, connected: socket.socket, queue: Queue) -> None:
        self.socket = connected
        self.queue = queue
        self.cut = False
        self.writing = False


class Pump:
    """Serves one outlet from a thread of its own, as listener or as dialer."""

    def __init__(
        self,
        name: str,
        bounds: Bounds,
        render: Callable[[bytes], bytes],
        *,
        listener: socket.socket | None = None,
        dialer: sockets.Dialer | None = None,
        contexts: secure.Contexts | None = None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bounds = bounds
        self._render = render
        self._listener = listener
        self._dialer = dialer
        self._contexts = contexts
        self._warn = warn
        self._warned = ""
        self._greetings: list[secure.Greeting] = []
        self._lock = threading.Condition()
        self._queue = Queue()
        self._clients: list[Client] = []
        self._images: dict[int, bytes] = {}
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._ending = False
        self._failure: BaseException | None = None
        self._counts = collections.Counter[str]()
        self._high_water = 0
        self._thread = threading.Thread(target=self._run, name=f"pump {name}", daemon=True)
        self._selector.register(self._bell, selectors.EVENT_READ)
        if listener is not None:
            self._selector.register(listener, selectors.EVENT_READ)

    @property
    def address(self) -> str:
        """Where the listener listens."""
        return "{}:{}".format(*self._listener.getsockname()) if self._listener else ""

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def broadcast(self, lines: bytes) -> None:
        """Appends ``lines`` to every client's queue; one whose queue is full is cut.

        Raises RuntimeError where the thread has ended by an error of its own; so does ``offer``.
        """
        self._refuse_dead()
        with self._lock:
            for client in self._clients:
                if client.cut:
                    continue
                if client.queue.bytes + len(lines) > self._bounds.queue_bytes_max:
                    client.cut = True
                    self._counts["clientsCut"] += 1
                else:
                    client.queue.append(lines)
        self.wake()

    def offer(self, line: bytes, timeout_ns: int) -> bool:
        """Appends one line to the pipe's queue; waits for room, says whether there was."""

        def has_room() -> bool:
            return self._queue.bytes + len(line) <= self._bounds.queue_bytes_max

        self._refuse_dead()
        with self._lock:
            if not has_room():
                self.wake()
                self._lock.wait_for(has_room, timeout_ns / 1e9)
            if not has_room():
                return False
            self._queue.append(line)
            return True

    def show(self, instrument: int, image: bytes) -> None:
        """Keeps the record that a new client gets first of ``instrument``, rendered only then."""
        with self._lock:
            self._images[instrument] = image

    def wake(self) -> None:
        """Tells the thread that there is something to send; a full pipe rings already."""
        with contextlib.suppress(BlockingIOError):
            self._rope.send(b"\0")

    def counters(self) -> dict[str, int]:
        """Returns what clients came, were cut, refused, gone; dropped, highWater, capacity."""
        with self._lock:
            queues = [client.queue for client in self._clients]
            waters = [queue.high_water for queue in (self._queue, *queues)]
            return {
                "dropped": self._counts["dropped"],
                "clients": len(self._clients),
                "clientsServed": self._counts["clientsServed"],
                "clientsCut": self._counts["clientsCut"],
                "clientsRefused": self._counts["clientsRefused"],
                "clientsGone": self._counts["clientsGone"],
                "greetingsFailed": self._counts["greetingsFailed"],
                "highWater": max(self._high_water, *waters),
                "capacity": self._bounds.queue_bytes_max,
            }

    def close(self) -> None:
        """Sends what goes within a second, then closes everything."""
        self._ending = True
        self.wake()
        self._thread.join(CLOSE_SECONDS_MAX + 2 * POLL_SECONDS_MAX)
        for client in list(self._clients):
            self._remove(client)
        for greeting in self._greetings:
            greeting.close()
        for each in (self._listener, self._dialer, self._bell, self._rope, self._selector):
            if each is not None:
                each.close()

    # -- the thread -------------------------------------------------------------------------------

    def _refuse_dead(self) -> None:
        if self._failure is not None:
            raise RuntimeError(
                f"the thread of {self._thread.name} ended: {self._failure!r}"
            ) from self._failure

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 — the next sender hears of it
            self._failure = error

    def _serve(self) -> None:
        turns_left = int(CLOSE_SECONDS_MAX / 0.05)
        while not self._ending or (self._holds_lines() and turns_left > 0):
            turns_left -= self._ending
            self._dial()
            self._dismiss_late()
            for key, _ in self._selector.select(0.05 if self._ending else self._wait_seconds()):
                self._handle(key)
            self._flush_all()

    def _handle(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self._bell:
            self._bell.recv(READ_BYTES_MAX)
        elif key.fileobj is self._listener:
            self._accept()
        elif isinstance(key.data, Client):
            self._listen_to(key.data)
        elif isinstance(key.data, secure.Greeting):
            self._greet(key.data)
        elif self._dialer is not None:
            self._selector.unregister(key.fileobj)
            connected = self._dialer.take()
            if connected is not None:
                self._add(connected)
            self._await_dialer(self._dialer)

    def _dial(self) -> None:
        """Connects where this end dials and has nobody."""
        dialer = self._dialer
        if dialer is None or self._clients:
            return
        if dialer.pending is not None and dialer.is_late:
            self._selector.unregister(dialer.pending)
            dialer.give_up()
            self._await_dialer(dialer)
        if dialer.pending is None:
            dialer.begin()
            self._await_dialer(dialer)

    def _await_dialer(self, dialer: sockets.Dialer) -> None:
        """Waits for what is under way; says why the last attempt was refused."""
        if dialer.pending is not None:
            self._selector.register(dialer.pending, _event(write=dialer.wants_write))
        elif dialer.reason:
            self._fail_greeting(dialer.reason)
            dialer.reason = ""

    def _wait_seconds(self) -> float:
        if self._dialer is None or self._clients or self._dialer.pending is not None:
            return POLL_SECONDS_MAX
        return min(POLL_SECONDS_MAX, self._dialer.wait_ns / 1e9)

    def _accept(self) -> None:
        listener = self._listener
        if listener is None:
            return
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connected = sockets.prepare(listener.accept()[0])
            full = len(self._clients) >= self._bounds.clients_max
            if full or len(self._greetings) >= secure.GREETINGS_MAX:
                self._counts["clientsRefused"] += 1
                connected.close()
            elif self._contexts is None:
                self._add(connected)
            else:
                self._begin_greeting(connected, self._contexts)

    def _begin_greeting(self, connected: socket.socket, contexts: secure.Contexts) -> None:
        try:
            greeting = secure.Greeting(connected, contexts, listens=True)
        except OSError as error:
            self._fail_greeting(secure.explain(error))
            connected.close()
            return
        self._greetings.append(greeting)
        self._selector.register(greeting.socket, selectors.EVENT_READ, greeting)

    def _greet(self, greeting: secure.Greeting) -> None:
        try:
            done = greeting.advance()
        except OSError as error:
            self._dismiss(greeting)
            # Counted first: who was sent away finds itself counted.
            self._fail_greeting(secure.explain(error))
            greeting.close()
            return
        if not done:
            event = _event(write=greeting.wants_write)
            self._selector.modify(greeting.socket, event, greeting)
            return
        self._dismiss(greeting)
        if len(self._clients) >= self._bounds.clients_max:
            self._counts["clientsRefused"] += 1
            greeting.close()
        else:
            self._add(greeting.socket)

    def _dismiss(self, greeting: secure.Greeting) -> None:
        self._greetings.remove(greeting)
        self._selector.unregister(greeting.socket)

    def _dismiss_late(self) -> None:
        for greeting in [each for each in self._greetings if each.is_late]:
            self._dismiss(greeting)
            self._fail_greeting("the other side does not greet")
            greeting.close()

    def _fail_greeting(self, reason: str) -> None:
        """Counts it, and says a reason once until another comes."""
        self._counts["greetingsFailed"] += 1
        if reason != self._warned:
            self._warned = reason
            self._warn(f"{self._thread.name}: a connection was refused: {reason}")

    def _add(self, connected: socket.socket) -> None:
        """Takes a client in; it gets every image before anything else, and misses nothing."""
        with self._lock:
            client = Client(connected, Queue() if self._bounds.cuts else self._queue)
            if self._bounds.cuts and self._images:
                client.queue.append(self._render(b"".join(self._images.values())))
            self._clients.append(client)
            self._counts["clientsServed"] += 1
        self._selector.register(connected, selectors.EVENT_READ, client)

    def _listen_to(self, client: Client) -> None:
        """A reader has nothing to say; its silence broken by an end means that it is gone."""
        try:
            if client.socket.recv(READ_BYTES_MAX):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._counts["clientsGone"] += 1
        self._remove(client)

    def _flush_all(self) -> None:
        for client in list(self._clients):
            if client.cut:
                self._remove(client)
                continue
            try:
                with self._lock:
                    client.queue.flush(client.socket)
                    self._lock.notify_all()
            except BlockingIOError:
                with self._lock:
                    self._lock.notify_all()
            except OSError:
                self._counts["clientsGone"] += 1
                self._remove(client)
                continue
            self._watch(client)

    def _watch(self, client: Client) -> None:
        """Asks to be told when the socket takes more, exactly while something waits for it."""
        writing = client.queue.bytes > 0
        if writing != client.writing:
            client.writing = writing
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
            self._selector.modify(client.socket, events, client)

    def _remove(self, client: Client) -> None:
        if client not in self._clients:
            return
        with self._lock:
            self._clients.remove(client)
            self._high_water = max(self._high_water, client.queue.high_water)
            if not self._bounds.cuts:
                self._counts["dropped"] += client.queue.drop_begun()
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.socket)
        client.socket.close()

    def _holds_lines(self) -> bool:
        return any(client.queue.bytes and not client.cut for client in self._clients)


def _event(*, write: bool) -> int:
    return selectors.EVENT_WRITE if write else selectors.EVENT_READ
