"""A dashboard's panels, drawn by Tickwork's own figures from what a real Prometheus answered.

Grafana itself is not needed, and nothing here looks like a screenshot of it.
"""

import html
import importlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from tickwork_analysis.report import grammar, palette

Series = list[tuple[str, list[tuple[float, float]]]]
"""Legend and (seconds since the start, value) of each line."""

COLUMN = 54
LINE = 30
GAP = 10
HEAD = 26
MARGIN = 16
LINES_SHOWN_MAX = 12
ROW = 20
STATES = ("EMPTY", "SYNCING", "LIVE", "GAP", "STALE", "CLOSED")
STATE_COLOURS = ("#c9d1d9", "#8db9e2", "#0e8c7f", "#d9731a", "#b3261f", "#6f7c89")
COLOURS = ("#0a61ae", "#d9731a", "#0e8c7f", "#6f7c89", "#8e44ad", "#b3261f", "#1aa6b7", "#2c3e50")
_ID = re.compile(r'(\bid="|url\(#)')
_LEGEND = re.compile(r"\{\{(\w+)\}\}")
_LABELS = {
    "bytes": "format(datum.value, '~s') + 'B'",
    "Bps": "format(datum.value, '~s') + 'B/s'",
    "ops": "format(datum.value, datum.value < 1 ? '~r' : '~s') + '/s'",
    "percentunit": "format(datum.value, '~%')",
}


def legend_of(pattern: str, metric: dict[str, str]) -> str:
    """Returns a series' legend, its labels filled in."""
    if pattern == "__auto":
        return ", ".join(f"{key}={value}" for key, value in sorted(metric.items())) or "value"
    return _LEGEND.sub(lambda found: metric.get(found[1], ""), pattern).strip()


def number_of(value: float, unit: str) -> str:
    """Returns a number as a person reads it."""
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "s":
        return duration_of(value)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def duration_of(seconds: float) -> str:
    """Returns a duration in a fitting unit."""
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if abs(seconds) >= factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns" if seconds else "0 s"


def draw_lines(series: Series, panel: dict[str, Any], size: tuple[int, int]) -> str:
    """Returns lines over time; at most twelve, the largest."""
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    scale = panel["fieldConfig"]["defaults"].get("custom", {}).get("scaleDistribution", {})
    largest = sorted(series, key=lambda each: -max(value for _, value in each[1]))
    shown = sorted(largest[:LINES_SHOWN_MAX], key=lambda each: each[0])
    factor = 1e9 if unit == "s" else 1
    values = [
        {"at": round(at, 2), "value": value * factor, "series": name}
        for name, points in shown
        for at, value in points
        if value > 0 or scale.get("type") != "log"
    ]
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "title": None}
    if unit == "s" and scale.get("type") == "log":
        y = grammar.duration("value", None)
    elif unit == "s":
        y["axis"] = {"labelExpr": grammar.DURATION_LABELS.replace("indexof", "0 && indexof")}
    elif unit in _LABELS:
        y["axis"] = {"labelExpr": _LABELS[unit]}
    names = [name for name, _ in shown]
    colours = [COLOURS[place % len(COLOURS)] for place in range(len(names))]
    layer = {
        "data": {"values": values},
        "mark": {"type": "line", "strokeWidth": 1.4},
        "encoding": {
            "x": time_channel(),
            "y": y,
            "color": {
                "field": "series",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": {"title": None, "orient": "bottom", "columns": 3, "labelLimit": 190},
            },
        },
    }
    return to_svg([layer], size)


def time_channel() -> dict[str, Any]:
    """Returns the channel of seconds since the start."""
    return {
        "field": "at",
        "type": "quantitative",
        "title": None,
        "axis": {"grid": False, "labelExpr": "datum.value + ' s'", "tickCount": 6},
        "scale": {"nice": False},
    }


def draw_states(series: Series, _panel: dict[str, Any], size: tuple[int, int]) -> str:
    """Returns one row a book, coloured by state, a cell a second."""
    values = [
        {"at": at, "to": at + 1, "row": name, "state": STATES[int(value)]}
        for name, points in series
        for at, value in points
    ]
    layer = {
        "data": {"values": values},
        "mark": {"type": "bar", "height": {"band": 0.8}},
        "encoding": {
            "x": time_channel(),
            "x2": {"field": "to"},
            "y": {"field": "row", "type": "nominal", "title": None},
            "color": {
                "field": "state",
                "type": "nominal",
                "scale": {"domain": list(STATES), "range": list(STATE_COLOURS)},
                "legend": {"title": None, "orient": "bottom"},
            },
        },
    }
    return to_svg([layer], size)


def draw_heat(series: Series, _panel: dict[str, Any], size: tuple[int, int]) -> str:
    """Returns how many records a second fell into each bucket; buckets are made of edges."""
    edges = sorted(series, key=lambda each: float(each[0]))
    values, below = [], dict.fromkeys((at for _, points in edges for at, _ in points), 0.0)
    for name, points in edges:
        for at, value in points:
            inside, below[at] = max(0.0, value - below[at]), value
            if inside > 0:
                label = "more" if name == "+Inf" else "≤ " + duration_of(float(name))
                row = {"at": at, "to": at + 1, "bucket": label, "records": inside}
                values.append(row | {"edge": float(name) if name != "+Inf" else 1e9})
    order = {"field": "edge", "op": "min", "order": "descending"}
    layer = {
        "data": {"values": values},
        "mark": {"type": "bar", "height": {"band": 1}},
        "encoding": {
            "x": time_channel(),
            "x2": {"field": "to"},
            "y": {"field": "bucket", "type": "ordinal", "sort": order, "title": None},
            "color": {
                "field": "records",
                "type": "quantitative",
                "scale": {"range": ["#eef4fa", palette.LIGHT["accent"]], "type": "sqrt"},
                "legend": {"title": "records/s", "orient": "right"},
            },
        },
    }
    return to_svg([layer], size)


def draw_number(series: Series, panel: dict[str, Any], size: tuple[int, int]) -> str:
    """Returns the last value, large, in the colour that the panel's thresholds give it."""
    (_, points), *_ = series
    value = points[-1][1]
    defaults = panel["fieldConfig"]["defaults"]
    colour = grammar.INK
    for step in defaults.get("thresholds", {}).get("steps", ()):
        if step["value"] is None or value >= step["value"]:
            named = {"green": palette.LIGHT["fourth"], "red": grammar.ALARM}
            colour = named.get(step["color"], grammar.INK)
    text = html.escape(number_of(value, defaults.get("unit", "short")))
    return (
        f'<svg width="{size[0]}" height="{size[1]}" xmlns="http://www.w3.org/2000/svg">'
        f'<text x="{size[0] / 2:.0f}" y="{size[1] / 2 + 12:.0f}" text-anchor="middle" '
        f'font-size="32" font-family="{html.escape(grammar.FONT)}" fill="{colour}">{text}</text>'
        "</svg>"
    )


def draw_table(rows: list[list[str]], size: tuple[int, int]) -> str:
    """Returns rows of text; the first is the head."""
    step = size[0] / max(1, len(rows[0]))
    cells = [
        f'<text x="{place * step:.0f}" y="{16 + ROW * line}" font-size="11.5" '
        f'font-family="{html.escape(grammar.FONT)}" '
        f'fill="{grammar.MUTED if line == 0 else grammar.INK}">{html.escape(cell)}</text>'
        for line, row in enumerate(rows[: size[1] // ROW])
        for place, cell in enumerate(row)
    ]
    return (
        f'<svg width="{size[0]}" height="{size[1]}" xmlns="http://www.w3.org/2000/svg">'
        + "".join(cells)
        + "</svg>"
    )


def to_svg(layers: list[dict[str, Any]], size: tuple[int, int]) -> str:
    """Returns the layers as SVG of exactly this size."""
    spec = grammar.chart(size[0], size[1], layers)
    spec["autosize"] = {"type": "fit", "contains": "padding"}
    engine: Any = importlib.import_module("vl_convert")
    return str(engine.vegalite_to_svg(spec, vl_version=grammar.VERSION))


DRAWN: dict[str, Callable[[Series, dict[str, Any], tuple[int, int]], str]] = {
    "timeseries": draw_lines,
    "state-timeline": draw_states,
    "heatmap": draw_heat,
    "stat": draw_number,
}


def compose(title: str, subtitle: str, parts: Iterable[tuple[dict[str, Any], str]]) -> str:
    """Returns one picture of panels at their places; a part is a panel and its inner SVG."""
    placed = list(parts)
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel, _ in placed)
    width, height = 24 * COLUMN + 2 * MARGIN, bottom * LINE + 64 + MARGIN
    font = html.escape(grammar.FONT)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{font}">'
        f'<rect width="{width}" height="{height}" fill="{grammar.PAPER}"/>'
    )
    found = [head, _text(28, 19, grammar.INK, title), _text(48, 12, grammar.MUTED, subtitle)]
    for index, (panel, inner) in enumerate(placed):
        found.append(_place(panel, _ID.sub(lambda m, n=index: f"{m.group()}p{n}-", inner)))
    return "\n".join([*found, "</svg>", ""])


def _text(y: int, size: int, colour: str, words: str) -> str:
    escaped = html.escape(words)
    return f'<text x="{MARGIN}" y="{y}" font-size="{size}" fill="{colour}">{escaped}</text>'


def inner_size(panel: dict[str, Any]) -> tuple[int, int]:
    """Returns how much room a panel has inside its frame."""
    place = panel["gridPos"]
    return place["w"] * COLUMN - GAP - 20, place["h"] * LINE - GAP - HEAD - 12


def _place(panel: dict[str, Any], inner: str) -> str:
    place = panel["gridPos"]
    x, y = MARGIN + place["x"] * COLUMN, 64 + place["y"] * LINE
    title = html.escape(panel["title"])
    if panel["type"] == "row":
        return f'<text x="{x}" y="{y + 20}" font-size="14" fill="{grammar.MUTED}">{title}</text>'
    wide, high = place["w"] * COLUMN - GAP, place["h"] * LINE - GAP
    nested = re.sub(r"<svg ", f'<svg x="{x + 10}" y="{y + HEAD}" ', inner, count=1)
    return (
        f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="4" fill="none" '
        f'stroke="{grammar.HAIRLINE}"/>'
        f'<text x="{x + 10}" y="{y + 18}" font-size="12.5" fill="{grammar.INK}">{title}</text>'
        f"{nested}"
    )
