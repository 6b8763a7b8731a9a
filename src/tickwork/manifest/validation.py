"""Checks plain values against a model and reports every mistake, not only the first kind.

A wrong value is reported and then left out, so that the model can be built from the rest and the
rules across fields still find what is wrong with it.
"""

import copy
import dataclasses
import difflib
import json
import re
import types
import typing
from typing import Any, Generic, TypeVar

import pydantic

from tickwork.manifest import document
from tickwork.manifest.rule import Finding
from tickwork.unit.model import Model

AnyModel = TypeVar("AnyModel", bound=Model)

# Every round leaves something out; nothing written by hand is nested deeper than this.
ROUNDS_MAX = 64

# What is said of a field that no model has begins with these words.
UNKNOWN_FIELD = "unknown field"

# A wrong value is shown up to here.
SHOWN_MAX = 80

_TYPES = {
    "int_type": "integer",
    "int_parsing": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "bool_type": "boolean",
    "string_type": "string",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "mapping_type": "object",
    "tuple_type": "array",
}
_WORDS = {
    "string_pattern_mismatch": "should match '{pattern}'",
    "string_too_long": "may not be more than {max_length} characters",
    "string_too_short": "should be at least {min_length} chars long",
    "too_long": "must have at most {max_length} items",
    "too_short": "should have at least {min_length} items",
}


@dataclasses.dataclass(frozen=True)
class Checked(Generic[AnyModel]):
    """A model built from what was right, and what was not.

    ``instance`` is None where something that has no default is missing or wrong. Paths in
    ``findings`` are those of the value as it was given; ``place`` turns a path in ``instance``
    into one of them.
    """

    instance: AnyModel | None
    findings: tuple[Finding, ...]
    removed: dict[document.Path, set[int]]

    def place(self, path: document.Path) -> document.Path:
        """Returns where in the given value the place ``path`` of the instance stood."""
        return _restore(path, self.removed)


def check(model: type[AnyModel], value: Any, beside: tuple[str, ...] = ()) -> Checked[AnyModel]:
    """Validates ``value`` (plain types, camelCase keys) strictly against ``model``.

    ``beside`` names keys that may stand beside the model's own and are checked elsewhere.
    """
    rest = copy.deepcopy(value)
    findings: dict[document.Path, Finding] = {}
    removed: dict[document.Path, set[int]] = {}
    for _ in range(ROUNDS_MAX):
        try:
            instance = model.model_validate_json(json.dumps(rest), strict=True, by_name=False)
            return Checked(instance, tuple(findings.values()), removed)
        except pydantic.ValidationError as error:
            problems = error.errors(include_url=False)
        for problem in problems:
            path = _restore(_path(problem["loc"]), removed)
            # What is missing because its inside was wrong and left out was told already.
            is_told = any(
                path[: len(each)] == each
                or (problem["type"] == "missing" and each[: len(path)] == path)
                for each in findings
            )
            if not is_told:
                findings[path] = Finding(path, _explain(model, path, dict(problem), beside))
        if not _leave_out(rest, problems, removed):
            break
    return Checked(None, tuple(findings.values()), removed)


def _path(loc: tuple[int | str, ...]) -> document.Path:
    return tuple(part for part in loc if part != "[key]")


def _restore(path: document.Path, removed: dict[document.Path, set[int]]) -> document.Path:
    made: document.Path = ()
    for part in path:
        if isinstance(part, int):
            for gone in sorted(removed.get(made, ())):
                part += 1 if gone <= part else 0  # noqa: PLW2901
        made = (*made, part)
    return made


def _leave_out(rest: Any, problems: list[Any], removed: dict[document.Path, set[int]]) -> bool:
    """Takes the wrong places out of ``rest``, last first; says whether there were any."""
    found = {_present(rest, _path(problem["loc"])) for problem in problems} - {()}
    outermost = [
        place for place in found if not any(place[:n] in found for n in range(1, len(place)))
    ]
    originals = {place: _restore(place, removed) for place in outermost}
    for place in sorted(outermost, key=lambda path: [str(part).zfill(9) for part in path])[::-1]:
        del _walk(rest, place[:-1])[place[-1]]
        last = originals[place][-1]
        if isinstance(last, int):
            removed.setdefault(originals[place][:-1], set()).add(last)
    return bool(outermost)


def _present(rest: Any, place: document.Path) -> document.Path:
    """Returns ``place``, or the nearest place around it that is there (a key may be missing)."""
    for length in range(len(place), 0, -1):
        holder, part = _walk(rest, place[: length - 1]), place[length - 1]
        is_key = isinstance(holder, dict) and part in holder
        if is_key or (isinstance(holder, list) and isinstance(part, int) and part < len(holder)):
            return place[:length]
    return ()


def _walk(value: Any, path: document.Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _explain(
    model: type[Model], path: document.Path, problem: dict[str, Any], beside: tuple[str, ...]
) -> str:
    if problem["type"] == "extra_forbidden":
        known = _fields_at(model, path[:-1])
        return UNKNOWN_FIELD + _suggest(
            str(path[-1]), known if path[:-1] else sorted([*known, *beside])
        )
    if problem["type"] == "missing":
        return "is required and missing"
    text = _in_words(problem)
    given = problem.get("input")
    shown = json.dumps(given) if not isinstance(given, dict | list) else type(given).__name__
    if len(shown) > SHOWN_MAX:
        shown = f"{shown[:SHOWN_MAX]}… ({len(shown)} characters)"
    return f"{text[0].lower()}{text[1:]}; it is {shown}"


def _in_words(problem: dict[str, Any]) -> str:
    """Returns what is wrong in the words that an API server has for it (``kinds.crd``)."""
    kind, context = str(problem["type"]), problem.get("ctx", {})
    if kind == "literal_error":
        values = re.findall("'([^']*)'", str(context["expected"]))
        return f"supported values: {', '.join(json.dumps(each) for each in values)}"
    if kind in _TYPES:
        return f"must be of type {_TYPES[kind]}"
    if kind in _WORDS:
        return _WORDS[kind].format(**context)
    return str(problem["msg"]).replace("Input should", "should")


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known here: {', '.join(known)}" if known else ""


def _fields_at(model: type[Model], path: document.Path) -> list[str]:
    """Returns the camelCase names of the fields of the model at ``path``."""
    here: Any = model
    for part in path:
        here = _step(here, part)
    here = _without_null(here)
    if isinstance(here, type) and issubclass(here, pydantic.BaseModel):
        return sorted(_outside(here, name) for name in here.model_fields)
    return []


def _outside(model: type[pydantic.BaseModel], name: str) -> str:
    return model.model_fields[name].alias or name


def _step(annotation: Any, part: str | int) -> Any:
    """Returns the annotation of ``part`` of a model, a list or a mapping; None if there is none."""
    here = _without_null(annotation)
    if isinstance(here, type) and issubclass(here, pydantic.BaseModel):
        fields = {_outside(here, name): field for name, field in here.model_fields.items()}
        return fields[str(part)].annotation if str(part) in fields else None
    inside = typing.get_args(here)
    return inside[0 if isinstance(part, int) else -1] if inside else None


def _without_null(annotation: Any) -> Any:
    """Returns what stands beside None in a union, else the annotation itself."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return next(each for each in typing.get_args(annotation) if each is not type(None))
    return annotation
