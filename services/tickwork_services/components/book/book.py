"""The book: keeps order books in step with their venue and proves them, in a native loop."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tickwork_native

from tickwork import run_directory
from tickwork.unit.settings import book as book_settings
from tickwork_services import clocks
from tickwork_services.host import component
from tickwork_services.record import layout

LIVE_SHARE_MIN = 0.9
SERIES = ("liveNs", "gaps", "resyncs")
"""The counters of an instrument that are kept once a second."""


class Book(component.NativeStage):
    """Makes the kernel; adds the time LIVE of each stretch and a proof file a stretch."""

    settings: book_settings.BookSettings
    inlet_ports: ClassVar[tuple[str, ...]] = ("records", "images")
    outlet_ports: ClassVar[tuple[str, ...]] = ("records", "requests")

    def __init__(self, settings: book_settings.BookSettings, context: component.Context) -> None:
        super().__init__(settings, context)
        self._kernel: tickwork_native.BookKernel | None = None
        self._measured = Measured()
        self._mark: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Makes the kernel and registers the hop ``book``."""
        settings = self.settings
        venue = layout.VENUE_IDS[settings.venue]
        self._kernel = tickwork_native.BookKernel(
            instruments=[(symbol, venue) for symbol in settings.instruments],
            depth=settings.depth,
            stale_after_ns=settings.stale_after_ms * 1_000_000,
            request_timeout_ns=settings.snapshot_retry_ms * 1_000_000,
            buffered_deltas_max=settings.buffered_deltas_max,
            has_ticker_proof="ticker" in settings.proof,
        )
        self.context.meter.histogram(self._kernel.histograms()[0])

    @property
    def kernel(self) -> tickwork_native.BookKernel:
        """The native kernel."""
        if self._kernel is None:
            raise RuntimeError("the book was asked for its kernel before it was opened")
        return self._kernel

    async def start(self, stretch: component.Stretch) -> None:
        """Begins the stretch's proof file; the time LIVE is counted from ``measure_from_ns``."""
        if "truth" in self.settings.proof:
            self.kernel.write_proof(stretch.directory / run_directory.PROOF)
        self._measured = Measured()
        self._measured.resyncs_before = len(self.kernel.resyncs_ns())
        self._mark = asyncio.create_task(self._measure_from(stretch.measure_from_ns))

    async def stop(self, drain_ns: int) -> int:  # noqa: ARG002 — the loop has drained
        """Brings proof rows to the disk and ends the measuring. Nothing is left over."""
        if self._mark is not None:
            self._mark.cancel()
            self._mark = None
        if self._kernel is not None:
            self._measured.end(clocks.now_mono_ns(), self._kernel.instrument_counters())
            self._kernel.flush()
        return 0

    async def close(self) -> None:
        """Gives the task back; the kernel goes with its loop."""
        if self._mark is not None:
            self._mark.cancel()
            self._mark = None

    def counters(self) -> Mapping[str, int]:
        """Returns updates, gaps, resyncs, tickers compared and so on, over all instruments."""
        return {} if self._kernel is None else self._kernel.counters()

    def facts(self) -> Mapping[str, Any]:
        """Returns per instrument state, time LIVE while measured, gaps, resyncs, tickers."""
        kernel = self._kernel
        if kernel is None:
            return {}
        now_ns = clocks.now_mono_ns()
        counters = kernel.instrument_counters()
        live_ns = self._measured.live_ns(counters)
        instruments = [
            {**status, **counts, "liveNsMeasured": live}
            for status, counts, live in zip(kernel.status(), counters, live_ns, strict=True)
        ]
        resyncs_ns = kernel.resyncs_ns()[self._measured.resyncs_before :]
        return {
            "instruments": instruments,
            "measuredNs": self._measured.measured_ns(now_ns),
            "resyncMs": [each / 1e6 for each in resyncs_ns],
            "proofFailure": kernel.proof_failure,
        }

    def books(self) -> Mapping[str, Mapping[str, Any]]:
        """Returns per instrument its state, and how long it was LIVE, gaps, resyncs so far."""
        if self._kernel is None:
            return {}
        return {
            status["instrument"]: {"state": status["state"]} | {key: counts[key] for key in SERIES}
            for status, counts in zip(
                self._kernel.status(), self._kernel.instrument_counters(), strict=True
            )
        }

    def serving(self) -> component.Serving:
        """Serves while the stated share of books is LIVE."""
        states = [each["state"] for each in self.kernel.status()]
        live = states.count("LIVE")
        if live >= LIVE_SHARE_MIN * len(states):
            return component.Serving(True)
        return component.Serving(False, f"{live} of {len(states)} books are LIVE")

    async def _measure_from(self, measure_from_ns: int) -> None:
        await clocks.sleep_until(measure_from_ns)
        self._measured.begin(clocks.now_mono_ns(), self.kernel.instrument_counters())


class Measured:
    """The measured part of one stretch: from when, until when, and time LIVE at both ends."""

    def __init__(self) -> None:
        self._from_ns: int | None = None
        self._until_ns: int | None = None
        self._before: Sequence[int] = ()
        self._after: Sequence[int] | None = None
        self.resyncs_before = 0

    def begin(self, now_ns: int, counters: Sequence[Mapping[str, int]]) -> None:
        """Notes the time LIVE of every instrument where the measuring begins."""
        self._from_ns = now_ns
        self._before = _live(counters)

    def end(self, now_ns: int, counters: Sequence[Mapping[str, int]]) -> None:
        """Notes the same where the stretch ends; later time does not count."""
        if self._until_ns is None:
            self._until_ns = now_ns
            self._after = _live(counters)

    def measured_ns(self, now_ns: int) -> int:
        """Returns how long was measured, up to now or to the end."""
        if self._from_ns is None:
            return 0
        return (self._until_ns or now_ns) - self._from_ns

    def live_ns(self, counters: Sequence[Mapping[str, int]]) -> list[int]:
        """Returns the time LIVE of each instrument since the measuring began; 0 before."""
        if self._from_ns is None:
            return [0] * len(counters)
        after = self._after if self._after is not None else _live(counters)
        return [now - before for now, before in zip(after, self._before, strict=True)]


def _live(counters: Sequence[Mapping[str, int]]) -> list[int]:
    return [each["liveNs"] for each in counters]
