"""Arms against the first one: the difference of medians over paired repeats, with its interval."""

from collections.abc import Sequence

from tickwork_analysis import results
from tickwork_analysis.report import grammar, naming

ROW_HEIGHT = 30
LINEAR_NS = 1_000
"""Within this of zero the axis is linear, outside logarithmic."""
DECADES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
LABELS = (
    "datum.value == 0 ? 'equal' : (datum.value < 0 ? '\u2212' : '+') + "
    "(abs(datum.value) < 1e6 ? format(abs(datum.value) / 1e3, '~r') + ' µs' : "
    "format(abs(datum.value) / 1e6, '~r') + ' ms')"
)


def draw(rows: Sequence[results.Comparison]) -> grammar.Figure | None:
    """Returns the figure, or None where arms were not compared."""
    values = [_value(row) for row in rows if row.p50_delta_ns is not None]
    if not values:
        return None
    arms = list(dict.fromkeys(row.arm for row in rows))
    hops = list(dict.fromkeys(str(value["hop"]) for value in values))
    place: grammar.Spec = {
        "y": {"field": "hop", "type": "nominal", "sort": hops, "title": None,
              "axis": {"labelFontSize": 12, "labelColor": grammar.INK}},
        "yOffset": {"field": "series", "sort": arms},
        "color": grammar.colour(arms, legend=len(arms) > 1),
    }  # fmt: skip
    baseline = rows[0].baseline
    whose = arms[0] if len(arms) == 1 else "arm"
    return grammar.Figure(
        "arms",
        f"Difference of medians: {' and '.join(arms)} less {baseline}",
        f"Right of the line {whose} is slower than {baseline}, left of it faster. The dot is the "
        "median over pairs of one repeat, the bar its 95 % interval (bootstrap over pairs); a bar "
        "across the line shows no difference.",
        grammar.chart(
            grammar.WIDE,
            max(90, ROW_HEIGHT * len(hops) * len(arms)),
            [_zero(), _bar(place, values), _dot(place, values)],
        ),
    )


def _value(row: results.Comparison) -> dict[str, object]:
    return {
        "hop": naming.hop_label(row.hop),
        "series": row.arm,
        "delta": row.p50_delta_ns,
        "low": row.p50_delta_low_ns,
        "high": row.p50_delta_high_ns,
    }


def _x(field: str) -> grammar.Spec:
    ticks = [-each for each in reversed(DECADES)] + [0] + DECADES
    return {
        "field": field,
        "type": "quantitative",
        "title": "difference of medians (linear within 1 µs, then logarithmic)",
        "scale": {"type": "symlog", "constant": LINEAR_NS, "nice": False, "padding": 20},
        "axis": {"values": ticks, "labelExpr": LABELS, "labelOverlap": True},
    }


def _zero() -> grammar.Spec:
    return {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": grammar.INK, "strokeWidth": 1},
        "encoding": {"x": _x("zero")},
    }


def _bar(place: grammar.Spec, values: list[dict[str, object]]) -> grammar.Spec:
    return {
        "data": {"values": values},
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.35},
        "encoding": {**place, "x": _x("low"), "x2": {"field": "high"}},
    }


def _dot(place: grammar.Spec, values: list[dict[str, object]]) -> grammar.Spec:
    return {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {**place, "x": _x("delta")},
    }
