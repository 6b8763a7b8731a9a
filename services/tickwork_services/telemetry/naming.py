"""What a counter is called in Prometheus: pure, no client library.

A name has one meaning: it begins with the kind of component that counts, and ends in its unit.
"""

import dataclasses
import re
from typing import Literal

from tickwork_services.telemetry import catalogue

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_OTHER = re.compile(r"[^a-z0-9_]")
NS = 1e-9

LEVELS_BYTES = frozenset({"highWater", "capacity", "pending"})
LEVELS = LEVELS_BYTES | {"clients", "generation", "openGaps", "instruments", "holding"}


@dataclasses.dataclass(frozen=True)
class Metric:
    """One family. A sample is the counter's value times ``scale``.

    ``reason`` is the value of the label of that name, or None where the family has none.
    """

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    scale: float = 1.0
    reason: str | None = None


def is_level(counter: str) -> bool:
    """Says whether a counter's name is that of a level: ``highWater`` or ``tcpHighWater``."""
    return _is_of(counter, LEVELS)


def metric_of(owner: str, counter: str) -> Metric:
    """Returns the family of a camelCase ``counter`` of ``owner``, a kind of component.

    ``unparsed.badNumber`` is the family ``…_unparsed_by_reason`` with the reason as a label.
    """
    base, _, reason = counter.partition(".")
    told = catalogue.COUNTERS.get(owner, {}).get(f"{base}.*" if reason else base)
    text = told or f"Counter {base} of a component {owner}; the catalogue does not describe it."
    if reason:
        return Metric(_name(owner, f"{base}ByReason"), "counter", text, 1.0, snake_case(reason))
    if is_level(base):
        unit = "_bytes" if _is_of(base, LEVELS_BYTES) else ""
        return Metric(_name(owner, base) + unit, "gauge", text)
    if base.endswith("Ns"):
        return Metric(_name(owner, base[:-2]) + "_seconds", "counter", text, NS)
    return Metric(_name(owner, base), "counter", text)


def snake_case(name: str) -> str:
    """Returns ``framesDropped`` as ``frames_dropped``."""
    return _OTHER.sub("_", _CAPITAL.sub(r"_\1", name).lower())


def _is_of(counter: str, names: frozenset[str]) -> bool:
    return counter in names or any(counter.endswith(each[0].upper() + each[1:]) for each in names)


def _name(owner: str, counter: str) -> str:
    return f"tickwork_{snake_case(owner)}_{snake_case(counter)}"
