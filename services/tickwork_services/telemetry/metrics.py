"""Counters as Prometheus text: read at the scrape, outside every hot loop."""

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tickwork_services.telemetry import histograms as native_histograms

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
Counters = Mapping[str, Mapping[str, int]]


class _Collector:
    """Turns counters by component into one metric family per counter name."""

    def __init__(self, core: Any, counters: Counters, labels: Mapping[str, str]) -> None:
        self._core = core
        self._counters = counters
        self._labels = labels

    def collect(self) -> Iterator[Any]:
        """Yields one family per counter name, one sample per component."""
        names = sorted({name for each in self._counters.values() for name in each})
        for name in names:
            family = self._core.CounterMetricFamily(
                metric_name(name),
                f"Counter {name} of a component.",
                labels=[*self._labels, "component"],
            )
            for component, counters in self._counters.items():
                if name in counters:
                    family.add_metric([*self._labels.values(), component], counters[name])
            yield family


def metric_name(counter: str) -> str:
    """Returns the Prometheus name of a camelCase counter: ``tickwork_frames_dropped``."""
    return "tickwork_" + re.sub(r"[^a-z0-9_]", "_", _CAPITAL.sub(r"_\1", counter).lower())


def render(counters: Counters, histograms: Sequence[Any], labels: Mapping[str, str]) -> bytes:
    """Returns the page /metrics: counters by component, then the hops' histograms.

    The client library is loaded at the first scrape: a unit that nobody scrapes does not pay.
    """
    client = importlib.import_module("prometheus_client")
    registry = client.CollectorRegistry(auto_describe=False)
    registry.register(
        _Collector(importlib.import_module("prometheus_client.core"), counters, labels)
    )
    page: bytes = client.generate_latest(registry)
    return page + native_histograms.render(histograms, labels)
