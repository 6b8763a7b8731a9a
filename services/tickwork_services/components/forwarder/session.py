"""One WebSocket connection without a socket: bytes in, messages out, bytes to send back.

The sans-I/O client of ``websockets`` does the protocol; this file reassembles fragments, bounds
them, checks text, and says what happened in our words.
"""

import dataclasses
import enum
from collections.abc import Callable
from typing import cast

from websockets import client, exceptions, frames, http11, protocol, uri

from tickwork_services.components.forwarder import endpoint, limits

TEXT = 0
BINARY = 1

OnMessage = Callable[[int, bytes | bytearray], None]
OnUnusable = Callable[[str, bytes, int], None]

TOO_LARGE = "tooLarge"
NOT_UTF8 = "notUtf8"
REASONS = (TOO_LARGE, NOT_UTF8)


class SessionError(Exception):
    """The server refused the handshake or broke the protocol; the text says how.

    ``wait_ns`` is how long it asked to be left alone (429, 418), 0 where it did not.
    """

    def __init__(self, text: str, wait_ns: int = 0) -> None:
        super().__init__(text)
        self.wait_ns = wait_ns


class Phase(enum.Enum):
    """Where a session is."""

    SHAKING_HANDS = "shaking hands"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


_PHASES = {
    protocol.State.CONNECTING: Phase.SHAKING_HANDS,
    protocol.State.OPEN: Phase.OPEN,
    protocol.State.CLOSING: Phase.CLOSING,
    protocol.State.CLOSED: Phase.CLOSED,
}


@dataclasses.dataclass(slots=True)
class SessionCounts:
    """What a session has seen; cumulative."""

    pings: int = 0
    fragmented: int = 0


class Session:
    """A client's side of one WebSocket connection.

    ``receive`` calls ``on_message(kind, payload)`` for each whole message (TEXT or BINARY) and
    ``on_unusable(reason, head, length)`` for one that is larger than ``message_bytes_max`` or no
    UTF-8. After one that is too large the protocol cannot go on (its end is not awaited): the
    session says goodbye with code 1009 and its line comes back. Pings are answered with their own
    payload. What is to be sent waits in ``take_output``.
    """

    def __init__(
        self,
        target: endpoint.Endpoint,
        message_bytes_max: int,
        on_message: OnMessage,
        on_unusable: OnUnusable,
    ) -> None:
        address = f"{'wss' if target.secure else 'ws'}://{target.authority}{target.path}"
        self._protocol = client.ClientProtocol(uri.parse_uri(address), max_size=message_bytes_max)
        self._protocol.send_request(self._protocol.connect())
        self._on_message = on_message
        self._on_unusable = on_unusable
        self._parts: list[bytes | bytearray] = []
        self._kind = TEXT
        self._bytes_max = message_bytes_max
        self._gave_up = False
        self.counts = SessionCounts()

    @property
    def phase(self) -> Phase:
        """Returns where the session is."""
        return _PHASES[self._protocol.state]

    @property
    def broken(self) -> bool:
        """True once the protocol cannot go on: nothing more will be delivered."""
        return self._protocol.parser_exc is not None

    @property
    def ending(self) -> str:
        """Says why the session ended or is about to, in words; empty while it lives."""
        if self._protocol.parser_exc is not None:
            return str(self._protocol.parser_exc)
        close = self._protocol.close_rcvd or self._protocol.close_sent
        return "" if close is None else str(close)

    def receive(self, data: bytes | bytearray | memoryview) -> None:
        """Takes bytes as they came; raises SessionError where the handshake was refused."""
        # The protocol's reader appends to a bytearray, which takes a view without a copy of it.
        self._protocol.receive_data(data)  # type: ignore[arg-type]
        for event in self._protocol.events_received():
            if isinstance(event, frames.Frame):
                self._take_frame(event)
            elif isinstance(event, http11.Response) and self._protocol.handshake_exc is not None:
                break
        if self._protocol.handshake_exc is not None:
            raise self._refusal(self._protocol.handshake_exc)
        error = self._protocol.parser_exc
        if isinstance(error, exceptions.PayloadTooBig) and not self._gave_up:
            self._gave_up = True
            self._parts = []
            # The protocol has thrown its buffer away: the end of this read is what can be shown.
            self._on_unusable(TOO_LARGE, bytes(data[-256:]), error.size or self._bytes_max + 1)

    def receive_end(self) -> None:
        """Takes the end of the byte stream."""
        self._protocol.receive_eof()
        self._protocol.events_received()

    def take_output(self) -> bytes:
        """Returns what is to be sent now; the end-of-stream mark is left to the socket."""
        return b"".join(self._protocol.data_to_send())

    def say(self, text: bytes) -> None:
        """Sends one text message."""
        self._protocol.send_text(text)

    def say_goodbye(self) -> None:
        """Begins the closing handshake; what arrives before the answer is still delivered."""
        if self._protocol.state is protocol.State.OPEN:
            self._protocol.send_close(frames.CloseCode.NORMAL_CLOSURE)

    def _take_frame(self, frame: frames.Frame) -> None:
        opcode = frame.opcode
        data = cast("bytearray", frame.data)
        if opcode is frames.Opcode.TEXT or opcode is frames.Opcode.BINARY:
            kind = TEXT if opcode is frames.Opcode.TEXT else BINARY
            if frame.fin:
                self._deliver(kind, data)
                return
            self.counts.fragmented += 1
            self._kind = kind
            self._parts = [data]
        elif opcode is frames.Opcode.CONT:
            self._parts.append(data)
            if frame.fin:
                parts, self._parts = self._parts, []
                self._deliver(self._kind, b"".join(parts))
        elif opcode is frames.Opcode.PING:
            self.counts.pings += 1

    def _deliver(self, kind: int, payload: bytes | bytearray) -> None:
        if kind == TEXT and not payload.isascii():
            try:
                payload.decode("utf-8")
            except UnicodeDecodeError:
                self._on_unusable(NOT_UTF8, bytes(payload[:256]), len(payload))
                return
        self._on_message(kind, payload)

    def _refusal(self, error: Exception) -> SessionError:
        text = f"{error}" + (f" ({error.__cause__})" if error.__cause__ is not None else "")
        if not isinstance(error, exceptions.InvalidStatus):
            return SessionError(text)
        response = error.response
        if response.status_code not in limits.LIMITED:
            return SessionError(text)
        return SessionError(text, limits.read_wait_ns(response.headers.get("Retry-After")))
