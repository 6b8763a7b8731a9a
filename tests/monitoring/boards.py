"""The dashboards as the chart ships them, and their expressions with the variables filled in."""

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitoring import expressions, local_run

FOLDER = local_run.ROOT / "charts/tickwork/dashboards"
FILES = sorted(FOLDER.glob("*.json"))
_VARIABLE = re.compile(r"\$(\w+)")


@dataclasses.dataclass(frozen=True)
class Asked:
    """One expression of one panel."""

    board: str
    panel: str
    kind: str
    expression: str
    legend: str
    unit: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}: {self.expression}"

    def filled(self, values: Mapping[str, str]) -> str:
        """Returns the expression with every variable's value; KeyError for one without."""
        return _VARIABLE.sub(lambda found: values[found[1]], self.expression)


def load(path: pathlib.Path) -> dict[str, Any]:
    """Returns a dashboard."""
    return json.loads(path.read_text("utf-8"))


def panels(path: pathlib.Path) -> list[dict[str, Any]]:
    """Returns the panels of a dashboard, rows left out."""
    return [panel for panel in load(path)["panels"] if panel["type"] != "row"]


def asked(path: pathlib.Path) -> Iterator[Asked]:
    """Yields every expression of a dashboard's panels."""
    for panel in panels(path):
        unit = panel["fieldConfig"]["defaults"].get("unit", "")
        for target in panel["targets"]:
            yield Asked(
                path.stem,
                panel["title"],
                panel["type"],
                target["expr"],
                target["legendFormat"],
                unit,
            )


def all_asked(*, of_the_operator: bool) -> list[Asked]:
    """Returns every expression of every dashboard of runs, or of the operator."""
    found = [each for path in FILES for each in asked(path)]
    return [
        each for each in found if expressions.is_of_the_operator(each.expression) == of_the_operator
    ]
