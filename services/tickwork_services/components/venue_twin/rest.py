"""The twin's REST side: HTTP/1.1 by h11 over asyncio; depth, exchangeInfo, time, ping."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import h11

from tickwork_services.components.venue_twin import limits
from tickwork_services.venues import venue

HEAD_BYTES_MAX = 1 << 16
BODY_BYTES_MAX = 1 << 16
CONNECTIONS_MAX = 256
IDLE_NS = 60 * limits.SECOND_NS


class Counter(Protocol):
    """What REST needs of the twin around it."""

    now_ns: Callable[[], int]

    def answer(self, question: venue.Question) -> tuple[bytes, int] | venue.Refusal:
        """Returns the body of an answer and how long to hold it back, or a refusal."""

    def judge(self, address: str, weight: int) -> limits.Verdict:
        """Counts a request and says whether it is answered."""

    def unix_ns(self, mono_ns: int) -> int:
        """Returns the Unix time of a mono stamp."""


class Rest:
    """All REST connections of one twin."""

    def __init__(self, twin: Counter, server: venue.Server) -> None:
        self.twin = twin
        self.server = server
        self.counts = dict.fromkeys(
            (
                "restRequests",
                "restRefused",
                "restLimited",
                "restBanned",
                "restConnectionsRefused",
                "restConnectionErrors",
            ),
            0,
        )
        self.calls: set[Call] = set()

    def accept(self) -> "Call":
        """Makes the protocol of a new connection."""
        return Call(self)

    def sweep(self, now_ns: int) -> None:
        """Closes connections on which nothing happens."""
        for call in list(self.calls):
            if now_ns - call.heard_ns > IDLE_NS:
                call.close()

    def close(self) -> None:
        """Closes every connection."""
        for call in list(self.calls):
            call.close()


class Call(asyncio.Protocol):
    """One connection: requests one after the other, each answered before the next is read."""

    def __init__(self, rest: Rest) -> None:
        self.heard_ns = 0
        self._rest = rest
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES_MAX)
        self._transport: asyncio.Transport | None = None
        self._request: h11.Request | None = None
        self._body_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection, or refuses it where there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        self.heard_ns = self._rest.twin.now_ns()
        if len(self._rest.calls) >= CONNECTIONS_MAX:
            self._rest.counts["restConnectionsRefused"] += 1
            self._transport.close()
            return
        self._rest.calls.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        if exc is not None:
            self._rest.counts["restConnectionErrors"] += 1
        if self._timer is not None:
            self._timer.cancel()
        self._rest.calls.discard(self)

    def data_received(self, data: bytes) -> None:
        """Takes bytes; nothing that a client sends raises."""
        self.heard_ns = self._rest.twin.now_ns()
        if self._transport is None or self._transport.is_closing():
            return
        try:
            self._http.receive_data(data)
            self._read()
        except h11.RemoteProtocolError as error:
            self._fail(error.error_status_hint or 400)

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.close()

    def _read(self) -> None:
        while self._timer is None:
            event = self._http.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Request):
                self._request, self._body_bytes = event, 0
            elif isinstance(event, h11.Data):
                self._body_bytes += len(event.data)
                if self._body_bytes > BODY_BYTES_MAX:
                    self._fail(413)
                    return
            elif isinstance(event, h11.EndOfMessage) and self._request is not None:
                self._answer(self._request)
            elif isinstance(event, h11.ConnectionClosed):
                self.close()
                return

    def _answer(self, request: h11.Request) -> None:
        rest = self._rest
        rest.counts["restRequests"] += 1
        if request.method != b"GET":
            self._write(405, b'{"code":-1,"msg":"Only GET is offered."}', {})
            return
        question = rest.server.read_question(request.target.decode("ascii", "replace"))
        weight = question.weight if isinstance(question, venue.Question) else 1
        verdict = rest.twin.judge(self._address(), weight)
        headers = {"X-MBX-USED-WEIGHT-1M": str(verdict.used)}
        if verdict.status != 200:
            rest.counts["restBanned" if verdict.status == 418 else "restLimited"] += 1
            headers["Retry-After"] = str(verdict.retry_after_seconds)
            until_ms = rest.twin.unix_ns(verdict.until_ns) // 1_000_000
            refusal = rest.server.too_many_requests(verdict.status, until_ms)
            self._write(refusal.status, refusal.body, headers)
            return
        answer = rest.twin.answer(question) if isinstance(question, venue.Question) else question
        if isinstance(answer, venue.Refusal):
            rest.counts["restRefused"] += 1
            self._write(answer.status, answer.body, headers)
            return
        body, delay_ns = answer
        if not delay_ns:
            self._write(200, body, headers)
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay_ns / 1e9, self._write_late, body, headers)

    def _write_late(self, body: bytes, headers: dict[str, str]) -> None:
        self._timer = None
        self._write(200, body, headers)
        try:
            self._read()
        except h11.RemoteProtocolError as error:
            self._fail(error.error_status_hint or 400)

    def _write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        response = h11.Response(status_code=status, headers=[*head, *headers.items()])
        http = self._http
        pieces = (
            http.send(response),
            http.send(h11.Data(data=body)),
            http.send(h11.EndOfMessage()),
        )
        self._transport.write(b"".join(piece for piece in pieces if piece))
        if http.our_state is h11.MUST_CLOSE:
            self.close()
        elif http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
            self._request = None

    def _fail(self, status: int) -> None:
        """Answers what is no HTTP, where that is still possible, and ends."""
        self._rest.counts["restRefused"] += 1
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._write(status, b'{"code":-1100,"msg":"The request cannot be read."}', {})
        self.close()

    def _address(self) -> str:
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return str(peer[0]) if peer else "unknown"
