"""What a dashboard is made of: plain data, without Grafana."""

import dataclasses
from typing import Literal

KindName = Literal["lines", "number", "heat", "states", "table"]

RUN = 'experiment=~"$experiment",run=~"$run",unit=~"$unit"'
"""Selects what the variables of a board of runs select."""


@dataclasses.dataclass(frozen=True)
class Query:
    """One expression and the legend of its series (``{{label}}`` in it)."""

    expression: str
    legend: str = ""


@dataclasses.dataclass(frozen=True)
class Panel:
    """One panel; ``unit`` is Grafana's name of it, ``width`` is of 24 columns."""

    title: str
    description: str
    kind: KindName
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    logarithmic: bool = False
    good: Literal["", "zero", "one"] = ""
    """What a number should be: coloured by it. Empty: any."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A title and the panels below it."""

    title: str
    panels: tuple[Panel, ...]


@dataclasses.dataclass(frozen=True)
class Variable:
    """A choice by the values of a label; ``several`` allows more than one, and all."""

    name: str
    label: str
    query: str
    several: bool = True


@dataclasses.dataclass(frozen=True)
class Board:
    """One dashboard; ``uid`` never changes, links lead there."""

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]


RUN_VARIABLES = (
    Variable(
        "experiment", "Experiment", "label_values(tickwork_unit_info, experiment)", several=False
    ),
    Variable("run", "Run", 'label_values(tickwork_unit_info{experiment=~"$experiment"}, run)'),
    Variable(
        "unit",
        "Unit",
        'label_values(tickwork_unit_info{experiment=~"$experiment",run=~"$run"}, unit)',
    ),
)


def rate(metric: str, by: str = "", more: str = "") -> str:
    """Returns the sum of a counter's rate, by labels."""
    selected = RUN + (f",{more}" if more else "")
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({metric}{{{selected}}}[$__rate_interval]))"


def quantile(share: float, by: str, more: str) -> str:
    """Returns a percentile of a hop, by labels: one of whole histograms, never an average."""
    summed = rate("tickwork_hop_seconds_bucket", f"{by}, le", more)
    return f"histogram_quantile({share}, {summed})"


def number(
    title: str, description: str, expression: str, unit: str = "short", **more: object
) -> Panel:
    """Returns a small panel with one number."""
    queries = (Query(expression),)
    return Panel(title, description, "number", unit, queries, 4, 4, **more)  # type: ignore[arg-type]


def lines(title: str, description: str, unit: str, *queries: Query, **more: object) -> Panel:
    """Returns a panel with lines over time."""
    return Panel(title, description, "lines", unit, queries, **more)  # type: ignore[arg-type]
