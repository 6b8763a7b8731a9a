"""A venue's REST side: snapshots queued by weight, in a thread of its own.

One request is under way at a time. A ledger fed by the venue's own count decides when the next
may go; 429 and 418 are answered by the silence that was asked for.
"""

import contextlib
import dataclasses
import http.client
import socket
import ssl
import threading
from collections.abc import Callable

from tickwork import errors
from tickwork_services import clocks
from tickwork_services.components.forwarder import backoff, endpoint, ledger, limits
from tickwork_services.host import component
from tickwork_services.venues import venue

WINDOW_NS = 60_000_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to fetch; a newer one of the same instrument takes its place in the queue.

    ``essential`` is asked again until it succeeds.
    """

    instrument: int
    correlation: int
    request: venue.RestRequest
    essential: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a body, or the words of a failure (``failed``)."""

    instrument: int
    correlation: int
    requested_ns: int
    received_ns: int
    payload: bytes
    failed: bool


@dataclasses.dataclass(slots=True)
class Counts:
    """What the REST side did; cumulative."""

    requests: int = 0
    answers: int = 0
    errors: int = 0
    limited: int = 0
    superseded: int = 0
    dropped: int = 0
    high_water: int = 0
    weight_waits: int = 0


class Connector:
    """Makes connections to the REST server: direct or through a proxy, with TLS or without."""

    def __init__(
        self,
        target: endpoint.Endpoint,
        proxy: endpoint.Endpoint | None,
        context: ssl.SSLContext | None,
        timeout_seconds: float,
    ) -> None:
        self.target = target
        self._proxy = proxy
        self._context = context
        self._timeout_seconds = timeout_seconds

    def connect(self) -> http.client.HTTPConnection:
        """Returns a connection object; the socket is made with its first request."""
        near = self._proxy or self.target
        made = (
            http.client.HTTPSConnection(
                near.host, near.port, timeout=self._timeout_seconds, context=self._context
            )
            if self.target.secure
            else http.client.HTTPConnection(near.host, near.port, timeout=self._timeout_seconds)
        )
        if self._proxy is not None:
            made.set_tunnel(self.target.host, self.target.port)
        return made


class RestClient:
    """Fetches what was ``put``, one at a time, and hands every answer to ``deliver``.

    ``deliver`` is called from this thread. The queue holds at most ``queue_max`` instruments.
    """

    def __init__(
        self,
        *,
        venue_name: str,
        weight_header: str,
        connector: Connector,
        weights: ledger.WeightLedger,
        wait: backoff.Backoff,
        queue_max: int,
        deliver: Callable[[Answer], None],
        log: component.Logger,
        fail: component.Fail,
        counts: Counts,
    ) -> None:
        self.counts = counts
        self._venue_name = venue_name
        self._weight_header = weight_header
        self._connector = connector
        self._weights = weights
        self._backoff = wait
        self._queue_max = queue_max
        self._deliver = deliver
        self._log = log
        self._fail_unit = fail
        self._queue: dict[int, Wanted] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._start_ns = 0
        self._connection: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self._run, name="rest", daemon=True)

    def start_at(self, start_ns: int) -> None:
        """Begins to work on the queue at ``start_ns``."""
        self._start_ns = start_ns
        self._thread.start()

    def put(self, wanted: Wanted) -> bool:
        """Queues ``wanted``; False where the queue is full (counted, the asker asks again)."""
        with self._changed:
            if wanted.instrument in self._queue:
                self.counts.superseded += 1
            elif len(self._queue) >= self._queue_max:
                self.counts.dropped += 1
                return False
            self._queue[wanted.instrument] = wanted
            self.counts.high_water = max(self.counts.high_water, len(self._queue))
            self._changed.notify()
        return True

    def stop(self, timeout_ns: int) -> int:
        """Ends the thread, waits for it at most ``timeout_ns``; returns what was still queued."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        connection = self._connection
        # Both are read once: the thread may close and forget them at any moment.
        used = connection.sock if connection is not None else None
        if used is not None:
            # A request under way ends now instead of at its time-out.
            with contextlib.suppress(OSError):
                used.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout_ns / 1e9)
        with self._changed:
            return len(self._queue)

    def _run(self) -> None:
        try:
            self._wait_for_start()
            while (wanted := self._next()) is not None:
                self._fetch(wanted)
        except BaseException as error:  # noqa: BLE001  # the host is told and fails the unit
            self._log.error("the REST thread failed", error=repr(error))
            self._fail_unit(error)
        finally:
            self._forget_connection()

    def _wait_for_start(self) -> None:
        with self._changed:
            while not self._stopping and (wait_ns := self._start_ns - clocks.now_mono_ns()) > 0:
                self._changed.wait(wait_ns / 1e9)

    def _next(self) -> Wanted | None:
        """Waits until something may be asked for and takes it; None at the end."""
        with self._changed:
            while not self._stopping:
                if not self._queue:
                    self._changed.wait()
                    continue
                wanted = next(iter(self._queue.values()))
                wait_ns = self._weights.wait_ns(wanted.request.weight, clocks.now_mono_ns())
                if wait_ns == 0:
                    return self._queue.pop(wanted.instrument)
                self.counts.weight_waits += 1
                self._changed.wait(wait_ns / 1e9)
        return None

    def _fetch(self, wanted: Wanted) -> None:
        requested_ns = clocks.now_mono_ns()
        self._weights.spend(wanted.request.weight, requested_ns)
        self.counts.requests += 1
        try:
            status, retry_after, body = self._ask(wanted.request.path)
        except (OSError, http.client.HTTPException) as error:
            self._forget_connection()
            if not self._stopping:
                self._fail(wanted, requested_ns, f"{type(error).__name__}: {error}")
            return
        if status in limits.LIMITED:
            self._obey(wanted, status, retry_after)
        elif status != http.HTTPStatus.OK:
            self._fail(wanted, requested_ns, f"status {status}: {body[:200]!r}")
        elif len(body) > venue.REST_BYTES_MAX:
            self._forget_connection()
            self._fail(wanted, requested_ns, f"an answer of more than {venue.REST_BYTES_MAX} bytes")
        else:
            self._backoff.reset()
            self.counts.answers += 1
            self._answer(wanted, requested_ns, body, failed=False)

    def _ask(self, path: str) -> tuple[int, str | None, bytes]:
        kept = self._connection
        if kept is not None:
            try:
                return self._ask_over(kept, path)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed an idle connection: no failure, ask over a new one.
                self._forget_connection()
        self._connection = self._connector.connect()
        return self._ask_over(self._connection, path)

    def _ask_over(
        self, connection: http.client.HTTPConnection, path: str
    ) -> tuple[int, str | None, bytes]:
        path = self._connector.target.path + path
        connection.request("GET", path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = response.read(venue.REST_BYTES_MAX + 1)
        if (used := response.getheader(self._weight_header)) is not None and used.isdecimal():
            self._weights.report(int(used), clocks.now_mono_ns())
        return response.status, response.getheader("Retry-After"), body

    def _obey(self, wanted: Wanted, status: int, retry_after: str | None) -> None:
        wait_ns = limits.read_wait_ns(retry_after)
        self._weights.block(wait_ns, clocks.now_mono_ns())
        self.counts.limited += 1
        error = errors.VenueLimitError(self._venue_name, status, wait_ns)
        self._log.warning(
            "venue limit", status=status, wait_ms=wait_ns // 1_000_000, text=str(error)
        )
        self._put_back(wanted)

    def _fail(self, wanted: Wanted, requested_ns: int, reason: str) -> None:
        self.counts.errors += 1
        wait_ns = self._backoff.next_ns()
        self._weights.block(wait_ns, clocks.now_mono_ns())
        text = f"GET {wanted.request.path} from {self._connector.target.authority}: {reason}"
        self._log.warning("venue request failed", text=text, retry_ms=wait_ns // 1_000_000)
        if wanted.essential:
            self._put_back(wanted)
        self._answer(wanted, requested_ns, text.encode(), failed=True)

    def _put_back(self, wanted: Wanted) -> None:
        """Puts it first again, unless something newer of that instrument waits."""
        with self._changed:
            if wanted.instrument not in self._queue:
                self._queue = {wanted.instrument: wanted, **self._queue}

    def _answer(self, wanted: Wanted, requested_ns: int, payload: bytes, *, failed: bool) -> None:
        received_ns = clocks.now_mono_ns()
        self._deliver(
            Answer(
                wanted.instrument, wanted.correlation, requested_ns, received_ns, payload, failed
            )
        )

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
