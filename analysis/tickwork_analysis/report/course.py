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
    gaps = states.gaps(list(seen), states.durations(run))
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
    body += _faults(faults, gaps, has_series=bool(seen))
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
    open_count = sum(1 for gap in met if gap.resyncs < gap.gaps)
    what = "gap" if len(met) == 1 else f"{len(met)} gaps"
    if open_count:
        return f"{what}, {open_count} left open"
    took_ms = [each for gap in met for each in gap.took_ms]
    return f"{what}, closed in {in_span(took_ms)}" if took_ms else f"{what}, closed"


def in_span(took_ms: Sequence[float]) -> str:
    """Returns one duration, or the shortest and the longest of several."""
    low, high = min(took_ms), max(took_ms)
    if low == high:
        return measure.in_milliseconds(low)
    return measure.in_range(low * 1e6, high * 1e6)


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
