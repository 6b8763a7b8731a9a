"""Writes the tables of docs/reference/experiment.md from the models; ``--check`` compares.

A fact is written once: what a key may hold and what it is without being written stands in the
models. Prose around the markers is written by hand.
"""

import argparse
import collections.abc
import pathlib
import sys
import types
import typing
from collections.abc import Iterator

import pydantic_core

from tickwork.kinds.pipeline import spec
from tickwork.manifest import envelope
from tickwork.unit.model import Model

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs/reference/experiment.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
ROOTS: tuple[tuple[str, type[Model]], ...] = (
    ("spec", envelope.Shared),
    ("spec.pipeline", spec.PipelineSpec),
)
LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def models_below(path: str, model: type[Model]) -> Iterator[tuple[str, type[Model]]]:
    """Yields ``model`` with its path, then every model below it, in the order of fields."""
    yield path, model
    for name, field in model.model_fields.items():
        for kind, suffix in inner_models(field.annotation):
            yield from models_below(f"{path}.{field.alias or name}{suffix}", kind)


def inner_models(annotation: object) -> Iterator[tuple[type[Model], str]]:
    """Yields the models inside ``annotation``; ``[]`` marks a list's, ``.*`` a mapping's."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation, ""
        return
    suffixes: dict[object, str] = {tuple: "[]", collections.abc.Mapping: ".*"}
    listed = suffixes.get(typing.get_origin(annotation), "")
    for part in typing.get_args(annotation):
        for kind, suffix in inner_models(part):
            yield kind, listed + suffix


def words_of(annotation: object) -> str:
    """Returns a type in words: ``integer``, ``text``, ``one of …``, ``list of …``."""
    plain = {int: "integer", float: "number", str: "text", bool: "true or false"}
    if annotation in plain:
        return plain[typing.cast("type", annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return "see below"
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return words_of(parts[0])
    if origin is typing.Literal:
        return "one of " + ", ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        return f"list of {words_of(parts[0])}"
    if origin in {types.UnionType, typing.Union}:
        return " or ".join(words_of(part) for part in parts if part is not type(None))
    if origin is not None and len(parts) == 2:
        return f"mapping of {words_of(parts[0])} to {words_of(parts[1])}"
    return "any value"


def limits_of(metadata: list[object]) -> str:
    """Returns the limits of a field: ``≥ 1, ≤ 5000``."""
    found = [
        f"{sign} {getattr(each, name):,}"
        for each in metadata
        for name, sign in LIMITS.items()
        if getattr(each, name, None) is not None
    ]
    return ", ".join(found)


def default_of(field: typing.Any) -> str:
    """Returns the value of a key that is not written."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Model):
        return "see below"
    if value is None:
        return "-"
    return f"`{pydantic_core.to_json(value).decode()}`"


def tables() -> str:
    """Returns all tables, one per model."""
    lines: list[str] = []
    seen: set[type[Model]] = set()
    for root, model in ROOTS:
        for path, each in models_below(root, model):
            if each in seen:
                continue
            seen.add(each)
            lines += [f"### `{path}`", "", *_first_sentences(each), ""]
            lines += ["| key | value | limits | default |", "|---|---|---|---|"]
            for name, field in each.model_fields.items():
                cells = (
                    f"`{field.alias or name}`",
                    words_of(field.annotation),
                    limits_of(field.metadata),
                    default_of(field),
                )
                lines.append(f"| {' | '.join(cells)} |")
            lines.append("")
    return "\n".join(lines)


def _first_sentences(model: type[Model]) -> list[str]:
    text = " ".join((model.__doc__ or "").split())
    return [text.replace("``", "`")]


def page() -> str:
    """Returns the whole page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def main() -> int:
    """Writes the page, or with ``--check`` says whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    expected = page()
    if not parser.parse_args().check:
        PAGE.write_text(expected, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == expected:
        return 0
    print(f"{PAGE.name} differs from the models: run make pages")
    return 1


if __name__ == "__main__":
    sys.exit(main())
