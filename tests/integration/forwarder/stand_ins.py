"""A small venue on real sockets and the other things a forwarder needs, for tests only."""

import asyncio
import collections
import contextlib
import dataclasses
import http.server
import json
import pathlib
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from tickwork_services import clocks
from tickwork_services.components.forwarder import forwarder
from tickwork_services.host import component
from tickwork_services.link import link
from websockets.asyncio import server

from tickwork.unit import unit as units
from tickwork.unit.settings.forwarder import ForwarderSettings

ABSENT = -(2**63)
TEXT, BINARY, REST, OPENED, CLOSED, ERROR = range(6)


def wait_until(true: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Polls until ``true()`` is truthy and returns that; fails with ``what`` otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.005)
    raise AssertionError(f"not within {seconds} s: {what}")


@dataclasses.dataclass(frozen=True)
class Seen:
    line: int
    connection: int
    kind: int
    kernel_ns: int
    received_ns: int
    payload: bytes
    requested_ns: int
    correlation: int
    instrument: int


class Frames:
    """Keeps what the native outlet would be given; full from ``room`` data frames on."""

    def __init__(self, room: int | None = None) -> None:
        self.seen: list[Seen] = []
        self.room = room
        self.dropped = 0
        self.ticks = 0

    def on_frame(
        self,
        line: int,
        connection: int,
        kind: int,
        kernel_ns: int,
        received_ns: int,
        payload: bytes,
        requested_ns: int = -(2**63),
        correlation: int = 0,
        instrument: int = 0xFFFF,
    ) -> int:
        if self.room is not None and len(self.seen) >= self.room:
            self.dropped += 1
            return 2
        self.seen.append(
            Seen(
                line,
                connection,
                kind,
                kernel_ns,
                received_ns,
                bytes(payload),
                requested_ns,
                correlation,
                instrument,
            )
        )
        return 0

    def tick(self, now_ns: int) -> None:
        self.ticks += 1

    def reset(self) -> None:
        pass

    def counters(self) -> dict[str, int]:
        return {"frames": len(self.seen) + self.dropped, "dropped": self.dropped}

    def line_statistics(self) -> list[Any]:
        return []

    def of(self, kind: int, line: int | None = None) -> list[Seen]:
        return [each for each in list(self.seen) if each.kind == kind and line in (None, each.line)]

    def payloads(self, line: int | None = None) -> list[bytes]:
        return [each.payload for each in self.of(TEXT, line)]


class Requests(link.Inlet):
    """An inlet that a test fills with records."""

    name = "requests"

    def __init__(self) -> None:
        self._batches: collections.deque[bytes] = collections.deque()

    def ask(self, instrument: int, correlation: int) -> None:
        record = bytearray(128)
        record[8] = 8
        record[12:14] = instrument.to_bytes(2, "little")
        record[120:128] = correlation.to_bytes(8, "little")
        self._batches.append(bytes(record))

    def open(self) -> None:
        pass

    def read(self, timeout_ns: int) -> link.Batch:
        if not self._batches:
            return link.Batch(memoryview(b""), 0)
        data = self._batches.popleft()
        return link.Batch(memoryview(data), len(data) // 128)

    def pending(self) -> int:
        return sum(map(len, self._batches))

    def close(self) -> None:
        pass


class Log:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **fields: self.lines.append((level, event, fields))


class Meter:
    def counters(self, read: Any) -> None:
        pass

    def histogram(self, histogram: Any) -> None:
        pass


class Forwarder(forwarder.Forwarder):
    """The forwarder over a stand-in outlet."""

    frames: Frames

    def make_outlet(self) -> Frames:
        return self.frames


@dataclasses.dataclass
class Bench:
    """A forwarder that runs in this process, with all that a test looks at."""

    forwarder: Forwarder
    frames: Frames
    requests: Requests
    log: Log
    failures: list[BaseException]
    venue: Any = None
    opened: bool = False
    settings: Any = None
    reader: Any = None

    def start(self, directory: pathlib.Path, in_ns: int = 0) -> None:
        if not self.opened:
            asyncio.run(self.forwarder.open())
            self.opened = True
        now_ns = clocks.now_mono_ns() + in_ns
        stretch = component.Stretch(
            0, "main", "", now_ns, now_ns, None, directory, clocks.measure_unix_map(1)
        )
        asyncio.run(self.forwarder.start(stretch))

    def counts(self, **wanted: int) -> None:
        """Waits until each named counter has the wanted value."""
        wait_until(
            lambda: wanted.items() <= dict(self.forwarder.counters()).items(),
            f"counters {wanted}, log {self.log.lines}",
        )

    def stop(self, drain_ns: int = 2_000_000_000) -> int:
        return asyncio.run(self.forwarder.stop(drain_ns))


def make_bench(connects: dict[str, str], frames: Frames | None = None, **settings: Any) -> Bench:
    settings = {
        "venue": "binance-usdm",
        "instruments": ("BTCUSDT", "ETHUSDT"),
        "tls": False,
        **settings,
    }
    frames = frames or Frames()
    inlet, log = Requests(), Log()
    spec = units.ComponentSpec(
        name="forwarder", component="forwarder", settings={}, connects=connects
    )
    unit: Any = None
    failures: list[BaseException] = []
    context = component.Context(unit, spec, {"requests": inlet}, {}, Meter(), log, failures.append)
    made = Forwarder(ForwarderSettings(**settings), context)
    made.frames = frames
    return Bench(made, frames, inlet, log, failures, settings=settings)


class Venue:
    """A websockets server in a thread; each connection is driven by ``script``.

    ``script(connection)`` is a coroutine that runs after the subscription was accepted.
    """

    def __init__(self, script: Any, refuse: str | None = None, **options: Any) -> None:
        self._script = script
        self._refuse = refuse
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.connections: list[server.ServerConnection] = []
        self.subscribed: list[list[str]] = []
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._loop.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def run(self, coroutine: Any) -> Any:
        """Runs ``coroutine`` in the server's loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        options = {"ping_interval": None, "compression": None, "close_timeout": 1, **self._options}
        async with server.serve(self._handle, "127.0.0.1", self.port, **options) as serving:
            self.port = next(iter(serving.sockets)).getsockname()[1]
            self._started.set()
            await self._stopped.wait()

    async def _handle(self, connection: server.ServerConnection) -> None:
        self.connections.append(connection)
        with contextlib.suppress(Exception):
            asked = json.loads(await connection.recv())
            self.subscribed.append(asked["params"])
            if self._refuse is not None:
                error = {"code": 2, "msg": self._refuse}
                await connection.send(json.dumps({"error": error, "id": asked["id"]}))
                await connection.wait_closed()
                return
            await connection.send(json.dumps({"result": None, "id": asked["id"]}))
            await self._script(connection)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-request is what some tests are about."""


class RestVenue:
    """An HTTP server in a thread; ``answers`` maps a path's beginning to a function."""

    def __init__(
        self,
        answer: Callable[[str], tuple[int, dict[str, str], bytes]],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.paths: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.paths.append(self.path)
                status, headers, body = answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def answer_ok(path: str) -> tuple[int, dict[str, str], bytes]:
    """Answers everything at weight 1."""
    body = b'{"lastUpdateId":1,"bids":[],"asks":[]}' if "depth" in path else b'{"symbols":[]}'
    return 200, {"X-MBX-USED-WEIGHT-1M": "1"}, body
