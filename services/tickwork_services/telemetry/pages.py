"""The unit's HTTP pages, served by one thread: /metrics, /healthz, /readyz."""

import dataclasses
import errno
import http.server
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tickwork import errors
from tickwork_services import clocks

# From the connection to the end of its answer: a client that sends a byte now and then gets no
# more, and many of them do not keep a probe from its answer.
REQUEST_NS_MAX = 5_000_000_000
REQUESTS_MAX = 32
LOOK_SECONDS = 0.2
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclasses.dataclass(frozen=True)
class Answer:
    """Yes or no, and why not."""

    good: bool
    reason: str = ""


class Pages:
    """Serves until closed; at most 32 requests at a time, each at most five seconds long.

    ``address`` is ``host:port``. ``metrics`` is given the counters of the pages themselves.
    Raises PortTakenError.
    """

    def __init__(
        self,
        address: str,
        metrics: Callable[[Mapping[str, int]], bytes],
        healthy: Callable[[], Answer],
        ready: Callable[[], Answer],
    ) -> None:
        host, _, port = address.rpartition(":")
        handler = _make_handler(metrics, healthy, ready)
        try:
            self._server = _Server((host.strip("[]"), int(port)), handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise errors.PortTakenError("The metrics page", address) from error
            raise
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": LOOK_SECONDS},
            name="pages",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and gives the port back; requests under way are cut."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    """One thread a request; each connection has its bound, and so has their number.

    ``refused`` counts connections that were closed unanswered: too many, too slow, or gone.
    """

    # A request that hangs holds up no end.
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: Callable[..., Any]) -> None:
        self.refused = 0
        self._lock = threading.Lock()
        self._since_ns: dict[socket.socket, int] = {}
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Takes a connection in, or closes it where there are too many."""
        with self._lock:
            room = len(self._since_ns) < REQUESTS_MAX
            if room:
                self._since_ns[request] = clocks.now_mono_ns()
            self.refused += not room
        if room:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Forgets the connection and closes it."""
        with self._lock:
            self._since_ns.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Cuts connections whose time is over; called at least five times a second."""
        self._cut(clocks.now_mono_ns() - REQUEST_NS_MAX)

    def server_close(self) -> None:
        """Gives the port back and cuts what is under way."""
        super().server_close()
        self._cut(clocks.now_mono_ns())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Counts a client that went away in mid-answer; any other error is told in full."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
        with self._lock:
            self.refused += request in self._since_ns

    def _cut(self, older_than_ns: int) -> None:
        with self._lock:
            late = [each for each, since_ns in self._since_ns.items() if since_ns <= older_than_ns]
            for request in late:
                del self._since_ns[request]
                self.refused += 1
                _shut(request)


def _shut(request: socket.socket) -> None:
    """Ends both directions: whoever reads or writes it wakes up; the closing is theirs."""
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The client was faster.
        return


def _make_handler(
    metrics: Callable[[Mapping[str, int]], bytes],
    healthy: Callable[[], Answer],
    ready: Callable[[], Answer],
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        server: _Server

        def do_GET(self) -> None:
            """Answers one of three pages."""
            if self.path == "/metrics":
                own = {"refused": self.server.refused}
                self._send(200, metrics(own), METRICS_TYPE)
            elif self.path == "/healthz":
                self._say(healthy())
            elif self.path == "/readyz":
                self._say(ready())
            else:
                self._send(404, b"There are /metrics, /healthz and /readyz.\n", "text/plain")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: a scrape every second is no event."""

        def _say(self, answer: Answer) -> None:
            text = "ok" if answer.good else answer.reason
            self._send(200 if answer.good else 503, f"{text}\n".encode(), "text/plain")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
