"""One WebSocket connection of a client: handshake, orders, limits, pings, and what waits to go.

The sans-I/O server of ``websockets`` does handshake and control frames; market data is written
past it as ready frames, between whole frames only.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from websockets import frames as ws_frames
from websockets import http11, protocol
from websockets import server as ws_server

from tickwork_services.components.venue_twin import frames, limits
from tickwork_services.venues import venue

CLIENT_MESSAGE_BYTES_MAX = 1 << 16
HEAD_END = b"\r\n\r\n"
CLOSE_POLICY, CLOSE_AWAY = 1008, 1001
TEXT_OPCODES = (ws_frames.Opcode.TEXT, ws_frames.Opcode.BINARY, ws_frames.Opcode.CONT)


class Exchange(Protocol):
    """What a line needs of the twin around it."""

    now_ns: Callable[[], int]
    server: venue.Server
    messages_per_second_max: int
    write_buffer_bytes_max: int

    def meet(self, line: "Line") -> bool:
        """Takes a new connection; False where there are too many."""

    def admit(self, line: "Line", address: str) -> http11.Response | None:
        """Counts a connection attempt; returns what refuses it."""

    def subscribe(self, line: "Line", streams: tuple[str, ...]) -> str:
        """Adds streams to a line, all or none; returns why not, or an empty text."""

    def unsubscribe(self, line: "Line", streams: tuple[str, ...]) -> None:
        """Takes streams from a line."""

    def rewrap(self, line: "Line") -> None:
        """Follows a line that changed between raw and combined."""

    def leave(self, line: "Line") -> None:
        """Sends nothing more to a line that is being closed."""

    def forget(self, line: "Line") -> None:
        """Removes a line whose connection is gone."""

    def count(self, name: str) -> None:
        """Counts one event by name."""


class Line(asyncio.Protocol):
    """One connection; ``streams`` are its subscriptions in order, ``pending`` frames to write."""

    def __init__(self, exchange: Exchange, id_: int) -> None:
        self.id = id_
        self.streams: dict[str, None] = {}
        self.combined = False
        self.open = False
        self.pending: list[bytes] = []
        self.opened_ns = 0
        self.pinged_ns = 0
        self.unanswered: dict[bytes, int] = {}
        self.tear_next = False
        self._exchange = exchange
        self._stalled_until_ns = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._text = b""
        self._head_tail: bytes | None = b""
        self._transport: asyncio.Transport | None = None
        self._window = limits.Window(exchange.messages_per_second_max, limits.SECOND_NS)
        self._protocol = ws_server.ServerProtocol(max_size=CLIENT_MESSAGE_BYTES_MAX)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts the clock of this connection."""
        self._transport = cast("asyncio.Transport", transport)
        self.opened_ns = self.pinged_ns = self._exchange.now_ns()
        if not self._exchange.meet(self):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        if exc is not None:
            self._exchange.count("connectionErrors")
        self.open = False
        self._exchange.forget(self)

    def data_received(self, data: bytes) -> None:
        """Takes bytes; nothing that a client sends raises."""
        gone = self._transport is None or self._transport.is_closing()
        if gone or self._protocol.state is protocol.State.CLOSED:
            return
        for piece in self._split_head(data):
            self._receive(piece)

    def eof_received(self) -> bool:
        """Ends the connection when the client ends its side."""
        if self._protocol.state is not protocol.State.CLOSED:
            self._protocol.receive_eof()
        self._write_protocol()
        return False

    def send(self, payload: bytes) -> None:
        """Puts one whole text message in front of what is pending, wrapped by nobody."""
        if self.open:
            self.pending.append(frames.encode(payload))
            self.flush(self._exchange.now_ns())

    def flush(self, now_ns: int) -> None:
        """Writes what is pending; holds it while stalled; cuts a reader that is too slow."""
        if not self.pending or self._transport is None:
            return
        if self.tear_next:
            self._tear()
            return
        data = b"".join(self.pending)
        self.pending.clear()
        if now_ns < self._stalled_until_ns:
            self._hold(data)
            return
        self.release(now_ns)
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > self._exchange.write_buffer_bytes_max:
            self._cut_slow()

    @property
    def unsent_bytes(self) -> int:
        """What this process still holds for the client."""
        written = self._transport.get_write_buffer_size() if self._transport else 0
        return written + self._held_bytes

    def stall(self, until_ns: int) -> None:
        """Sends nothing until then; what is due meanwhile goes out afterwards, in order."""
        self._stalled_until_ns = max(self._stalled_until_ns, until_ns)

    def release(self, now_ns: int) -> None:
        """Writes what was held, when the stall is over."""
        if self._held and now_ns >= self._stalled_until_ns and self._transport is not None:
            self._transport.write(b"".join(self._held))
            self._held.clear()
            self._held_bytes = 0

    def ping(self, now_ns: int, payload: bytes) -> None:
        """Sends a ping; the pong must carry the same payload."""
        self.pinged_ns = now_ns
        self.unanswered[payload] = now_ns
        if self._protocol.state is protocol.State.OPEN:
            self._protocol.send_ping(payload)
            self._write_protocol()

    def close(self, code: int, reason: str) -> None:
        """Says goodbye with a close frame; what was sent before it still arrives."""
        if self.open:
            self.flush(self._exchange.now_ns())
        self.open = False
        self._exchange.leave(self)
        if self._protocol.state is protocol.State.OPEN:
            self._protocol.fail(code, reason)
        self._write_protocol()
        if self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """Ends the connection without a word; what was written before still arrives."""
        self.open = False
        self._exchange.leave(self)
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Ends the connection at once; what was not sent yet is lost."""
        self.open = False
        self._held.clear()
        self._held_bytes = 0
        self._exchange.leave(self)
        if self._transport is not None:
            self._transport.abort()

    def _split_head(self, data: bytes) -> tuple[bytes, ...]:
        """Cuts behind the request: it is answered before what was sent right behind it is read."""
        if self._head_tail is None:
            return (data,)
        tail = self._head_tail
        at = (tail + data).find(HEAD_END)
        if at < 0:
            self._head_tail = (tail + data)[1 - len(HEAD_END) :]
            return (data,)
        self._head_tail = None
        end = at + len(HEAD_END) - len(tail)
        return (data[:end], data[end:])

    def _receive(self, data: bytes) -> None:
        if not data or self._protocol.state is protocol.State.CLOSED:
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, http11.Request):
                self._open(event)
            elif isinstance(event, ws_frames.Frame):
                self._take_frame(event)
        self._write_protocol()

    def _open(self, request: http11.Request) -> None:
        address = self._address()
        response = self._exchange.admit(self, address) or self._protocol.accept(request)
        opening: venue.Opening | venue.Refusal | None = None
        if response.status_code == 101:
            opening = self._exchange.server.read_opening(request.path)
            if isinstance(opening, venue.Opening) and opening.streams:
                self.combined = opening.combined
                problem = self._exchange.subscribe(self, opening.streams)
                opening = venue.Refusal(problem.encode()) if problem else opening
        if isinstance(opening, venue.Refusal):
            self._exchange.leave(self)
            response = self._protocol.reject(opening.status, opening.body.decode())
        self._protocol.send_response(response)
        if response.status_code == 101 and isinstance(opening, venue.Opening):
            self.combined = opening.combined
            self.open = True
            self._exchange.count("connections")

    def _take_frame(self, frame: ws_frames.Frame) -> None:
        if frame.opcode is ws_frames.Opcode.CLOSE or not self.open:
            self.open = False
            return
        if not self._window.admit(self._exchange.now_ns()):
            self._exchange.count("messageLimitCuts")
            self.close(CLOSE_POLICY, "Too many requests")
            return
        if frame.opcode is ws_frames.Opcode.PONG:
            self._take_pong(bytes(frame.data))
        elif frame.opcode in TEXT_OPCODES:
            self._text += bytes(frame.data)
            if frame.fin:
                payload, self._text = self._text, b""
                self._carry_out(self._exchange.server.read_order(payload))

    def _take_pong(self, payload: bytes) -> None:
        if payload in self.unanswered:
            self.unanswered.clear()
        else:
            self._exchange.count("unsolicitedPongs")

    def _carry_out(self, order: venue.Order | venue.Refusal) -> None:
        if isinstance(order, venue.Order):
            order = self._obey(order) or order
        if isinstance(order, venue.Refusal):
            self._exchange.count("refusedOrders")
            self.send(order.body)

    def _obey(self, order: venue.Order) -> venue.Refusal | None:
        result: object = None
        if order.method == "SUBSCRIBE":
            problem = self._exchange.subscribe(self, order.streams)
            if problem:
                return venue.Refusal(self._exchange.server.refused(order, problem))
        elif order.method == "UNSUBSCRIBE":
            self._exchange.unsubscribe(self, order.streams)
        elif order.method == "LIST":
            result = list(self.streams)
        elif order.method == "GET_COMBINED":
            result = self.combined
        else:
            self.combined = order.value
            self._exchange.rewrap(self)
        self.send(self._exchange.server.accepted(order, result))
        return None

    def _tear(self) -> None:
        """Writes half of the last pending frame and ends."""
        *whole, last = self.pending
        self.pending.clear()
        if self._transport is not None:
            self._transport.write(b"".join(whole) + last[: max(1, len(last) // 2)])
        self.drop()

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > self._exchange.write_buffer_bytes_max:
            self._cut_slow()

    def _cut_slow(self) -> None:
        self._exchange.count("slowReadersCut")
        self.abort()

    def _address(self) -> str:
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return str(peer[0]) if peer else "unknown"

    def _write_protocol(self) -> None:
        if self._transport is None:
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self.drop()
