"""The normalizer: a venue's frames in, records out. The kernel does the work, in a native loop."""

from collections.abc import Mapping
from typing import Any, ClassVar

import tickwork_native

from tickwork.unit.settings import normalizer as normalizer_settings
from tickwork_services.host import component
from tickwork_services.venues import venue


class Normalizer(component.NativeStage):
    """Makes the kernel and reads what it counts."""

    settings: normalizer_settings.NormalizerSettings
    inlet_ports: ClassVar[tuple[str, ...]] = ("frames",)
    outlet_ports: ClassVar[tuple[str, ...]] = ("records",)

    def __init__(
        self, settings: normalizer_settings.NormalizerSettings, context: component.Context
    ) -> None:
        super().__init__(settings, context)
        self._kernel: tickwork_native.NormalizerKernel | None = None

    async def open(self) -> None:
        """Makes the kernel and registers its hops (receive, parse)."""
        self._kernel = tickwork_native.NormalizerKernel(
            self.settings.venue,
            self.settings.instruments,
            # Messages are bounded where they are read; an answer of REST may be longer.
            snapshot_limit=self.settings.snapshot_limit,
            payload_bytes_max=max(self.settings.frame_bytes_max, venue.REST_BYTES_MAX),
        )
        for histogram in self._kernel.histograms():
            self.context.meter.histogram(histogram)

    @property
    def kernel(self) -> tickwork_native.NormalizerKernel:
        """The native kernel."""
        if self._kernel is None:
            raise RuntimeError("the normalizer was asked for its kernel before it was opened")
        return self._kernel

    async def start(self, stretch: component.Stretch) -> None:
        """Nothing to prepare: the loop does it all."""

    async def stop(self, drain_ns: int) -> int:  # noqa: ARG002 — the loop has drained
        """Nothing is left: the loop has drained."""
        return 0

    async def close(self) -> None:
        """Nothing to give back."""

    def counters(self) -> Mapping[str, int]:
        """Returns frames, records, what was unparsed by reason; cumulative."""
        return {} if self._kernel is None else self._kernel.counters()

    def facts(self) -> Mapping[str, Any]:
        """Returns the last payloads that became no record."""
        if self._kernel is None:
            return {}
        kept = self._kernel.unparsed()
        kept = kept[max(0, len(kept) - self.settings.unparsed_kept_max) :]
        return {"unparsed": [{**each, "excerpt": _text(each["excerpt"])} for each in kept]}


def _text(excerpt: bytes | str) -> str:
    return excerpt if isinstance(excerpt, str) else excerpt.decode(errors="backslashreplace")
