"""A unit's reading as Prometheus text: made at the scrape, outside every hot loop."""

import importlib
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from tickwork.unit import unit as units
from tickwork_services.telemetry import catalogue, naming, reading
from tickwork_services.telemetry import histograms as native_histograms

# The order of the states' numbers in records and segments.
BOOK_STATES = ("EMPTY", "SYNCING", "LIVE", "GAP", "STALE", "CLOSED")
_COUNTED_VALUES = frozenset({"tickwork_unit_cpu_seconds"})


def render(read: reading.Reading) -> bytes:
    """Returns the page /metrics of ``read``.

    The client library is loaded at the first scrape: a unit that nobody scrapes does not pay.
    """
    client = importlib.import_module("prometheus_client")
    registry = client.CollectorRegistry(auto_describe=False)
    registry.register(_Collector(importlib.import_module("prometheus_client.core"), read))
    page: bytes = client.generate_latest(registry)
    return page + native_histograms.render(read.histograms, read.labels)


class _Collector:
    """Yields the families of one reading."""

    def __init__(self, core: Any, read: reading.Reading) -> None:
        self._core = core
        self._read = read

    def collect(self) -> Iterator[Any]:
        """Yields every family once: components, links, hops, books, then the unit itself."""
        families = _Families(self._core, self._read.labels)
        _add_components(families, self._read)
        _add_links(families, self._read)
        _add_hops(families, self._read)
        _add_instruments(families, self._read)
        _add_unit(families, self._read)
        return iter(families.made.values())


class _Families:
    """Families by name; a sample that is added makes its family where it is not there."""

    def __init__(self, core: Any, labels: Mapping[str, str]) -> None:
        self._core = core
        self._labels = labels
        self.made: dict[str, Any] = {}

    def add(self, metric: naming.Metric, value: float, labels: Mapping[str, str]) -> None:
        """Adds one sample with the unit's labels and its own."""
        family = self.made.get(metric.name)
        if family is None:
            made = (
                self._core.CounterMetricFamily
                if metric.kind == "counter"
                else self._core.GaugeMetricFamily
            )
            family = made(metric.name, metric.help, labels=[*self._labels, *labels])
            self.made[metric.name] = family
        family.add_metric([*self._labels.values(), *labels.values()], value * metric.scale)

    def gauge(self, name: str, text: str, value: float, **labels: str) -> None:
        """Adds one sample of a gauge."""
        self.add(naming.Metric(name, "gauge", text), value, labels)

    def counter(self, name: str, text: str, value: float, **labels: str) -> None:
        """Adds one sample of a counter; its name ends in ``_total`` on the page."""
        self.add(naming.Metric(name, "counter", text), value, labels)


def _add_components(families: _Families, read: reading.Reading) -> None:
    for component, counters in read.counters.items():
        for counter, value in counters.items():
            metric = naming.metric_of(read.kinds.get(component, component), counter)
            told = {} if metric.reason is None else {"reason": metric.reason}
            families.add(metric, value, {"component": component, **told})


def _add_links(families: _Families, read: reading.Reading) -> None:
    for name, counters in read.links.items():
        link, _, end = name.rpartition(".")
        for counter, value in counters.items():
            families.add(naming.metric_of("link", counter), value, {"link": link, "end": end})


def _add_hops(families: _Families, read: reading.Reading) -> None:
    for component, histograms in read.histograms.items():
        for each in histograms:
            for what in ("negative", "saturated"):
                name = f"tickwork_hop_{what}"
                value = getattr(each, what)
                families.counter(
                    name, catalogue.HOP[name], value, hop=each.name, component=component
                )


def _add_instruments(families: _Families, read: reading.Reading) -> None:
    for instrument, book in read.books.items():
        state = BOOK_STATES.index(book["state"])
        families.gauge(
            "tickwork_instrument_state", catalogue.INSTRUMENT_STATE, state, instrument=instrument
        )
        for counter, value in book.items():
            if counter != "state":
                metric = naming.metric_of("instrument", counter)
                families.add(metric, value, {"instrument": instrument})


def _add_unit(families: _Families, read: reading.Reading) -> None:
    told = catalogue.UNIT
    families.gauge("tickwork_unit_info", told["tickwork_unit_info"], 1, **read.info)
    for state in typing.get_args(units.StateName):
        name = "tickwork_unit_state"
        families.gauge(name, told[name], float(state == read.state), state=state)
    if read.block is not None:
        families.gauge("tickwork_unit_block", told["tickwork_unit_block"], 1, block=read.block)
    for name, value in read.values.items():
        add = families.counter if name in _COUNTED_VALUES else families.gauge
        add(name, told[name], value)
