"""``tickwork inspect SEGMENT``: a live segment from outside, read-only."""

import argparse
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from tickwork import errors
from tickwork_cli import units_of_measure, wings

EXAMPLES = """\
examples:
  tickwork inspect demo                      the publisher of the run that publishes `demo`
  tickwork inspect demo/normalizer.records   one of its pipes
  tickwork inspect /dev/shm/…/demo/book      any segment by its path
  tickwork inspect demo --json

Nothing is written and no lock is taken: inspecting never disturbs writer or readers.
"""

PLACES = (pathlib.Path("/dev/shm"), pathlib.Path("/run/tickwork/shm"))  # noqa: S108 — segments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("segment", metavar="SEGMENT", help="a published name, or a path")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def execute(options: argparse.Namespace) -> int:
    """Prints one segment; raises InputError when there is none of that name."""
    native = wings.load("tickwork_native", "inspect")
    path = find(options.segment)
    try:
        seen: dict[str, Any] = native.inspect_segment(str(path))
    except native.SegmentError as error:
        raise errors.InputError(
            f"{path} cannot be inspected: {error}", "Give a segment of a Tickwork run."
        ) from error
    shown = json.dumps(in_camel_case(seen), indent=1) if options.json else None
    print(shown or "\n".join(draw(str(path), seen)))
    return 0


def roots() -> list[pathlib.Path]:
    """Returns where this user's segments lie."""
    return [PLACES[0] / f"tickwork-{os.getuid()}", PLACES[1]]


def find(name: str) -> pathlib.Path:
    """Returns the segment file that ``name`` means: a path, or a name below the segments' room."""
    given = pathlib.Path(name)
    if given.is_absolute() or given.is_file():
        candidates = [given]
    else:
        candidates = [root / each for root in roots() for each in (f"{name}/book", name)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise errors.InputError(
        f"There is no segment {name!r} (looked for {looked}).",
        "Is its run alive? `tickwork plan FILE` names the segments of an Experiment.",
    )


def in_camel_case(value: Any) -> Any:
    """Returns ``value`` with the keys of every mapping in it as JSON has them."""
    if isinstance(value, dict):
        return {_camel(str(name)): in_camel_case(each) for name, each in value.items()}
    return [in_camel_case(each) for each in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def draw(title: str, seen: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of a segment: plain facts first, then each list as a table."""
    yield title
    nested = {name: value for name, value in seen.items() if isinstance(value, list | dict)}
    for name, value in seen.items():
        if name not in nested:
            yield f"  {_words(name):<22} {_value(name, value)}"
    for name, value in nested.items():
        yield ""
        yield f"{name}"
        yield from _nested(value)


def _nested(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, cell in value.items():
            yield f"  {_words(name):<22} {_value(name, cell)}"
        return
    if not value:
        yield "  none"
        return
    if not isinstance(value[0], dict):
        yield "  " + "  ".join(_cell(cell) for cell in value)
        return
    names = list(value[0])
    cells_of = ([_value(name, row.get(name)) for name in names] for row in value)
    rows = [[_words(name) for name in names], *cells_of]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}"


def _words(name: str) -> str:
    return name.removesuffix("_ns").replace("_", " ")


def _value(name: str, value: Any) -> str:
    return units_of_measure.in_time(value) if name.endswith("_ns") else _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(cell)}" for name, cell in value.items())
    return str(value)
