"""TLS 1.3 on a link's sockets, both sides verified, without a call that ever blocks.

A secured socket behaves as a plain one: where it cannot go on it raises BlockingIOError, where the
other side is gone or refuses, another OSError.
"""

import dataclasses
import socket
import ssl

from tickwork.unit import certificates
from tickwork.unit.unit import SERVER_NAME, Tls
from tickwork_services import clocks

# A client that connects and says nothing is sent away after this long.
GREETING_NS_MAX = 5_000_000_000
GREETINGS_MAX = 32


@dataclasses.dataclass(frozen=True)
class Contexts:
    """How this unit greets as listener and as dialer."""

    listener: ssl.SSLContext
    dialer: ssl.SSLContext


def make_contexts(tls: Tls) -> Contexts:
    """Returns the contexts of ``tls``; raises InputError where a certificate is of no use."""
    certificates.check(tls)
    made = Contexts(certificates.server_context(tls), certificates.client_context(tls))
    made.listener.sslsocket_class = SecureSocket
    made.dialer.sslsocket_class = SecureSocket
    return made


class SecureSocket(ssl.SSLSocket):
    """A secured socket with the errors of a plain non-blocking one."""

    def recv(self, size_bytes: int = 1024, flags: int = 0) -> bytes:
        """Returns what is there; b"" where the other side has ended."""
        try:
            return super().recv(size_bytes, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as waiting:
            raise BlockingIOError from waiting

    def send(self, data: object, flags: int = 0) -> int:
        """Returns how many bytes went; the same bytes must come first after BlockingIOError."""
        try:
            return super().send(data, flags)  # type: ignore[arg-type]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as waiting:
            raise BlockingIOError from waiting


class Greeting:
    """A handshake under way on a connected, non-blocking socket.

    ``socket`` is to be waited for: until it takes bytes where ``wants_write``, else until it has
    some. Raises OSError where the connection is gone already.
    """

    def __init__(self, connected: socket.socket, contexts: Contexts, *, listens: bool) -> None:
        context = contexts.listener if listens else contexts.dialer
        self.socket = context.wrap_socket(
            connected,
            server_side=listens,
            do_handshake_on_connect=False,
            server_hostname=None if listens else SERVER_NAME,
        )
        self.wants_write = not listens
        self._deadline_ns = clocks.now_mono_ns() + GREETING_NS_MAX

    @property
    def is_late(self) -> bool:
        """Whether it has taken longer than five seconds."""
        return clocks.now_mono_ns() > self._deadline_ns

    def advance(self) -> bool:
        """Goes on as far as it can; says whether it is done. Raises OSError where it failed."""
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self.wants_write = False
            return False
        except ssl.SSLWantWriteError:
            self.wants_write = True
            return False
        return True

    def close(self) -> None:
        """Gives the connection up."""
        self.socket.close()


def explain(error: OSError) -> str:
    """Returns what a failed greeting says, in words."""
    return certificates.explain(error)
