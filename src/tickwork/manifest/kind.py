"""What the manifest is told about a kind: its spec, and the rules across its fields."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from tickwork.manifest.rule import Rule
from tickwork.unit.model import Model


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of Experiment: the key in ``spec``, its model, and its cross-field rules.

    Rules get an instance of ``spec``; fields whose values were mistakes hold their defaults there.
    ``groups`` returns the names of the groups that an instance makes, without an arm; ``is_group``
    is the same in CEL, for a name ``g`` where ``self`` is the object's ``spec``.
    """

    name: str
    spec: type[Model]
    rules: tuple[Rule[Any], ...]
    groups: Callable[[Any], tuple[str, ...]]
    is_group: str


Kinds = Mapping[str, Kind]
