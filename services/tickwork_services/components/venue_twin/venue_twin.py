"""The venue twin as a component: binds its ports, streams by the clock, writes the truth."""

import asyncio
import contextlib
import errno
import gc
import ssl
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from tickwork import errors
from tickwork.unit.settings import venue_twin as settings_of
from tickwork_services import clocks, venues
from tickwork_services.components.venue_twin import (
    exchange,
    faults,
    market,
    programme,
    rest,
    session,
    strikes,
    truth,
)
from tickwork_services.host import component

TURN_MESSAGES_MAX = 256
"""Messages rendered and written before other work of the loop gets its turn."""

SWEEP_NS = 50_000_000
DRAIN_STEP_NS = 5_000_000
GOODBYE_STEPS_MAX = 40
"""So many drain steps clients have to let go when the twin ends."""

FLUSH_NS = 500_000_000
LATE_NS = 100_000_000
"""A turn whose last message goes this long after its due instant is counted as late."""


class VenueTwin(component.Component):
    """A Daemon: WebSocket and REST of one venue, on the host's loop.

    Connections are accepted from ``open`` to ``close``; market data flows between the start and
    the stop instant of a stretch. ``now_ns`` is the clock of limits and lifetimes.
    """

    def __init__(
        self,
        settings: settings_of.VenueTwinSettings,
        context: component.Context,
        now_ns: Callable[[], int] = clocks.now_mono_ns,
    ) -> None:
        super().__init__(settings, context)
        self.addresses: dict[str, str] = {}
        self._settings = settings
        self._now_ns = now_ns
        self._server = venues.SERVERS[settings.venue]
        self._exchange = exchange.Exchange(settings, self._server, now_ns)
        self._source, self._desk = programme.make(settings, self._server, self._exchange, now_ns)
        self._rest = rest.Rest(self._desk, self._server)
        self._schedule = faults.Schedule((), settings.instruments)
        self._strikes = strikes.Strikes(self._schedule, self._exchange, settings.oversized_bytes)
        self._listeners: list[asyncio.Server] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._truth: truth.TruthFile | None = None
        self._counts = dict.fromkeys(("messages", "lateTurns", "truthRows"), 0)
        self._past = {"injectedFaults": 0, "injectedEvents": 0, "corruptedTruths": 0}
        self._sent = 0

    async def open(self) -> None:
        """Binds both ports and renders ahead where the rate asks for it."""
        if self._listeners:
            return
        self.context.meter.counters(self.counters)
        context = self._tls_context()
        await self._listen("websocket", self._exchange.accept, context)
        await self._listen("rest", self._rest.accept, context)
        await asyncio.to_thread(self._source.load)
        if self._source.rate > session.LIVE_RATE_MAX:
            await self._render(int(self._settings.prerendered_seconds * self._source.rate))
        self._tasks["sweep"] = self._watch(self._sweep())

    async def start(self, stretch: component.Stretch) -> None:
        """Arms the schedule of faults and begins to stream at the start instant."""
        if "stream" in self._tasks:
            return
        self._take_past()
        self._schedule = faults.Schedule(self._settings.faults, self._settings.instruments)
        self._strikes = strikes.Strikes(
            self._schedule, self._exchange, self._settings.oversized_bytes
        )
        # Without an end there is nobody to collect the truth, and a disk to fill.
        self._truth = (
            None
            if stretch.stop_ns is None
            else truth.TruthFile(stretch.directory, self._settings.corrupt_truth_every)
        )
        self._source.rewind()
        self._desk.begin(self._schedule, self._write_truth, stretch.unix_map)
        self._tasks["stream"] = self._watch(self._stream(stretch))

    async def stop(self, drain_ns: int) -> int:
        """Ends the stretch; returns on how many lines something is left unsent."""
        task = self._tasks.pop("stream", None)
        if task is not None:
            await self._end(task)
            self._strikes.finish()
            self._exchange.flush(self._now_ns())
            self._desk.end()
        if self._truth is not None:
            self._truth.close()
        for _ in range(drain_ns // DRAIN_STEP_NS):
            if not self._exchange.unsent_lines():
                break
            await asyncio.sleep(DRAIN_STEP_NS / 1e9)
        return self._exchange.unsent_lines()

    async def close(self) -> None:
        """Ends connections and gives the ports back."""
        await self.stop(0)
        if (task := self._tasks.pop("sweep", None)) is not None:
            await self._end(task)
        self._exchange.close()
        self._rest.close()
        for _ in range(GOODBYE_STEPS_MAX):
            if self._exchange.empty:
                break
            await asyncio.sleep(DRAIN_STEP_NS / 1e9)
        self._exchange.abort()
        for listener in self._listeners:
            listener.close()
            await listener.wait_closed()
        self._listeners.clear()

    def counters(self) -> Mapping[str, int]:
        """Returns what was sent, refused and injected."""
        injected = self._schedule.counters()
        corrupted = self._truth.corrupted if self._truth else 0
        return {
            **self._exchange.counts,
            **self._rest.counts,
            **self._desk.counts,
            **self._counts,
            "injectedFaults": self._past["injectedFaults"] + injected["injectedFaults"],
            "injectedEvents": self._past["injectedEvents"] + injected["injectedEvents"],
            "corruptedTruths": self._past["corruptedTruths"] + corrupted,
            "rendered": self._source.rendered,
            **self._source.counts,
        }

    def facts(self) -> Mapping[str, Any]:
        """Returns the faults of the last stretch with what they hit, and the addresses.

        Where it is asked for, what went out on each line; in a replay, how far it came.
        """
        facts: dict[str, Any] = {
            "faults": [injection.fact() for injection in self._schedule.injections],
            "addresses": dict(self.addresses),
        }
        if self._exchange.sent is not None:
            facts["lines"] = self._exchange.sent.facts()
        return {**facts, **self._source.facts()}

    async def _listen(
        self,
        name: str,
        accept: Callable[[], asyncio.BaseProtocol],
        context: ssl.SSLContext | None,
    ) -> None:
        address = self.context.spec.listens.get(name, "127.0.0.1:0")
        host, _, port = address.rpartition(":")
        loop = asyncio.get_running_loop()
        try:
            listener = await loop.create_server(
                accept, host.strip("[]") or "127.0.0.1", int(port), ssl=context
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise errors.PortTakenError(f"The venue twin ({name})", address) from error
            raise errors.MissingError(
                f"The venue twin cannot listen on {address} ({name}): {error}.",
                "Give it an address of this machine.",
            ) from error
        bound = listener.sockets[0].getsockname()
        self.addresses[name] = f"{bound[0]}:{bound[1]}"
        self._listeners.append(listener)

    def _tls_context(self) -> ssl.SSLContext | None:
        file = self._settings.tls_certificate_file
        if file is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(file, self._settings.tls_key_file)
        except (OSError, ssl.SSLError) as error:
            raise errors.InputError(
                f"Loading the twin's certificate from {file!r} failed: {error}.",
                "Name PEM files with a certificate and its key.",
            ) from error
        return context

    async def _render(self, messages: int) -> None:
        while self._source.rendered < messages:
            self._source.render(min(messages, self._source.rendered + TURN_MESSAGES_MAX))
            await asyncio.sleep(0)
        # The collector would look through the whole stock again and again while it is sent.
        gc.freeze()

    def _watch(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Starts a task whose failure fails the unit."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._report)
        return task

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.context.fail(error)

    async def _stream(self, stretch: component.Stretch) -> None:
        """Sends what is due, message by message; what came due late goes at once, none is left."""
        self._sent = 0
        flushed_ns = stretch.start_ns
        await clocks.sleep_until(stretch.start_ns)
        while True:
            now_ns = clocks.now_mono_ns()
            ended = stretch.stop_ns is not None and now_ns >= stretch.stop_ns
            elapsed_ns = now_ns - stretch.start_ns
            if stretch.stop_ns is not None:
                elapsed_ns = min(elapsed_ns, stretch.stop_ns - stretch.start_ns - 1)
            due = self._turn(elapsed_ns)
            if now_ns - flushed_ns >= FLUSH_NS and self._truth is not None:
                self._truth.flush()
                flushed_ns = now_ns
            if self._sent < due:
                await asyncio.sleep(0)
            elif ended:
                return
            else:
                due_ns = stretch.start_ns + self._source.due_ns(self._sent)
                await clocks.sleep_until(min(due_ns, now_ns + SWEEP_NS))

    def _turn(self, elapsed_ns: int) -> int:
        """Strikes faults and sends messages that are due; returns how many are due in all."""
        due = self._source.due_count(elapsed_ns)
        unix_ns = clocks.now_unix_ns()
        limit = due
        next_ns = self._schedule.next_ns
        if next_ns is not None and next_ns <= elapsed_ns:
            limit = min(due, self._source.count_before(next_ns))
            if self._schedule.strikes(elapsed_ns, caught_up=self._sent >= limit):
                for injection in self._schedule.advance(next_ns):
                    self._exchange.flush(self._now_ns())
                    self._strikes.strike(injection, self._now_ns(), unix_ns)
                return due + 1
        self._send(min(limit, self._sent + TURN_MESSAGES_MAX), unix_ns)
        if elapsed_ns - self._source.due_ns(max(0, self._sent - 1)) > LATE_NS:
            self._counts["lateTurns"] += 1
        self._strikes.release_due(self._now_ns())
        self._exchange.flush(self._now_ns())
        return due + 1 if limit < due else due

    def _send(self, until: int, unix_ns: int) -> None:
        stamp = b"%d" % (unix_ns // 1_000_000)
        venue, struck = self._exchange, self._strikes
        for _ in range(until - self._sent):
            message = self._source.next()
            if message.truth:
                self._write_truth(message.truth)
            self._desk.note(message)
            if message.instrument < 0:
                venue.publish_everywhere(message.parts[0])
                continue
            groups = venue.listeners(message)
            if not groups:
                continue
            payload = stamp.join(message.parts)
            if struck.concerns(message):
                struck.publish(message, groups, payload, unix_ns)
            else:
                venue.publish(groups, payload)
        self._counts["messages"] += max(0, until - self._sent)
        self._sent = max(self._sent, until)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_NS / 1e9)
            now_ns = self._now_ns()
            self._strikes.release_due(now_ns)
            self._exchange.flush(now_ns)
            self._exchange.sweep(now_ns)
            self._rest.sweep(now_ns)

    async def _end(self, task: asyncio.Task[None]) -> None:
        """Ends a task; what it failed of is raised here."""
        if not task.done():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def _write_truth(self, row: bytes) -> None:
        """Writes one row, or the two of a diff that brought a snapshot with it."""
        if self._truth is None:
            return
        for at in range(0, len(row), market.TRUTH.size):
            self._counts["truthRows"] += 1
            self._truth.write(row[at : at + market.TRUTH.size])

    def _take_past(self) -> None:
        for name, value in self._schedule.counters().items():
            self._past[name] += value
        self._past["corruptedTruths"] += self._truth.corrupted if self._truth else 0
