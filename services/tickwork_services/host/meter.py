"""What components registered to be read: counters and histograms, with their component."""

from collections.abc import Mapping
from typing import Any

from tickwork_services.host import component


class Registry:
    """All counters and histograms of one unit; read by the exporter and by the outputs."""

    def __init__(self) -> None:
        self._readers: dict[str, list[component.ReadCounters]] = {}
        self._histograms: dict[str, list[Any]] = {}

    def meter(self, name: str) -> "ComponentMeter":
        """Returns the meter of the component ``name``."""
        return ComponentMeter(name, self)

    def add_reader(self, name: str, read: component.ReadCounters) -> None:
        """Adds a source of counters of the component ``name``."""
        self._readers.setdefault(name, []).append(read)

    def add_histogram(self, name: str, histogram: Any) -> None:
        """Adds a native cumulative histogram of the component ``name``."""
        self._histograms.setdefault(name, []).append(histogram)

    @property
    def histograms(self) -> list[Any]:
        """All histograms, in the order of their components' registration."""
        return [each for listed in self._histograms.values() for each in listed]

    def histograms_by_component(self) -> dict[str, tuple[Any, ...]]:
        """Returns the histograms by the name of the component that registered them."""
        return {name: tuple(listed) for name, listed in list(self._histograms.items())}

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
        self._registry.add_histogram(self._name, histogram)


def _merge(readers: list[component.ReadCounters]) -> dict[str, int]:
    merged: dict[str, int] = {}
    for read in readers:
        counters: Mapping[str, int] = read()
        merged.update(counters)
    return merged
