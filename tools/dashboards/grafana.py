"""A board as Grafana wants it; the only file that knows its SDK."""

import itertools
import json
from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import (
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog import encoder
from grafana_foundation_sdk.models import common, dashboard

from dashboards import board

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAGS = ["tickwork"]
REFRESH = "5s"
SINCE = "now-15m"
STATES = {
    "0": ("EMPTY", "text"),
    "1": ("SYNCING", "blue"),
    "2": ("LIVE", "green"),
    "3": ("GAP", "orange"),
    "4": ("STALE", "red"),
    "5": ("CLOSED", "purple"),
}
MAKERS: dict[str, Callable[[], Any]] = {
    "lines": timeseries.Panel,
    "number": stat.Panel,
    "heat": heatmap.Panel,
    "states": statetimeline.Panel,
    "table": table.Panel,
}


def render(shown: board.Board) -> str:
    """Returns the dashboard's JSON, the same for the same board."""
    made = (
        builders.Dashboard(shown.title)
        .uid(shown.uid)
        .description(shown.description)
        .tags(TAGS)
        .refresh(REFRESH)
        .time(SINCE, "now")
        .timezone("utc")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .with_variable(_source_variable())
    )
    for variable in shown.variables:
        made = made.with_variable(_variable(variable))
    numbers = itertools.count(1)
    for row in shown.rows:
        made = made.with_row(builders.Row(row.title).id(next(numbers)))
        for panel in row.panels:
            made = made.with_panel(_panel(panel).id(next(numbers)))
    plain = json.loads(json.dumps(made.build(), cls=encoder.JSONEncoder))
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _source_variable() -> Any:
    return builders.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _variable(variable: board.Variable) -> Any:
    made = (
        builders.QueryVariable(variable.name)
        .label(variable.label)
        .datasource(SOURCE)
        .query(variable.query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )
    if not variable.several:
        return made
    everything = dashboard.VariableOption(selected=True, text="All", value="$__all")
    return made.multi(True).include_all(True).all_value(".*").current(everything)


def _panel(panel: board.Panel) -> Any:
    made = (
        MAKERS[panel.kind]()
        .title(panel.title)
        .description(panel.description)
        .datasource(SOURCE)
        .span(panel.width)
        .height(panel.height)
    )
    for index, query in enumerate(panel.queries):
        made = made.with_target(_target(panel, query, chr(ord("A") + index)))
    return _style(made.unit(panel.unit), panel)


def _target(panel: board.Panel, query: board.Query, reference: str) -> Any:
    made = (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(query.expression)
        .legend_format(query.legend or "__auto")
        .ref_id(reference)
    )
    if panel.kind == "table":
        return made.instant().format("table")
    if panel.kind == "heat":
        return made.range().format("heatmap")
    return made.range()


def _style(made: Any, panel: board.Panel) -> Any:
    if panel.kind == "lines":
        return _style_lines(made, panel)
    if panel.kind == "number":
        last = common_builders.ReduceDataOptions().calcs(["lastNotNull"])
        made = made.reduce_options(last).color_mode(common.BigValueColorMode.VALUE)
        return made.thresholds(_thresholds(panel.good))
    if panel.kind == "states":
        results = {
            key: dashboard.ValueMappingResult(text=text, color=color)
            for key, (text, color) in STATES.items()
        }
        return made.mappings([dashboard.ValueMap(options=results)]).fill_opacity(80)
    if panel.kind == "heat":
        return made.calculate(False).y_axis(heatmap.YAxisConfig().unit(panel.unit))
    return made


def _style_lines(made: Any, panel: board.Panel) -> Any:
    legend = (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
    made = (
        made.legend(legend).line_width(1).fill_opacity(0).show_points(common.VisibilityMode.NEVER)
    )
    if panel.logarithmic:
        scale = common_builders.ScaleDistributionConfig().type(common.ScaleDistribution.LOG).log(10)
        return made.scale_distribution(scale)
    return made.min(0)


def _thresholds(good: str) -> Any:
    steps = {
        "": [(None, "text")],
        "zero": [(None, "green"), (1, "red")],
        "one": [(None, "red"), (0.98, "orange"), (1, "green")],
    }[good]
    return (
        builders.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=color) for value, color in steps])
    )
