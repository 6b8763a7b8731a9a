"""The consumer: reads tops from any inlet in a thread of its own, checks them, records its hops."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import tickwork_native

from tickwork.unit.settings import consumer as consumer_settings
from tickwork_services.components.consumer import check, hops
from tickwork_services.host import component
from tickwork_services.link import link

READ_NS = 20_000_000
INLET = "book"


class Consumer(component.Component):
    """Reads ``book`` from start to stop; what it counts and measures goes on over Blocks."""

    settings: consumer_settings.ConsumerSettings

    def __init__(
        self, settings: consumer_settings.ConsumerSettings, context: component.Context
    ) -> None:
        super().__init__(settings, context)
        self._inlet: link.Inlet = context.inlets[INLET]
        self._check = check.Check(len(settings.instruments))
        self._hops: hops.Hops | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._lost = 0

    async def open(self) -> None:
        """Makes and registers the hops ``read`` and ``endToEnd``."""
        made = hops.Hops(tickwork_native.Histogram("read"), tickwork_native.Histogram("endToEnd"))
        self._hops = made
        self.context.meter.histogram(made.read)
        self.context.meter.histogram(made.end_to_end)

    async def start(self, stretch: component.Stretch) -> None:  # noqa: ARG002 — it reads at once
        """Starts the reading thread; it is there before the first record."""
        self._check.begin()
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._thread.start()

    async def stop(self, drain_ns: int) -> int:  # noqa: ARG002 — one last look is a drain
        """Reads what is there and ends the thread; a broadcast leaves nothing over."""
        self._ending.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        return 0

    async def close(self) -> None:
        """Ends the thread where it still runs."""
        await self.stop(0)

    def counters(self) -> Mapping[str, int]:
        """Returns received, lost, laps, gaps, malformed, crossed, statuses, tornLines."""
        linked = self._inlet.counters()
        counters = self._check.counters()
        counters["malformed"] += linked.get("malformed", 0)
        return {
            **counters,
            "lost": self._lost,
            "laps": linked.get("laps", 0),
            "tornLines": linked.get("tornLines", 0),
            "writerDeaths": linked.get("writerDeaths", 0),
        }

    def facts(self) -> Mapping[str, Any]:
        """Returns the last state that was read of every instrument."""
        return {"states": self._check.states(self.settings.instruments)}

    def serving(self) -> component.Serving:
        """Serves as soon as a record has come."""
        if self._check.received:
            return component.Serving(True)
        return component.Serving(False, "no record has come yet")

    def _run(self) -> None:
        clock = tickwork_native.fast_clock()
        try:
            while not self._ending.is_set():
                self._take(self._inlet.read(READ_NS), clock.now_ns())
            while (batch := self._inlet.read(0)).records:
                self._take(batch, clock.now_ns())
        except Exception as error:  # noqa: BLE001 — a thread's error ends the unit
            self.context.fail(error)

    def _take(self, batch: link.Batch, now_ns: int) -> None:
        self._lost += batch.lost
        if not batch.records or self._hops is None:
            return
        tops = self._check.take(batch.data, batch.records, batch.lost)
        if tops:
            self._hops.take(tops, now_ns)
