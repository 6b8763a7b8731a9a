"""How latency is distributed: its value at every percentile up to p99.99, both axes logarithmic."""

from collections.abc import Sequence

from tickwork_analysis import hlog, percentiles, read, results, seconds
from tickwork_analysis.questions import hops
from tickwork_analysis.report import grammar, naming

NINES_MAX = 4.0
STEPS = 120
SHARES = {1: "0 %", 2: "p50", 10: "p90", 100: "p99", 1000: "p99.9", 10000: "p99.99"}
"""Labels of the axis, by 1 / (1 - quantile)."""


def draw(
    run: read.Run, hop: str, rows: Sequence[results.Hop], series: naming.Series
) -> grammar.Figure | None:
    """Returns the figure of ``hop``, or None where no reader recorded it."""
    curves = []
    for arm in run.arms:
        blocks = [block for block in run.blocks if block.arm == arm]
        for transport in hops.transports(run, blocks):
            merged = hlog.merge(
                [
                    each
                    for block in blocks
                    for each in seconds.of_hop(hops.units_of(run, block, transport), hop)
                ]
            )
            curves += _curve(merged, series.name(arm, transport))
    if not curves:
        return None
    names = [name for name in series.names() if any(each["series"] == name for each in curves)]
    bars = [bar for row in rows if row.name.partition(".")[0] == hop for bar in _bars(row, series)]
    words = naming.hop_label(hop)
    return grammar.Figure(
        f"distribution-{words.replace(' ', '-')}",
        f"{words[0].upper()}{words[1:]}: {naming.HOPS[hop]}",
        "Latency at every percentile; lower is better. Bars are 95 % intervals of p50, p90, p99 "
        "and p99.9. A curve ends where no value lies beyond.",
        grammar.chart(
            grammar.HALF,
            250,
            [_line(curves, names), _whiskers(bars, names)],
            zoom=("x", "y"),
        ),
    )


def _curve(merged: hlog.Distribution, name: str) -> list[dict[str, object]]:
    """Returns the points of one curve, evenly spaced on the axis of nines."""
    points: list[dict[str, object]] = []
    count = merged.count
    for step in range(STEPS + 1):
        beyond = 10 ** (-NINES_MAX * step / STEPS)
        if count * beyond < 1:
            break
        value = percentiles.value_at(merged, 1 - beyond)
        points.append(
            {"series": name, "nines": float(f"{1 / beyond:.4g}"), "value": value, "n": count}
        )
    return points


def _bars(row: results.Hop, series: naming.Series) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for key, quantile in hops.QUANTILES.items():
        low, high = getattr(row, f"{key}_low_ns"), getattr(row, f"{key}_high_ns")
        if low is not None:
            nines = round(1 / (1 - quantile), 3)
            found.append({"series": series.of_hop(row), "nines": nines, "low": low, "high": high})
    return found


def _axis() -> grammar.Spec:
    labels = "".join(f"datum.value == {at} ? '{text}' : " for at, text in SHARES.items()) + "''"
    return {
        "field": "nines",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [1, 10**NINES_MAX], "nice": False},
        "axis": {"title": None, "values": list(SHARES), "labelExpr": labels, "labelFlush": False},
    }


def _line(curves: list[dict[str, object]], names: list[str]) -> grammar.Spec:
    tooltip = [
        {"field": "series", "type": "nominal", "title": "series"},
        {"field": "n", "type": "quantitative", "title": "n", "format": ","},
    ]
    return {
        "data": {"values": curves},
        "mark": {"type": "line", "clip": True},
        "encoding": {
            "x": _axis(),
            "y": grammar.duration("value", None),
            "color": grammar.colour(names),
            "tooltip": tooltip,
        },
    }


def _whiskers(bars: list[dict[str, object]], names: list[str]) -> grammar.Spec:
    return {
        "data": {"values": bars},
        "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.3, "clip": True},
        "encoding": {
            "x": _axis(),
            "y": grammar.duration("low", None),
            "y2": {"field": "high"},
            "color": grammar.colour(names),
        },
    }
