"""Lays single values over a document: ``--set path=value`` and the ``set`` of an arm.

A path starts below ``spec``; a number in it is an index of a list. The value is read as YAML, so
``pipeline.book.depth=5`` is a number and ``pipeline.venue.instruments=[BTCUSDT]`` a list. Whether
the path means anything is decided by the validation that follows.
"""

import copy
import re
from typing import Any

from tickwork import errors
from tickwork.manifest import document

_INDEX = re.compile("[0-9]{1,9}")


def parse_set(text: str) -> tuple[document.Path, Any]:
    """Returns path and value of ``path=value``; raises InputError with what to do instead."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise errors.InputError(
            f"--set {text!r} is not of the form path=value.",
            "For example: --set pipeline.placement=fused",
        )
    read = document.read(value)
    if not value.strip():
        raise errors.InputError(
            f"--set {text!r}: there is no value behind the =.",
            "Write a value; null, '', [] or {} if that is meant.",
        )
    if read.mistakes:
        raise errors.InputError(
            f"--set {text!r}: the value cannot be read: {read.mistakes[0].text}.",
            "Write a number, a word, a quoted string, [a, list] or {a: mapping}.",
        )
    return split_path(name.strip()), read.value


def split_path(name: str) -> document.Path:
    """Returns ``name`` cut at its dots; parts that are numbers become list indices."""
    return tuple(int(part) if _INDEX.fullmatch(part) else part for part in name.split("."))


def lay_over(
    base: document.Document, path: document.Path, value: Any, line: int
) -> document.Document:
    """Returns a copy of ``base`` in which ``spec.<path>`` is ``value``, found in ``line``.

    Mappings on the way that are missing are made. A path through something that is no mapping, or
    to a list item that is not there, becomes a mistake of the returned document.
    """
    made = document.Document(copy.deepcopy(base.value), dict(base.lines), list(base.mistakes))
    full = ("spec", *path)
    problem = _assign(made.value, full, value)
    if problem:
        made.mistakes.append(errors.Mistake(line, document.show_path(path), problem))
        return made
    for each in [each for each in made.lines if each[: len(full)] == full]:
        del made.lines[each]
    for length in range(2, len(full) + 1):
        made.lines.setdefault(full[:length], line)
    return made


def _assign(root: Any, path: document.Path, value: Any) -> str:
    """Assigns in place; returns what is wrong, or nothing."""
    here = root
    for part in path[:-1]:
        if isinstance(here, dict):
            here = here.setdefault(str(part), {})
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return f"cannot be set: there is no {part!r} on the way"
    last = path[-1]
    if isinstance(here, dict):
        here[str(last)] = value
    elif isinstance(here, list) and isinstance(last, int) and last < len(here):
        here[last] = value
    else:
        return f"cannot be set: there is no {last!r} to set"
    return ""
