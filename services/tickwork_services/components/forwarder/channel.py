"""One byte stream to a venue: non-blocking TCP, through a proxy, under TLS, with stamps.

Never here: WebSocket, subscriptions, when to come back.
"""

import dataclasses
import enum
import errno
import select
import socket
import ssl

from tickwork_services.components.forwarder import endpoint, stamps

READ_BYTES = 1 << 18
PROXY_ANSWER_BYTES_MAX = 1 << 14
UNSENT_BYTES_MAX = 1 << 20
"""A venue that does not read what we answer (pongs) is left when so much waits."""

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class ChannelError(OSError):
    """The stream could not be made or broke; the text says where."""


class Step(enum.Enum):
    """How far the making of the stream has come."""

    CONNECTING = "connecting"
    PROXY = "asking the proxy"
    TLS = "agreeing on TLS"
    READY = "ready"


@dataclasses.dataclass(frozen=True, slots=True)
class Chunk:
    """What one read gave, clear text, with the stamps of the TCP read it came in."""

    data: bytes | memoryview
    kernel_ns: int
    received_ns: int
    wire_bytes: int
    ended: bool


class Channel:
    """A byte stream to ``target``; every method returns at once.

    ``advance`` is called when the socket is readable or writable, until ``step`` is READY; then
    ``read`` and ``write``. ``interest`` says what to wait for. Raises ChannelError, after which
    only ``close`` may be called.
    """

    def __init__(
        self,
        target: endpoint.Endpoint,
        address: Address,
        proxy: endpoint.Endpoint | None,
        context: ssl.SSLContext | None,
        stamp_map: stamps.StampMap | None,
    ) -> None:
        self.target = target
        self.step = Step.CONNECTING
        self._proxy = proxy
        self._context = context
        self._stamps = stamp_map or stamps.StampMap()
        self._out = bytearray()
        self._proxy_answer = bytearray()
        self._cipher: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._buffer = bytearray(READ_BYTES)
        family, where = address
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if stamp_map is not None:
            stamps.ask_for_stamps(self._socket)
        result = self._socket.connect_ex(where)
        if result not in (0, errno.EINPROGRESS):
            self._socket.close()
            raise ChannelError(f"{self._doing()}: {errno.errorcode.get(result, result)}")

    def fileno(self) -> int:
        """Returns the descriptor to wait on."""
        return self._socket.fileno()

    def interest(self) -> int:
        """Returns the epoll events to wait for."""
        if self.step is Step.CONNECTING:
            return select.EPOLLOUT
        wants_write = bool(self._out) or bool(self._outgoing.pending)
        return select.EPOLLIN | (select.EPOLLOUT if wants_write else 0)

    def advance(self) -> None:
        """Goes on making the stream as far as it goes without waiting."""
        try:
            if self.step is Step.CONNECTING:
                self._finish_connecting()
            elif self.step is Step.PROXY:
                self._read_proxy_answer()
            elif self.step is Step.TLS:
                self._read_tls_answer()
        except BlockingIOError:
            pass
        except OSError as error:
            raise ChannelError(f"{self._doing()}: {error}") from error
        self.flush()

    def read(self) -> Chunk | None:
        """Returns what one read of the socket gave; None where nothing waits.

        A chunk may be empty: its bytes were a part of a TLS record.
        """
        try:
            data, kernel_ns, received_ns = self._receive()
        except BlockingIOError:
            return None
        except OSError as error:
            raise ChannelError(f"reading from {self.target.authority}: {error}") from error
        if self._cipher is None:
            return Chunk(data, kernel_ns, received_ns, len(data), ended=not data)
        ended = not data
        if ended:
            self._incoming.write_eof()
        else:
            self._incoming.write(data)
        clear, closed = self._decrypt(self._cipher)
        return Chunk(clear, kernel_ns, received_ns, len(data), ended=ended or closed)

    def write(self, data: bytes) -> None:
        """Takes ``data``; what the socket does not take at once waits for ``flush``."""
        if self._cipher is None:
            self._out += data
        else:
            self._cipher.write(data)
        self.flush()

    def flush(self) -> None:
        """Sends what waits, as far as the socket takes it."""
        if self._outgoing.pending:
            self._out += self._outgoing.read()
        while self._out:
            try:
                del self._out[: self._socket.send(self._out)]
            except BlockingIOError:
                if len(self._out) > UNSENT_BYTES_MAX:
                    self._refuse_unread()
                return
            except OSError as error:
                raise ChannelError(f"writing to {self.target.authority}: {error}") from error

    def _refuse_unread(self) -> None:
        raise ChannelError(
            f"writing to {self.target.authority}: it has not read {len(self._out)} bytes"
        )

    def close(self) -> None:
        """Closes the socket; legal always.

        The buffer goes at once: whoever knows this channel is in a circle with it, and lies
        there until the collector comes, which may be hundreds of connections later.
        """
        self._socket.close()
        self._buffer = bytearray()

    def _doing(self) -> str:
        return f"{self.step.value} ({self.target.authority})"

    def _finish_connecting(self) -> None:
        result = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result:
            raise ChannelError(f"{self._doing()}: {errno.errorcode.get(result, result)}")
        if self._proxy is None:
            self._begin_tls()
            return
        self.step = Step.PROXY
        authority = self.target.authority
        self._out += f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode("ascii")

    def _read_proxy_answer(self) -> None:
        data = self._receive()[0]
        self._proxy_answer += data
        end = self._proxy_answer.find(b"\r\n\r\n")
        if end < 0:
            if not data or len(self._proxy_answer) > PROXY_ANSWER_BYTES_MAX:
                raise ChannelError(f"{self._doing()}: no answer to CONNECT")
            return
        status_line = bytes(self._proxy_answer.split(b"\r\n", 1)[0])
        words = status_line.split(b" ", 2)
        if len(words) < 2 or words[1] != b"200":
            raise ChannelError(f"{self._doing()}: the proxy said {status_line!r}")
        if len(self._proxy_answer) > end + 4:
            raise ChannelError(f"{self._doing()}: the proxy sent more than its answer")
        self._begin_tls()

    def _begin_tls(self) -> None:
        if self._context is None:
            self.step = Step.READY
            return
        self.step = Step.TLS
        self._cipher = self._context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=self.target.host
        )
        self._shake_hands(self._cipher)

    def _read_tls_answer(self) -> None:
        data = self._receive()[0]
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        if self._cipher is not None:
            self._shake_hands(self._cipher)

    def _shake_hands(self, cipher: ssl.SSLObject) -> None:
        try:
            cipher.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.step = Step.READY

    def _decrypt(self, cipher: ssl.SSLObject) -> tuple[bytes, bool]:
        clear = bytearray()
        try:
            while data := cipher.read(READ_BYTES):
                clear += data
        except ssl.SSLWantReadError:
            return bytes(clear), False
        except ssl.SSLEOFError:
            return bytes(clear), True
        except ssl.SSLError as error:
            raise ChannelError(f"decrypting from {self.target.authority}: {error}") from error
        return bytes(clear), True

    def _receive(self) -> tuple[memoryview, int, int]:
        count, ancillary, _, _ = self._socket.recvmsg_into([self._buffer], stamps.ANCILLARY_BYTES)
        kernel_ns, received_ns = self._stamps.read(ancillary)
        return memoryview(self._buffer)[:count], kernel_ns, received_ns
