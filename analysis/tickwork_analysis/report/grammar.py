"""The grammar that all figures share: sizes, type, axes, time, zoom. Vega-Lite, as plain data."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from tickwork_analysis.report import palette

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VERSION = "6.4"
WIDE = 912
HALF = 444
FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
LEFT_EXTENT = 74
"""Room for the labels of y, the same in all figures over time, so that their seconds align."""

LEADING = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
"""Vega's expression of a tick's first digit."""
DURATION_LABELS = (
    f"indexof([1, 2, 5], {LEADING}) < 0 ? '' : "
    "datum.value < 1e3 ? format(datum.value, '~r') + ' ns' : "
    "datum.value < 1e6 ? format(datum.value / 1e3, '~r') + ' µs' : "
    "datum.value < 1e9 ? format(datum.value / 1e6, '~r') + ' ms' : "
    "format(datum.value / 1e9, '~r') + ' s'"
)

INK, MUTED, HAIRLINE, PAPER, ACCENT, ALARM = (
    palette.LIGHT[name] for name in ("ink", "muted", "hairline", "paper", "accent", "alarm")
)


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure: ``name`` is its file, ``title`` and ``caption`` say what one sees."""

    name: str
    title: str
    caption: str
    spec: Spec


def chart(
    width: int, height: int, layers: Sequence[Spec], *, zoom: Sequence[str] = (), **more: Any
) -> Spec:
    """Returns a whole specification of layers that share their scales; ``zoom`` names channels."""
    drawn = [dict(layer) for layer in layers]
    if zoom:
        drawn[0]["params"] = _zoom(zoom)
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "right": 6, "top": 4, "bottom": 2},
        "layer": drawn,
        "config": CONFIG,
        **more,
    }


def duration(field: str, title: str | None, **scale: Any) -> Spec:
    """Returns a channel of nanoseconds on a logarithmic axis, labelled in fitting units."""
    axis = {
        "labelExpr": DURATION_LABELS,
        "labelOverlap": "greedy",
        "labelSeparation": 2,
        "gridOpacity": {"condition": {"test": f"{LEADING} == 1", "value": 1}, "value": 0.35},
    }
    logarithmic = {"type": "log", "nice": False, "padding": 8, **scale}
    return {
        "field": field, "type": "quantitative", "title": title, "axis": axis, "scale": logarithmic
    }  # fmt: skip


def moment(domain: tuple[float, float], *, labelled: bool = True) -> Spec:
    """Returns the x channel of seconds since the start."""
    return {
        "field": "at",
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False},
        "axis": {
            "title": "seconds since the start instant" if labelled else None,
            "labels": labelled,
            "grid": False,
            "tickMinStep": 1,
        },
    }


def extent(axis: Spec) -> Spec:
    """Returns ``axis`` with the same room for labels as in every figure over time."""
    return {**axis, "minExtent": LEFT_EXTENT, "maxExtent": LEFT_EXTENT}


def colour(names: Sequence[str], *, legend: bool = True) -> Spec:
    """Returns the colour channel of the field ``series``; names keep their order."""
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(names), "range": palette.series_colours(len(names))},
        "legend": {"title": None, "orient": "top", "offset": 4} if legend else None,
    }


def _zoom(encodings: Sequence[str]) -> list[Spec]:
    """Returns the parameter that lets a reader zoom (Ctrl and wheel, pinch) and pan (drag)."""
    select = {"type": "interval", "encodings": list(encodings), "zoom": "wheel![event.ctrlKey]"}
    return [{"name": "zoom", "select": select, "bind": "scales"}]


CONFIG: Spec = {
    "background": PAPER,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domainColor": HAIRLINE,
        "gridColor": HAIRLINE,
        "gridOpacity": 0.8,
        "labelColor": MUTED,
        "labelFontSize": 11,
        "labelPadding": 5,
        "tickColor": HAIRLINE,
        "ticks": False,
        "titleColor": MUTED,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "axisX": {"domain": True},
    "axisY": {"domain": False},
    "legend": {
        "labelColor": INK,
        "labelFontSize": 11.5,
        "symbolStrokeWidth": 2.5,
        "symbolSize": 120,
        "columnPadding": 16,
        "padding": 0,
    },
    "text": {"color": INK, "fontSize": 11},
    "line": {"strokeWidth": 1.8},
    "tick": {"thickness": 2},
}
