"""The normalizer: a venue's frames in, records out. The kernel does the work, in a native loop."""

import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

import tickwork_native

from tickwork.unit.settings import normalizer as normalizer_settings
from tickwork_services.host import component


class Normalizer(component.NativeStage):
    """Makes the kernel and reads what it counts."""

    settings: normalizer_settings.NormalizerSettings
    inlet_ports: ClassVar[tuple[str, ...]] = ("frames",)
    outlet_ports: ClassVar[tuple[str, ...]] = ("records",)

    async def open(self) -> None:
        """Makes the kernel and registers its hops (receive, parse)."""
        native: Any = tickwork_native
        self._kernel: Any = native.NormalizerKernel(
            self.settings.venue, list(self.settings.instruments)
        )
        for histogram in self._kernel.histograms():
            self.context.meter.histogram(histogram)

    @property
    def kernel(self) -> Any:
        """The native kernel."""
        return self._kernel

    async def start(self, stretch: component.Stretch) -> None:
        """Nothing to prepare: the loop does it all."""

    async def stop(self, drain_ns: int) -> int:
        """Nothing is left: the loop has drained."""
        return 0

    async def close(self) -> None:
        """Nothing to give back."""

    def counters(self) -> Mapping[str, int]:
        """Returns frames, records, what was unparsed by reason; cumulative."""
        kernel = getattr(self, "_kernel", None)
        return dict(kernel.counters()) if kernel is not None else {}

    def facts(self) -> Mapping[str, Any]:
        """Returns the last payloads that became no record."""
        kernel = getattr(self, "_kernel", None)
        if kernel is None:
            return {}
        kept = kernel.unparsed()
        return {"unparsed": kept[len(kept) - min(len(kept), self.settings.unparsed_kept_max) :]}
