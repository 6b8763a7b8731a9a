"""``tickwork keep DIR``: hands a finished run directory out, once it is concluded, for a while."""

import argparse
import http.server
import pathlib
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tickwork import clock, errors
from tickwork.local import interruption
from tickwork_cli import archive

EXAMPLES = """\
examples:
  tickwork keep /run/tickwork/run --listen 127.0.0.1:8080 --seconds 3600

It waits until DIR holds the file .concluded, or whoever wrote it was killed; then it serves for
--seconds:
  GET  /run.tar          the whole directory, as one tar stream
  GET  /run.tar.sha256   the SHA-256 of that stream, in hex
  GET  /healthz          ok, or "waiting" before the run is concluded
  POST /fetched          ends it: whoever asked has everything

exit codes:
  0 fetched, or the time was over, or told to end   1 never concluded   5 the port is taken
"""

CONCLUSION_SECONDS_MAX = 7 * 86_400
REQUESTS_MAX = 4
# A reader that takes nothing for so long is gone.
SILENT_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("directory", type=pathlib.Path, metavar="DIR")
    parser.add_argument(
        "--listen",
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="where to serve (default: 127.0.0.1:8080, for a port-forward)",
    )
    parser.add_argument(
        "--seconds",
        type=int,
        default=3600,
        metavar="N",
        help="how long after the conclusion (default: 3600)",
    )


def execute(options: argparse.Namespace) -> int:
    """Serves until somebody has fetched the run, or the time is over."""
    keeper = Keeper(options.directory, options.listen)
    wish = interruption.Interruption(lambda: None)
    try:
        with interruption.listening(wish):
            return _wait(keeper, options.seconds, wish)
    finally:
        keeper.close()


def _wait(keeper: "Keeper", seconds: int, wish: interruption.Interruption) -> int:
    def is_over() -> bool:
        return keeper.fetched.is_set() or wish.is_set

    print(f"waiting for {keeper.root} to be concluded, on {keeper.address}", flush=True)
    if not _look(lambda: keeper.is_concluded or is_over(), CONCLUSION_SECONDS_MAX):
        print(f"never concluded within {CONCLUSION_SECONDS_MAX} s", flush=True)
        return errors.RunError.exit_code
    if keeper.is_concluded:
        whole = not archive.is_abandoned(keeper.root)
        said = "concluded" if whole else "given up by its writer: what there is"
        print(f"{said}; kept for {seconds} s", flush=True)
        _look(is_over, seconds)
    print("fetched" if keeper.fetched.is_set() else "not fetched", flush=True)
    return 0


def _look(done: Callable[[], bool], seconds: int) -> bool:
    """Waits until ``done`` or for ``seconds``; says whether it is done."""
    deadline_ns = clock.now_mono_ns() + seconds * 1_000_000_000
    while not done():
        if clock.now_mono_ns() >= deadline_ns:
            return False
        clock.sleep(int(LOOK_SECONDS * 1e9))
    return True


class Keeper:
    """Serves ``root`` on ``address`` (``host:port``) until closed; raises PortTakenError."""

    def __init__(self, root: pathlib.Path, address: str) -> None:
        self.root = root
        self.address = address
        self.fetched = threading.Event()
        self._lock = threading.Lock()
        self._measure: archive.Measure | None = None
        host, _, port = address.rpartition(":")
        if not port.isdecimal():
            raise errors.InputError(f"Serving on {address!r}: it is not host:port.")
        try:
            self._server = _Server((host, int(port)), _make_handler(self))
        except OSError as error:
            raise errors.PortTakenError("The keeper", address) from error
        self.address = "{}:{}".format(*self._server.server_address[:2])
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": LOOK_SECONDS},
            name="keeper",
            daemon=True,
        )
        self._thread.start()

    @property
    def is_concluded(self) -> bool:
        """Whether nothing is added to the run any more."""
        return archive.is_concluded(self.root)

    def measure(self) -> archive.Measure:
        """Returns the stream's length and digest, found once."""
        with self._lock:
            if self._measure is None:
                self._measure = archive.measure(self.root)
            return self._measure

    def close(self) -> None:
        """Gives the port back; streams under way are cut."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    """At most four requests at a time; another is closed unanswered."""

    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        self._room = threading.BoundedSemaphore(REQUESTS_MAX)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Takes a connection in, or closes it where there are too many."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answers one connection and makes room again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()


def _make_handler(keeper: Keeper) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = SILENT_SECONDS_MAX

        def do_GET(self) -> None:
            """Answers health, the digest or the stream."""
            if self.path == "/healthz":
                self._say(HTTPStatus.OK, "ok" if keeper.is_concluded else "waiting")
            elif self.path not in ("/run.tar", "/run.tar.sha256"):
                self._say(HTTPStatus.NOT_FOUND, "There are /run.tar, /run.tar.sha256, /healthz.")
            elif not keeper.is_concluded:
                self._say(HTTPStatus.SERVICE_UNAVAILABLE, "The run is not concluded yet.")
            elif self.path == "/run.tar":
                self._stream()
            else:
                self._say(HTTPStatus.OK, keeper.measure().sha256)

        def do_POST(self) -> None:
            """Ends the keeper once somebody has everything."""
            if self.path != "/fetched":
                self._say(HTTPStatus.NOT_FOUND, "There is /fetched.")
            elif not keeper.is_concluded:
                self._say(HTTPStatus.CONFLICT, "The run is not concluded yet.")
            else:
                self._say(HTTPStatus.OK, "ok")
                keeper.fetched.set()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: probes come every few seconds."""

        def _stream(self) -> None:
            self._begin(HTTPStatus.OK, "application/x-tar", keeper.measure().size_bytes)
            try:
                archive.write(keeper.root, self.wfile)
            except OSError as error:
                # The reader sees fewer bytes than were promised, and asks again.
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                print(f"a fetch broke off: {error}", flush=True)

        def _say(self, status: HTTPStatus, text: str) -> None:
            body = f"{text}\n".encode()
            self._begin(status, "text/plain; charset=utf-8", len(body))
            self.wfile.write(body)

        def _begin(self, status: HTTPStatus, kind: str, size_bytes: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(size_bytes))
            self.end_headers()

    return Handler
