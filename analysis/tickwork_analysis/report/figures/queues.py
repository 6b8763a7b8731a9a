"""How full links were: what waited at each second, the most that ever waited, and the room."""

from collections.abc import Sequence

from tickwork_analysis import results
from tickwork_analysis.questions import levels
from tickwork_analysis.report import grammar

ROW_HEIGHT = 24
LINEAR_BYTES = 256
TICKS = [0, 1024, 16_384, 262_144, 4_194_304, 67_108_864]
LABELS = (
    "datum.value == 0 ? 'empty' : datum.value < 1048576 ? "
    "format(datum.value / 1024, '~r') + ' KiB' : format(datum.value / 1048576, '~r') + ' MiB'"
)


def draw(rows: Sequence[results.Queue], seen: Sequence[levels.Level]) -> grammar.Figure | None:
    """Returns the figure, or None where no link has a capacity."""
    if not rows:
        return None
    links = [row.link for row in rows]
    marks = [{"link": row.link, "high": row.high_water, "room": row.capacity} for row in rows]
    depths = [
        {"link": each.link, "pending": each.pending}
        for each in seen
        if each.pending is not None and each.link in links
    ]
    layers: list[grammar.Spec] = [
        _layer(marks, links, "room", {"type": "tick", "thickness": 2, "color": grammar.MUTED}),
        _layer(depths, links, "pending", {
            "type": "tick", "thickness": 1.5, "color": grammar.ACCENT, "opacity": 0.45,
            "height": {"band": 0.5}}),
        _layer(marks, links, "high", {
            "type": "point", "filled": True, "size": 70, "opacity": 1, "color": grammar.ACCENT}),
    ]  # fmt: skip
    return grammar.Figure(
        "queues",
        "What waited on each link",
        "Thin strokes: bytes that waited at each second. Dot: the high-water mark. Stroke at the "
        "right: the capacity."
        if depths
        else "Dot: the high-water mark. Stroke: the capacity.",
        grammar.chart(grammar.WIDE, ROW_HEIGHT * len(links), layers),
    )


def _layer(
    values: list[dict[str, object]], links: list[str], field: str, mark: grammar.Spec
) -> grammar.Spec:
    return {
        "data": {"values": values},
        "mark": mark,
        "encoding": {
            "x": {
                "field": field,
                "type": "quantitative",
                "title": None,
                "scale": {"type": "symlog", "constant": LINEAR_BYTES, "nice": False, "padding": 10},
                "axis": {"values": TICKS, "labelExpr": LABELS},
            },
            "y": {
                "field": "link",
                "type": "nominal",
                "sort": links,
                "title": None,
                "axis": {"labelFontSize": 12, "labelColor": grammar.INK},
            },
        },
    }
