"""What the manifest is told about a kind: its spec, and the rules across its fields."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from tickwork.manifest import document
from tickwork.manifest.envelope import Shared
from tickwork.unit.model import Model


@dataclasses.dataclass(frozen=True)
class Finding:
    """A breach of a rule: where below ``spec``, and what is wrong."""

    path: document.Path
    text: str


@dataclasses.dataclass(frozen=True)
class Context:
    """What a rule may know beside the kind's spec; ``arm`` is None in a run without arms."""

    name: str
    shared: Shared
    arm: str | None


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of Experiment: the key in ``spec``, its model, and its cross-field rules.

    ``check`` gets the context and an instance of ``spec``; fields whose values were mistakes hold
    their defaults there. ``groups`` gets an instance of ``spec`` and returns the names of the
    groups that it makes, without an arm.
    """

    name: str
    spec: type[Model]
    check: Callable[[Context, Any], list[Finding]]
    groups: Callable[[Any], tuple[str, ...]]


Kinds = Mapping[str, Kind]
