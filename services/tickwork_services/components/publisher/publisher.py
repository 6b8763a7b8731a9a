"""The publisher: books to this machine's memory (its kernel's broadcast) and to TCP (a bridge)."""

from collections.abc import Mapping
from typing import Any, ClassVar

import tickwork_native

from tickwork import errors
from tickwork.unit.settings import publisher as publisher_settings
from tickwork_services.host import bridge, component
from tickwork_services.record import layout

BROADCAST = "book"
SERVED = "tcp"


class Publisher(component.NativeStage):
    """Makes the kernel with its segment; every other broadcast is bridged from that segment."""

    settings: publisher_settings.PublisherSettings
    inlet_ports: ClassVar[tuple[str, ...]] = ("records",)
    outlet_ports: ClassVar[tuple[str, ...]] = (BROADCAST, "images")
    own_ports: ClassVar[frozenset[str]] = frozenset({BROADCAST, SERVED})

    def __init__(
        self, settings: publisher_settings.PublisherSettings, context: component.Context
    ) -> None:
        super().__init__(settings, context)
        self._kernel: Any = None
        self._bridge: bridge.Bridge | None = None

    async def open(self) -> None:
        """Makes or takes over the segment, and begins to serve TCP where that is wired."""
        settings = self.settings
        venue = layout.VENUE_IDS[settings.venue]
        path = self._segment_path()
        native: Any = tickwork_native
        self._kernel = native.PublisherKernel(
            path,
            settings.name,
            [(symbol, venue) for symbol in settings.instruments],
            settings.ring_slots,
            settings.depth_bytes,
            settings.depth,
        )
        for histogram in self._kernel.histograms():
            self.context.meter.histogram(histogram)
        served = self.context.outlets.get(SERVED)
        if served is not None:
            served.open()
            self._bridge = bridge.Bridge(path, served, settings.instruments, self.context.fail)
            self._bridge.start()

    @property
    def kernel(self) -> Any:
        """The native kernel, which owns the broadcast."""
        return self._kernel

    async def start(self, stretch: component.Stretch) -> None:
        """Nothing to prepare: the loop publishes, the bridge follows."""

    async def stop(self, drain_ns: int) -> int:  # noqa: ARG002 — the loop has drained
        """Nothing is left: the loop has drained, and the bridge follows what was published."""
        return 0

    async def close(self) -> None:
        """Ends the bridge, then marks the end of the stream in the segment."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        served = self.context.outlets.get(SERVED)
        if served is not None:
            served.close()
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None

    def counters(self) -> Mapping[str, int]:
        """Returns what was published; for TCP its clients, those cut, and what the bridge lost."""
        kernel = self._kernel
        if kernel is None:
            return {}
        counters = dict(kernel.counters())
        served = self.context.outlets.get(SERVED)
        if served is not None:
            counters |= {_tcp_name(name): value for name, value in served.counters().items()}
        if self._bridge is not None:
            counters["tcpBridgeLost"] = self._bridge.lost
        return counters

    def _segment_path(self) -> str:
        for end in self.context.spec.outlets:
            if end.port == BROADCAST:
                return end.address
        raise errors.InputError(
            f"Opening {self.context.spec.name}: it has no outlet {BROADCAST!r}.",
            "A publisher needs one shm broadcast; plan the experiment again.",
        )


def _tcp_name(name: str) -> str:
    return f"tcp{name[0].upper()}{name[1:]}"
