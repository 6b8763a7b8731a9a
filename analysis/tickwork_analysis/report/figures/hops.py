"""Where the time goes: every hop in the order of flow, from its median to its maximum."""

from collections.abc import Sequence

from tickwork_analysis import results
from tickwork_analysis.questions import hops
from tickwork_analysis.report import grammar, naming

ROW_HEIGHT = 24
ARM_HEIGHT = 15
THICKNESS, ARM_THICKNESS = 10, 6
BANDS = (("p50", "p90", 0.75), ("p90", "p99", 0.45), ("p99", "p999", 0.22))
"""Bands of a row and how solid they are drawn."""


def draw(rows: Sequence[results.Hop], series: naming.Series) -> grammar.Figure | None:
    """Returns the figure, or None where no hop recorded anything."""
    values = [_value(row, series, rows) for row in rows if row.n]
    if not values:
        return None
    labels = list(dict.fromkeys(str(each["hop"]) for each in sorted(values, key=_order)))
    names = [name for name in series.names() if any(each["series"] == name for each in values)]
    has_arms = len({row.arm for row in rows}) > 1
    height = len(labels) * max(ROW_HEIGHT, ARM_HEIGHT * len({row.arm for row in rows}))
    place: grammar.Spec = {
        "y": {"field": "hop", "type": "nominal", "sort": labels, "title": None,
              "axis": {"labelFontSize": 12, "labelColor": grammar.INK}},
        "color": grammar.colour(names, legend=has_arms),
    }  # fmt: skip
    if has_arms:
        place["yOffset"] = {"field": "series", "sort": names}
    layers = [_band(*each, place) for each in BANDS]
    layers += [_tail(place), _interval(place), _median(place)]
    return grammar.Figure(
        "hops",
        "Every hop, from median to maximum",
        "The dot is the median with its 95 % interval; the band fades out to p90, p99 and p99.9, "
        "the thin line ends at the maximum. A hop includes the wait in front of it. Percentiles "
        "of hops do not add up to those of the whole way.",
        grammar.chart(grammar.WIDE, height, layers, data={"values": values}, zoom=("x",)),
    )


def _value(
    row: results.Hop, series: naming.Series, rows: Sequence[results.Hop]
) -> dict[str, object]:
    plain = row.name.partition(".")[0]
    twin = any(each.name.startswith(f"{plain}.") for each in rows if each.arm == row.arm)
    label = naming.hop_label(row.name)
    suffix = row.name.partition(".")[2] or series.first(row.arm)
    return {
        "hop": f"{label} · {suffix}" if twin or "." in row.name else label,
        "order": list(hops.ENDS).index(plain) * 10 + ("." in row.name),
        "series": series.of_hop(row),
        "n": row.n,
        "p50": row.p50_ns,
        "low": row.p50_low_ns,
        "high": row.p50_high_ns,
        "p90": row.p90_ns,
        "p99": row.p99_ns,
        "p999": row.p999_ns,
        "max": row.max_ns,
    }


def _order(value: dict[str, object]) -> int:
    return int(str(value["order"]))


def _mark(kind: str, start: str, end: str, place: grammar.Spec, **style: object) -> grammar.Spec:
    x = grammar.duration(start, "latency (logarithmic)")
    encoding = {**place, "x": x, "x2": {"field": end}}
    return {"mark": {"type": kind, "clip": True, **style}, "encoding": encoding}


def _band(start: str, end: str, opacity: float, place: grammar.Spec) -> grammar.Spec:
    thick = ARM_THICKNESS if "yOffset" in place else THICKNESS
    return _mark("rule", start, end, place, strokeWidth=thick, opacity=opacity)


def _tail(place: grammar.Spec) -> grammar.Spec:
    return _mark("rule", "p999", "max", place, opacity=0.5, strokeWidth=1)


def _interval(place: grammar.Spec) -> grammar.Spec:
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        **_mark("rule", "low", "high", place, strokeWidth=2.5),
    }


def _median(place: grammar.Spec) -> grammar.Spec:
    tooltip = [
        {"field": key, "type": "nominal", "title": title}
        for key, title in (("hop", "hop"), ("series", "series"), ("n", "n"))
    ]
    return {
        "mark": {"type": "point", "filled": True, "size": 64, "opacity": 1, "clip": True,
                 "stroke": grammar.PAPER, "strokeWidth": 1.2},
        "encoding": {**place, "x": grammar.duration("p50", "latency (logarithmic)"),
                     "tooltip": tooltip},
    }  # fmt: skip
