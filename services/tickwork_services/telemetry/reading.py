"""What a unit says of itself at one scrape: plain data, gathered by the host."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

Counters = Mapping[str, Mapping[str, int]]


@dataclasses.dataclass(frozen=True)
class Reading:
    """Everything that one page of metrics shows.

    ``counters`` are by name of component and ``kinds`` says of which kind each is; ``links`` are
    by ``<link>.<inlet|outlet>``; ``histograms`` by name of component; ``books`` by instrument.
    ``info`` are texts, ``values`` the unit's own numbers by their names in Prometheus.
    """

    labels: Mapping[str, str]
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    counters: Counters = dataclasses.field(default_factory=dict)
    links: Counters = dataclasses.field(default_factory=dict)
    books: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    histograms: Mapping[str, Sequence[Any]] = dataclasses.field(default_factory=dict)
    info: Mapping[str, str] = dataclasses.field(default_factory=dict)
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)
    state: str = ""
    block: str | None = None
