"""Counters as Prometheus text: read at the scrape, outside every hot loop."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import prometheus_client
import prometheus_client.core
import prometheus_client.registry

from tickwork_services.telemetry import histograms as native_histograms

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
Counters = Mapping[str, Mapping[str, int]]


class _Collector(prometheus_client.registry.Collector):
    """Turns counters by component into one metric family per counter name."""

    def __init__(self, counters: Counters, labels: Mapping[str, str]) -> None:
        self._counters = counters
        self._labels = labels

    def collect(self) -> Iterator[prometheus_client.core.Metric]:
        """Yields one family per counter name, one sample per component."""
        names = sorted({name for each in self._counters.values() for name in each})
        for name in names:
            family = prometheus_client.core.CounterMetricFamily(
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
    """Returns the page /metrics: counters by component, then the hops' histograms."""
    registry = prometheus_client.CollectorRegistry(auto_describe=False)
    registry.register(_Collector(counters, labels))
    page: bytes = prometheus_client.generate_latest(registry)
    return page + native_histograms.render(histograms, labels)
