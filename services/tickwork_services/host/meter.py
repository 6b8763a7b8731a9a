"""What components registered to be read: counters and histograms, with their component."""

from collections.abc import Mapping
from typing import Any

from tickwork_services.host import component


class Registry:
    """All counters and histograms of one unit; read by the exporter and by the outputs."""

    def __init__(self) -> None:
        self._readers: dict[str, list[component.ReadCounters]] = {}
        self.histograms: list[Any] = []

    def meter(self, name: str) -> "ComponentMeter":
        """Returns the meter of the component ``name``."""
        return ComponentMeter(name, self)

    def add_reader(self, name: str, read: component.ReadCounters) -> None:
        """Adds a source of counters of the component ``name``."""
        self._readers.setdefault(name, []).append(read)

    def read(self) -> dict[str, dict[str, int]]:
        """Returns the cumulative counters of every component, by camelCase name."""
        return {name: _merge(readers) for name, readers in list(self._readers.items())}


class ComponentMeter:
    """The meter of one component."""

    def __init__(self, name: str, registry: Registry) -> None:
        self._name = name
        self._registry = registry

    def counters(self, read: component.ReadCounters) -> None:
        """Registers a function that returns cumulative counters by camelCase name."""
        self._registry.add_reader(self._name, read)

    def histogram(self, histogram: Any) -> None:
        """Registers a native cumulative histogram."""
        self._registry.histograms.append(histogram)


def _merge(readers: list[component.ReadCounters]) -> dict[str, int]:
    merged: dict[str, int] = {}
    for read in readers:
        counters: Mapping[str, int] = read()
        merged.update(counters)
    return merged
