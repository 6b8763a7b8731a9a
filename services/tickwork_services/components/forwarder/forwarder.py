"""The forwarder: reads a venue over its lines, stamps and numbers every frame, fetches snapshots.

Here: the component that puts the room's parts together. It connects at Start, not at Open.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import tickwork_native

from tickwork import errors
from tickwork.unit.settings import forwarder as forwarder_settings
from tickwork_services import clocks, venues
from tickwork_services.components.forwarder import (
    assembly,
    endpoint,
    ledger,
    loop,
    requests,
    rest,
    session,
    stamps,
    tally,
    unparsed,
)
from tickwork_services.host import component

REST_STOP_NS = 500_000_000


class Forwarder(component.Component):
    """Reads one venue; what it counts goes on over Blocks, what it connects does not."""

    settings: forwarder_settings.ForwarderSettings

    def __init__(
        self, settings: forwarder_settings.ForwarderSettings, context: component.Context
    ) -> None:
        super().__init__(settings, context)
        self._side = venues.CLIENTS[settings.venue]
        self._tally = tally.Tally(settings.lines)
        self._log = unparsed.UnparsedLog(session.REASONS, settings.unparsed_kept_max)
        self._weights = ledger.WeightLedger(self._side.limits.weight_per_minute, rest.WINDOW_NS)
        self._attempts = ledger.WindowLedger(
            self._side.limits.connection_attempts, self._side.limits.attempts_window_ns
        )
        self._plan: assembly.Assembly | None = None
        self._outlet: loop.FrameOutlet | None = None
        self._stamping: socket.socket | None = None
        self._loop: loop.SocketLoop | None = None
        self._rest: rest.RestClient | None = None

    async def open(self) -> None:
        """Checks addresses and certificates, makes the outlet of frames; connects nothing."""
        self._outlet = self.make_outlet()
        if self.settings.kernel_stamps:
            self._stamping = stamps.hold_stamping()
        self._plan = assembly.Assembly(
            settings=self.settings,
            side=self._side,
            websocket_endpoint=self._endpoint("websocket", self._side.websocket_url),
            rest_endpoint=self._endpoint("rest", self._side.rest_url),
            proxy=endpoint.parse_proxy(self.settings.proxy),
            context=self._tls_context(),
            attempts=self._attempts,
            weights=self._weights,
            counts=self._tally,
            unparsed_log=self._log,
            log=self.context.log,
            fail=self.context.fail,
        )

    async def start(self, stretch: component.Stretch) -> None:
        """Starts the threads; lines connect at ``stretch.start_ns``."""
        plan, outlet = self._opened()
        inlet = self.context.inlets.get("requests")
        made = loop.SocketLoop(outlet, inlet, self.context.log, self.context.fail)
        self._loop = made
        self._rest = plan.make_rest(made.deliver)
        lines = plan.make_lines(made)
        made.start(lines, self._want, stretch.start_ns)
        self._rest.put(plan.information())
        self._rest.start_at(stretch.start_ns)

    async def stop(self, drain_ns: int) -> int:
        """Closes lines by handshake, ends the threads; returns requests that got no answer."""
        left = 0
        if self._rest is not None:
            left = await asyncio.to_thread(self._rest.stop, min(drain_ns, REST_STOP_NS))
            self._rest = None
        ended = self._loop
        if ended is not None:
            await asyncio.to_thread(ended.stop, drain_ns)
            self._loop = None
            self._tally.note_loop(ended)
        return left

    async def close(self) -> None:
        """Gives everything back."""
        await self.stop(0)
        if self._plan is not None:
            self._plan.close()
            self._plan = None
        if self._stamping is not None:
            self._stamping.close()
            self._stamping = None

    def counters(self) -> Mapping[str, int]:
        """Returns what was read, dropped, merged, lost, asked; cumulative."""
        running = self._loop
        merged = dict(self._outlet.counters()) if self._outlet is not None else {}
        return {
            "framesDropped": merged.pop("dropped", 0),
            **merged,
            **self._tally.counters(self._log.counts()),
            "turns": self._tally.turns + (0 if running is None else running.turns),
            "pauses": self._tally.pauses + (0 if running is None else running.pauses),
            "weightSpent": self._weights.spent,
        }

    def facts(self) -> Mapping[str, Any]:
        """Returns the lines with their wins and reconnects, limits, and what was unparsed."""
        statistics = self._outlet.line_statistics() if self._outlet is not None else []
        return {
            "lines": self._tally.lines(statistics),
            "kernelStampBoundNs": self._tally.stamps.bound_ns,
            "restQueueHighWater": self._tally.rest.high_water,
            "weightUsed": self._weights.used(clocks.now_mono_ns()),
            "weightMax": self._side.limits.weight_per_minute,
            "unparsed": self._log.samples(),
        }

    def serving(self) -> component.Serving:
        """Serves while at least one line is live."""
        running = self._loop
        if running is None:
            return component.Serving(False, "not started")
        if running.failure is not None:
            return component.Serving(False, f"the socket loop ended: {running.failure!r}")
        if running.lines_live == 0:
            return component.Serving(False, "no line of the venue is live")
        return component.Serving(True)

    def make_outlet(self) -> loop.FrameOutlet:
        """Makes the native outlet over the pipe ``frames``."""
        writer = self.context.outlets["frames"].native()
        if writer is None:
            raise errors.PlanError(
                f"Opening {self.context.spec.name}: its outlet 'frames' has no native pipe.",
                "Use shm or memory for this link: frames are merged and dropped natively.",
            )
        return tickwork_native.FrameOutlet(
            writer,
            self.settings.venue,
            list(self.settings.instruments),
            # A line and its replacement are two sources to the merging, see line.Identity.
            2 * self.settings.lines,
            self.settings.hold_ms * 1_000_000,
            self._tap(),
        )

    def _tap(self) -> object | None:
        """Returns the pipe of a recorder, where one is wired: it may lose, never hold up."""
        outlet = self.context.outlets.get("record")
        return None if outlet is None else outlet.native()

    def _want(self, wanted: requests.SnapshotRequest) -> None:
        if self._rest is None or self._plan is None:
            return
        for each in self._plan.snapshots(wanted):
            self._rest.put(each)

    def _opened(self) -> tuple[assembly.Assembly, loop.FrameOutlet]:
        if self._plan is None or self._outlet is None:
            raise errors.LifecycleError(f"{self.context.spec.name} was started before it was open.")
        return self._plan, self._outlet

    def _endpoint(self, port: str, url: str) -> endpoint.Endpoint:
        path = self._side.websocket_path if port == "websocket" else ""
        address = self.context.spec.connects.get(port)
        if address is None:
            return endpoint.parse(url, path)
        return endpoint.parse(address, path, secure=self.settings.tls)

    def _tls_context(self) -> ssl.SSLContext:
        return endpoint.tls_context(self.settings.ca_file)
