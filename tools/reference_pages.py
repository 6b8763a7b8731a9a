"""Writes the tables of docs/reference from the models; ``--check`` compares.

A fact is written once: what a key may hold and what it is without being written stands in the
models. Prose around the markers is written by hand.
"""

import argparse
import collections.abc
import pathlib
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator

import pydantic_core

from tickwork.kinds import crd, structural, validations
from tickwork.kinds.pipeline import spec
from tickwork.manifest import envelope, status
from tickwork.unit.model import Model

REFERENCE = pathlib.Path(__file__).resolve().parents[1] / "docs/reference"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
ROOTS: tuple[tuple[str, type[Model]], ...] = (
    ("spec", envelope.Shared),
    ("spec.pipeline", spec.PipelineSpec),
)
LIMITS = {
    "ge": "≥",
    "gt": ">",
    "le": "≤",
    "lt": "<",
    "min_length": "length ≥",
    "max_length": "length ≤",
}


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


def experiment_tables() -> str:
    """Returns all tables of a manifest, one per model."""
    lines: list[str] = []
    seen: set[type[Model]] = set()
    for root, model in ROOTS:
        for path, each in models_below(root, model):
            if each not in seen:
                seen.add(each)
                lines += [f"### `{path}`", "", structural.outside(each.__doc__ or ""), ""]
                lines += _table(("key", "value", "limits", "default"), _fields(each))
    return "\n".join(lines)


def _fields(model: type[Model]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        yield (
            f"`{field.alias or name}`",
            words_of(field.annotation),
            limits_of(field.metadata),
            default_of(field),
        )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def custom_resource_tables() -> str:
    """Returns the tables of the custom resource: rules, columns, status."""
    lines = ["## Rules across fields", ""]
    lines += _table(("of", "words", "refused at apply"), _rules())
    lines += ["## Columns", "", f"Field selectors: {', '.join(f'`{x}`' for x in crd.SELECTABLE)}."]
    lines += ["", *_table(("column", "says", "path", "shown"), _columns())]
    lines += ["## Status", ""]
    lines += [f"Conditions: {', '.join(status.CONDITIONS)}. Phases: {', '.join(status.PHASES)}."]
    lines += [""]
    for path, each in models_below("status", status.Status):
        lines += [f"### `{path}`", "", structural.outside(each.__doc__ or ""), ""]
        lines += _table(("key", "value"), (row[:2] for row in _fields(each)))
    return "\n".join(lines)


def _rules() -> Iterator[tuple[str, ...]]:
    for owner, rule in validations.table():
        at = "yes" if rule.cel or rule.by_schema else "no, by the operator"
        yield f"`{owner}`", rule.words.replace("|", "\\|"), at


def _columns() -> Iterator[tuple[str, ...]]:
    for each in crd.COLUMNS:
        shown = "with `-o wide`" if each.is_wide else "always"
        yield each.name, each.says, f"`{each.path}`", shown


PAGES: dict[str, Callable[[], str]] = {
    "experiment.md": experiment_tables,
    "custom-resource.md": custom_resource_tables,
}


def pages() -> dict[pathlib.Path, str]:
    """Returns every page as it should be."""
    made = {}
    for name, tables in PAGES.items():
        text = (REFERENCE / name).read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        made[REFERENCE / name] = f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"
    return made


def main() -> int:
    """Writes the pages, or with ``--check`` says whether they are as they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    is_check, code = parser.parse_args().check, 0
    for path, expected in pages().items():
        if not is_check:
            path.write_text(expected, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != expected:
            print(f"{path.name} differs from the models: run make pages")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
