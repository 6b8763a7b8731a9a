"""Which book was LIVE when: one row a book, one cell a second, with the faults that met it."""

from collections.abc import Sequence

from tickwork_analysis.questions import moments, states
from tickwork_analysis.report import grammar, palette
from tickwork_analysis.report.figures import timeline

ROW_HEIGHT = 19
CLASSES = (
    (1.0, "LIVE", "calm"),
    (0.9, "lost step, LIVE over 90 %", "mild"),
    (0.5, "over 50 %", "strong"),
    (-1.0, "less", "severe"),
)
"""(lowest share, words, colour) of a second's classes."""
FAULTS = " Triangles are faults of one instrument, dashed lines faults that met all of them."
SAMPLING = 0.9
"""A book's time is counted as updates come: without a gap, less than this share is no sampling."""


def draw(
    stretches: Sequence[states.Stretch],
    faults: Sequence[moments.Fault],
    domain: tuple[float, float],
) -> grammar.Figure | None:
    """Returns the figure, or None where no series was kept."""
    if not stretches:
        return None
    instruments = list(dict.fromkeys(each.instrument for each in stretches))
    everywhere = [each for each in faults if each.instrument is None]
    layers = [_cells(stretches, instruments, domain)]
    layers += timeline.mark_faults(everywhere, domain, grammar.moment(domain))
    marks = [
        {"at": round(each.at_s, 3), "instrument": each.instrument, "kind": each.kind}
        for each in faults
        if each.instrument in instruments
    ]
    if marks:
        layers.append(_marks(marks, instruments, domain))
    return grammar.Figure(
        "states-over-time",
        "Books",
        "Share of each second that a book was LIVE." + (FAULTS if faults else ""),
        grammar.chart(grammar.WIDE, ROW_HEIGHT * len(instruments), layers, zoom=("x",)),
    )


def _class_of(stretch: states.Stretch) -> str:
    is_whole = stretch.gaps == stretch.resyncs == 0 and stretch.live >= SAMPLING
    share = 1.0 if is_whole else stretch.live
    return next(words for lowest, words, _ in CLASSES if share >= lowest)


def _runs(stretches: Sequence[states.Stretch]) -> list[dict[str, object]]:
    """Returns one value per unbroken run of one book in one class."""
    values: list[dict[str, object]] = []
    last: dict[tuple[str, str], dict[str, object]] = {}
    for each in stretches:
        key, words = (each.block, each.instrument), _class_of(each)
        before = last.get(key)
        if before is not None and before["class"] == words and before["to"] == each.start_s:
            before["to"] = each.end_s
            continue
        last[key] = {
            "instrument": each.instrument, "at": each.start_s, "to": each.end_s, "class": words
        }  # fmt: skip
        values.append(last[key])
    return values


def _y(instruments: list[str]) -> grammar.Spec:
    axis = grammar.extent({"title": None, "labelColor": grammar.INK})
    return {"field": "instrument", "type": "nominal", "sort": instruments, "axis": axis}


def _cells(
    stretches: Sequence[states.Stretch], instruments: list[str], domain: tuple[float, float]
) -> grammar.Spec:
    colours = [palette.LIGHT[role] for _, _, role in CLASSES]
    return {
        "data": {"values": _runs(stretches)},
        "mark": {"type": "rect", "height": {"band": 0.72}, "clip": True},
        "encoding": {
            "x": grammar.moment(domain),
            "x2": {"field": "to"},
            "y": _y(instruments),
            "color": {
                "field": "class",
                "type": "nominal",
                "scale": {"domain": [words for _, words, _ in CLASSES], "range": colours},
                "legend": {"title": None, "orient": "top", "symbolType": "square"},
            },
        },
    }


def _marks(
    marks: list[dict[str, object]], instruments: list[str], domain: tuple[float, float]
) -> grammar.Spec:
    return {
        "data": {"values": marks},
        "mark": {"type": "point", "shape": "triangle-down", "filled": True, "size": 46,
                 "color": grammar.ALARM, "opacity": 1, "yOffset": -6, "clip": True},
        "encoding": {
            "x": grammar.moment(domain),
            "y": _y(instruments),
            "tooltip": {"field": "kind", "type": "nominal"},
        },
    }  # fmt: skip
