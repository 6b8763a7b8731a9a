"""Latency and rate over time, with the faults marked that were injected."""

from collections.abc import Sequence

from tickwork_analysis.questions import hops, moments, timeline
from tickwork_analysis.report import grammar, naming

RATES = {"parse": "frames parsed", "book": "records booked", "read": "tops read"}
LABELS_MAX = 60
APART_SHARE = 0.022
"""Faults that are nearer than this share of the axis bear one label together."""

Values = list[dict[str, object]]


def draw_latency(
    points: Sequence[timeline.Point],
    faults: Sequence[moments.Fault],
    domain: tuple[float, float],
    series: naming.Series,
) -> grammar.Figure | None:
    """Returns latency over time, or None where no reader recorded any."""
    values: Values = []
    for each in points:
        if each.hop == naming.HOP_ENDING:
            name = series.name(each.arm, each.transport)
            told = (("median", each.p50_ns), ("p99", each.p99_ns))
            values += [
                {"at": each.at_s, "series": name, "piece": f"{each.block} {name}",
                 "percentile": percentile, "value": value}
                for percentile, value in told
                if value is not None
            ]  # fmt: skip
    if not values:
        return None
    names = [name for name in series.names() if any(each["series"] == name for each in values)]
    x, y = grammar.moment(domain, labelled=False), grammar.duration("value", None)
    layers = [
        *mark_faults(faults, domain, x, numbered=True),
        {
            "data": {"values": values},
            "mark": {"type": "line", "clip": True},
            "encoding": {
                "x": x,
                "y": {**y, "axis": grammar.extent(y["axis"])},
                "color": grammar.colour(names),
                "strokeDash": {
                    "field": "percentile", "type": "nominal",
                    "scale": {"domain": ["median", "p99"], "range": [[1, 0], [3, 3]]},
                    "legend": {"title": None, "orient": "top",
                               "symbolStrokeColor": grammar.MUTED},
                },
                "detail": {"field": "piece", "type": "nominal"},
            },
        },
    ]  # fmt: skip
    return grammar.Figure(
        "latency-over-time",
        "End-to-end latency",
        "Median and p99 of each measured second.",
        grammar.chart(grammar.WIDE, 190, layers, zoom=("x",)),
    )


def draw_rate(
    points: Sequence[timeline.Point],
    faults: Sequence[moments.Fault],
    domain: tuple[float, float],
    series: naming.Series,
) -> grammar.Figure | None:
    """Returns rates over time: of each hop in a plain run, of each arm's book otherwise."""
    values = _rates(points, series)
    if not values:
        return None
    order = series.names()
    names = sorted(
        dict.fromkeys(str(each["series"]) for each in values),
        key=lambda name: next((at for at, each in enumerate(order) if name.endswith(each)), -1),
    )
    x = grammar.moment(domain, labelled=False)
    layers = [
        *mark_faults(faults, domain, x),
        {
            "data": {"values": values},
            "mark": {"type": "line", "clip": True},
            "encoding": {
                "x": x,
                "y": {
                    "field": "rate", "type": "quantitative", "title": None,
                    "axis": grammar.extent({"format": "~s", "tickCount": 4}),
                    "scale": {"zero": True},
                },
                "color": grammar.colour(names),
                "detail": {"field": "piece", "type": "nominal"},
            },
        },
    ]  # fmt: skip
    return grammar.Figure(
        "rate-over-time",
        "Rate, per second",
        "Values that each hop recorded.",
        grammar.chart(grammar.WIDE, 120, layers, zoom=("x",)),
    )


def _rates(points: Sequence[timeline.Point], series: naming.Series) -> Values:
    has_arms = len({each.arm for each in points}) > 1
    shown = {"book": "records booked"} if has_arms else RATES
    values: Values = []
    for hop in (each for each in hops.ENDS if each in shown):
        for each in points:
            if each.hop != hop or (each.transport and hop != "read"):
                continue
            name = series.name(each.arm, each.transport)
            label = f"{shown[hop]} · {name}" if has_arms or hop == "read" else shown[hop]
            piece = f"{each.block} {label}"
            values.append({"at": each.at_s, "series": label, "piece": piece, "rate": each.rate})
    return values


def mark_faults(
    faults: Sequence[moments.Fault],
    domain: tuple[float, float],
    x: grammar.Spec,
    *,
    numbered: bool = False,
) -> list[grammar.Spec]:
    """Returns the layers that mark faults: a dashed line each, and their numbers at the top."""
    if not faults:
        return []
    rule: grammar.Spec = {
        "data": {"values": [{"at": round(each.at_s, 3)} for each in faults]},
        "mark": {"type": "rule", "color": grammar.ALARM, "strokeDash": [2, 3], "opacity": 0.65,
                 "clip": True},
        "encoding": {"x": x},
    }  # fmt: skip
    if not numbered or len(faults) > LABELS_MAX:
        return [rule]
    text: grammar.Spec = {
        "data": {"values": _labels(faults, domain)},
        "mark": {"type": "text", "color": grammar.ALARM, "fontSize": 10, "fontWeight": 600,
                 "align": "left", "baseline": "top", "dx": 3, "dy": 1},
        "encoding": {
            "x": x,
            "y": {"value": 0},
            "text": {"field": "label", "type": "nominal"},
        },
    }  # fmt: skip
    return [rule, text]


def _labels(faults: Sequence[moments.Fault], domain: tuple[float, float]) -> Values:
    apart_s = APART_SHARE * (domain[1] - domain[0])
    groups: list[list[tuple[int, float]]] = []
    for number, each in enumerate(faults, 1):
        if groups and each.at_s - groups[-1][-1][1] < apart_s:
            groups[-1].append((number, each.at_s))
        else:
            groups.append([(number, each.at_s)])
    return [
        {
            "at": round(sum(at_s for _, at_s in group) / len(group), 3),
            "label": f"{group[0][0]}\u2013{group[-1][0]}" if len(group) > 1 else f"{group[0][0]}",
        }
        for group in groups
    ]
