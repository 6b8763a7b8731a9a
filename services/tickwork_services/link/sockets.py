"""Sockets as the transports need them: addresses, listeners, connections that are under way."""

import errno
import socket

from tickwork import errors
from tickwork_services import clocks
from tickwork_services.link import secure

BACKLOG = 128
PAUSE_NS_MIN = 10_000_000
PAUSE_NS_MAX = 500_000_000
# A connection that ended sooner was no success: the next one waits longer.
LIVED_NS = 1_000_000_000


def parse_address(address: str) -> tuple[str, int]:
    """Returns (host, port) of ``host:port``; raises InputError where there is no port."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise errors.InputError(f"Reading the address {address!r}: it is not host:port.")
    return host.strip("[]"), int(port)


def listen(what: str, address: str) -> socket.socket:
    """Returns a non-blocking TCP listener; raises PortTakenError."""
    try:
        made = socket.create_server(parse_address(address), backlog=BACKLOG)
    except OSError as error:
        raise _refusal(what, address, error) from error
    made.setblocking(False)
    return made


def bind_datagrams(what: str, address: str, buffer_bytes: int) -> socket.socket:
    """Returns a non-blocking UDP socket bound to ``address``; raises PortTakenError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind(parse_address(address))
    except OSError as error:
        made.close()
        raise _refusal(what, address, error) from error
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    made.setblocking(False)
    return made


def prepare(connected: socket.socket) -> socket.socket:
    """Makes a connected socket non-blocking and sends small records at once."""
    connected.setblocking(False)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


class Dialer:
    """Connects to one address, again and again with back-off, without ever blocking.

    With ``contexts`` a connection counts once its greeting is done. ``reason`` says why the last
    attempt failed, where something else was wrong than that nobody listens.
    """

    def __init__(self, address: str, contexts: secure.Contexts | None = None) -> None:
        self._address = parse_address(address)
        self._contexts = contexts
        self._socket: socket.socket | None = None
        self._greeting: secure.Greeting | None = None
        self._pause_ns = PAUSE_NS_MIN
        self._next_ns = 0
        self._taken_ns: int | None = None
        self.attempts = 0
        self.reason = ""

    @property
    def pending(self) -> socket.socket | None:
        """The socket that is connecting or greeting; call ``take`` when it is ready."""
        return self._greeting.socket if self._greeting is not None else self._socket

    @property
    def wants_write(self) -> bool:
        """Whether ``pending`` is ready when it is writable, else when it is readable."""
        return self._greeting is None or self._greeting.wants_write

    @property
    def is_late(self) -> bool:
        """Whether a greeting is under way that should have been done; ``give_up`` then."""
        return self._greeting is not None and self._greeting.is_late

    @property
    def wait_ns(self) -> int:
        """How long to wait until the next attempt is due; 0 where one is due or under way."""
        return 0 if self.pending else max(0, self._next_ns - clocks.now_mono_ns())

    def begin(self) -> None:
        """Begins an attempt where none is under way and one is due."""
        if self.pending is not None or self.wait_ns > 0:
            return
        if self._taken_ns is not None and clocks.now_mono_ns() - self._taken_ns > LIVED_NS:
            self._pause_ns = PAUSE_NS_MIN
        self.attempts += 1
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)
        try:
            failed = made.connect_ex(self._address)
        except OSError as error:
            # The name of a machine that is not up yet resolves to nothing.
            made.close()
            self._put_off(secure.explain(error))
            return
        if failed in (0, errno.EINPROGRESS):
            self._socket = made
        else:
            made.close()
            self._put_off()

    def take(self) -> socket.socket | None:
        """Returns the connected socket; None where it is not one yet, or the attempt has failed.

        Call when ready; ``pending`` is another socket afterwards, or None.
        """
        if self._greeting is not None:
            return self._greet(self._greeting)
        made, self._socket = self._socket, None
        if made is None:
            return None
        if made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
            made.close()
            self._put_off()
            return None
        if self._contexts is None:
            return self._succeed(prepare(made))
        try:
            self._greeting = secure.Greeting(prepare(made), self._contexts, listens=False)
        except OSError as error:
            made.close()
            self._put_off(secure.explain(error))
            return None
        return self._greet(self._greeting)

    def give_up(self, reason: str = "the other side does not greet") -> None:
        """Ends the attempt under way, or calls the last connection a failure."""
        self.close()
        self._put_off(reason)

    def close(self) -> None:
        """Gives up an attempt that is under way."""
        for each in (self._socket, self._greeting):
            if each is not None:
                each.close()
        self._socket = self._greeting = None

    def _greet(self, greeting: secure.Greeting) -> socket.socket | None:
        try:
            if not greeting.advance():
                return None
        except OSError as error:
            self.give_up(secure.explain(error))
            return None
        self._greeting = None
        return self._succeed(greeting.socket)

    def _succeed(self, connected: socket.socket) -> socket.socket:
        self._taken_ns = clocks.now_mono_ns()
        self._put_off()
        return connected

    def _put_off(self, reason: str = "") -> None:
        self.reason = reason
        self._next_ns = clocks.now_mono_ns() + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, PAUSE_NS_MAX)


def _refusal(what: str, address: str, error: OSError) -> errors.MissingError:
    if error.errno == errno.EADDRINUSE:
        return errors.PortTakenError(what, address)
    return errors.MissingError(
        f"{what} cannot listen on {address}: {error}.", "Choose an address of this machine."
    )
