"""Section: the run over time, its faults, and what each of them led to."""

import functools
from collections.abc import Sequence

from tickwork_analysis import read
from tickwork_analysis.questions import moments, states, timeline
from tickwork_analysis.report import album, measure, naming, page, tables
from tickwork_analysis.report.figures import states as states_figure
from tickwork_analysis.report.figures import timeline as timeline_figure

ROWS_MAX = 12
FOLLOWS_S = 2.0
"""A gap that begins later than this after a fault is not told beside it."""
NO_SERIES = (
    "The states of the books over time are not in this run directory: it has no series.ndjson."
)


def render(
    run: read.Run, seen: Sequence[states.Stretch], series: naming.Series, figures: album.Album
) -> page.Section:
    """Returns latency, rate and books over time with the faults marked, and the faults' table."""
    points = timeline.answer(run)
    faults = moments.faults(run)
    spans = moments.spans(run)
    domain = (0.0, round(max((each.stop_s for each in spans), default=0.0), 2) or 1.0)
    body = tables.paragraph(
        "Zoom with Ctrl and the wheel or a pinch, drag to pan, double-click to go back.",
        "note hint",
    )
    body += figures.place(
        timeline_figure.draw_latency(points, faults, domain, series),
        "No reader recorded a latency in a measured second.",
    )
    body += figures.place(timeline_figure.draw_rate(points, faults, domain, series))
    body += figures.place(states_figure.draw(seen, faults, domain), NO_SERIES)
    body += _faults(faults, states.gaps(list(seen)), has_series=bool(seen))
    return page.Section("course", "How did it go over time?", body, new_page=True)


def _faults(
    faults: Sequence[moments.Fault], gaps: Sequence[states.Gap], *, has_series: bool
) -> str:
    if not faults:
        return tables.paragraph("No fault was injected.", "note")
    head = ["fault", "instrument", "lines", *(["what followed"] if has_series else [])]
    led_to = causes(faults, gaps)
    rows = []
    for number, fault in enumerate(faults[:ROWS_MAX], 1):
        lines = {0: measure.NOTHING, 1: "one"}.get(fault.lines, "all")
        events = f" \u00d7 {fault.events}" if fault.events > 1 else ""
        row = [f"{number}  {_words(fault.kind)}{events}", fault.instrument or "all", lines]
        if has_series:
            row.append(_followed(led_to.get(fault, [])))
        rows.append([row[0], measure.in_seconds(fault.at_s), *row[1:]])
    more = len(faults) - ROWS_MAX
    rest = tables.paragraph(f"{more:,} more are in counters.json.", "note") if more > 0 else ""
    return (
        "<h3>Faults that were injected</h3>"
        + tables.table([head[0], "at", *head[1:]], rows, words=5)
        + rest
    )


def _words(kind: str) -> str:
    return "".join(f" {each.lower()}" if each.isupper() else each for each in kind)


def _followed(met: Sequence[states.Gap]) -> str:
    """Returns what became of the books that a fault met."""
    if not met:
        return "no gap of its own"
    if len(met) == 1:
        closed = "closed" if met[0].resyncs >= met[0].gaps else "left open"
        return f"gap {closed}, not LIVE for {measure.in_milliseconds(met[0].lost_ms)}"
    slowest = max(gap.lost_ms for gap in met)
    return f"{len(met)} gaps, not LIVE for up to {measure.in_milliseconds(slowest)}"


def causes(
    faults: Sequence[moments.Fault], gaps: Sequence[states.Gap]
) -> dict[moments.Fault, list[states.Gap]]:
    """Returns the gaps by the last fault that met their book before they began.

    A fault of that book alone comes before one that met all books within the same second.
    """
    found: dict[moments.Fault, list[states.Gap]] = {}
    for gap in gaps:
        could = [
            each
            for each in faults
            if each.block == gap.block
            and each.instrument in {gap.instrument, None}
            and gap.from_s - FOLLOWS_S <= each.at_s <= gap.to_s
        ]
        if could:
            nearest = max(could, key=functools.partial(_nearness, gap))
            found.setdefault(nearest, []).append(gap)
    return found


def _nearness(gap: states.Gap, fault: moments.Fault) -> tuple[bool, bool, float]:
    return (fault.at_s >= gap.from_s, fault.instrument is not None, fault.at_s)
