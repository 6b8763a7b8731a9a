"""A rule across fields: one sentence, said in the same words by everybody who refuses a breach.

`tickwork validate` and the operator ask its Python form; the API server asks its CEL form, which
the custom resource's definition carries. A rule that CEL cannot express, or whose cost no API
server would bear, has none: then the operator refuses what `kubectl apply` let through.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from tickwork.manifest import document
from tickwork.manifest.envelope import Shared
from tickwork.unit.model import Model

Subject = TypeVar("Subject")


@dataclasses.dataclass(frozen=True)
class Finding:
    """A mistake: where below ``spec``, and what is wrong."""

    path: document.Path
    text: str


@dataclasses.dataclass(frozen=True)
class Context:
    """What a rule may know beside the kind's spec; ``arm`` is None in a run without arms."""

    name: str
    shared: Shared
    arm: str | None


@dataclasses.dataclass(frozen=True)
class Cel:
    """A rule in CEL.

    ``at`` is the place in the object whose value is ``self`` (`spec.pipeline.consumers[]`, or
    `.*` for the values of a mapping); ``field`` is the part of it that is wrong (`.name`), where
    that is not all of it; ``detail`` is an expression of the text that follows the words.
    """

    at: str
    expression: str
    field: str = ""
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Breach:
    """Where a rule is broken, and by what; ``detail`` may repeat the rule's words in itself."""

    path: document.Path
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Rule(Generic[Subject]):
    """A rule: its words, its breaches in a subject, and its CEL.

    ``by_schema`` marks a rule that the schema itself holds (the keys of a list are unique).
    """

    words: str
    breaches: Callable[[Context, Subject], Iterable[Breach]]
    cel: tuple[Cel, ...] = ()
    by_schema: bool = False

    def findings(self, context: Context, subject: Subject) -> Iterator[Finding]:
        """Yields every breach, in the rule's words."""
        for breach in self.breaches(context, subject):
            if self.words in breach.detail:
                yield Finding(breach.path, breach.detail)
            elif breach.detail:
                yield Finding(breach.path, f"{self.words}: {breach.detail}")
            else:
                yield Finding(breach.path, self.words)


def check(rules: Iterable[Rule[Any]], context: Context, subject: Any) -> list[Finding]:
    """Returns every breach of ``rules`` in ``subject``."""
    return [each for rule in rules for each in rule.findings(context, subject)]


def written(model: type[Model], field: str, holder: str = "self") -> str:
    """Returns the CEL of a field's value as the model reads it: as written, else its default.

    ``holder`` is the CEL of the object that holds it.
    """
    info = model.model_fields[field]
    return f"{holder}.?{info.alias or field}.orValue({literal(info.default)})"


def literal(value: Any) -> str:
    """Returns a plain value as CEL writes it."""
    return json.dumps(value)
