"""The unit's HTTP pages, served by one thread: /metrics, /healthz, /readyz."""

import dataclasses
import errno
import http.server
import threading
from collections.abc import Callable

from tickwork import errors

REQUEST_SECONDS_MAX = 5.0
METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8"


@dataclasses.dataclass(frozen=True)
class Answer:
    """Yes or no, and why not."""

    good: bool
    reason: str = ""


class Pages:
    """Serves until closed; one request at a time, each at most five seconds long.

    ``address`` is ``host:port``. Raises PortTakenError.
    """

    def __init__(
        self,
        address: str,
        metrics: Callable[[], bytes],
        healthy: Callable[[], Answer],
        ready: Callable[[], Answer],
    ) -> None:
        host, _, port = address.rpartition(":")
        handler = _make_handler(metrics, healthy, ready)
        try:
            self._server = http.server.HTTPServer((host.strip("[]"), int(port)), handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise errors.PortTakenError("The metrics page", address) from error
            raise
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.2},
            name="pages",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and gives the port back."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _make_handler(
    metrics: Callable[[], bytes], healthy: Callable[[], Answer], ready: Callable[[], Answer]
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS_MAX

        def do_GET(self) -> None:
            """Answers one of three pages."""
            if self.path == "/metrics":
                self._send(200, metrics(), METRICS_TYPE)
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
