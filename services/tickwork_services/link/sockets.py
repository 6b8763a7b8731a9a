"""Sockets as the transports need them: addresses, listeners, connections that are under way."""

import errno
import socket

from tickwork import errors
from tickwork_services import clocks

BACKLOG = 128
PAUSE_NS_MIN = 10_000_000
PAUSE_NS_MAX = 500_000_000


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
    """Connects to one address, again and again with back-off, without ever blocking."""

    def __init__(self, address: str) -> None:
        self._address = parse_address(address)
        self._socket: socket.socket | None = None
        self._pause_ns = PAUSE_NS_MIN
        self._next_ns = 0
        self.attempts = 0

    @property
    def pending(self) -> socket.socket | None:
        """The socket that is connecting; it is writable when its connection is decided."""
        return self._socket

    @property
    def wait_ns(self) -> int:
        """How long to wait until the next attempt is due; 0 where one is due or under way."""
        return 0 if self._socket else max(0, self._next_ns - clocks.now_mono_ns())

    def begin(self) -> None:
        """Begins an attempt where none is under way and one is due."""
        if self._socket is not None or self.wait_ns > 0:
            return
        self.attempts += 1
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)
        failed = made.connect_ex(self._address)
        if failed in (0, errno.EINPROGRESS):
            self._socket = made
        else:
            made.close()
            self._put_off()

    def take(self) -> socket.socket | None:
        """Returns the connected socket; None where the attempt has failed. Call when writable."""
        made, self._socket = self._socket, None
        if made is None:
            return None
        if made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
            made.close()
            self._put_off()
            return None
        self._pause_ns = PAUSE_NS_MIN
        self._next_ns = clocks.now_mono_ns() + PAUSE_NS_MIN
        return prepare(made)

    def close(self) -> None:
        """Gives up an attempt that is under way."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _put_off(self) -> None:
        self._next_ns = clocks.now_mono_ns() + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, PAUSE_NS_MAX)


def _refusal(what: str, address: str, error: OSError) -> errors.MissingError:
    if error.errno == errno.EADDRINUSE:
        return errors.PortTakenError(what, address)
    return errors.MissingError(
        f"{what} cannot listen on {address}: {error}.", "Choose an address of this machine."
    )
