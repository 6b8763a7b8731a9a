"""``series.ndjson``: what a unit looked like once a second, while it ran.

A run of an older build has none: then there are no points, and whoever asks says so. The last line
of a dead unit may be torn; it is left out.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from tickwork import errors, run_directory
from tickwork_analysis import read


@dataclasses.dataclass(frozen=True)
class Point:
    """One line: cumulative counters, levels of links, and books by instrument."""

    at_unix_ns: int
    counters: Mapping[str, Mapping[str, int]]
    links: Mapping[str, Mapping[str, int]]
    books: Mapping[str, Mapping[str, Any]]


def of_unit(unit: read.UnitBlock) -> list[list[Point]]:
    """Returns the points of ``unit``, one list an incarnation, each in the order of time."""
    return [read_points(path) for path in unit.files(run_directory.SERIES)]


def read_points(path: pathlib.Path) -> list[Point]:
    """Reads one file; raises ResultError when a line before the last is none of a series."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    points = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            points.append(_point(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines):
                text = f"{path.name}, line {number}, is no line of a series."
                raise errors.ResultError(text, "Was the file changed?") from error
    return points


def _point(line: Mapping[str, Any]) -> Point:
    return Point(
        int(line["atUnixNs"]), dict(line["counters"]), dict(line["links"]), dict(line["books"])
    )
