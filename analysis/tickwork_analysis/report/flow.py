"""Sections: what waited in queues; what was lost, missed and made good."""

from collections.abc import Sequence

from tickwork_analysis import read, results
from tickwork_analysis.questions import levels, states
from tickwork_analysis.report import album, course, measure, page, tables
from tickwork_analysis.report.figures import queues

ROWS_MAX = 16
LOSSES = {
    "frames": ("frames dropped", "by a forwarder whose outlet was full"),
    "records": ("records lost", "by a reader that was lapped or cut"),
    "unparsed": ("messages unparsed", "kept and counted, never guessed"),
    "tcp_clients_cut": ("TCP readers cut", "too slow for their queue"),
    "buffers_full": ("buffers full", "of a book that waited for a snapshot"),
}


def render_queues(
    run: read.Run, told: results.Results, figures: album.Album, *, new_page: bool = False
) -> page.Section:
    """Returns depths and high-water marks of every link."""
    figure = figures.place(
        queues.draw(told.queues, levels.answer(run)),
        "No link of this run has a capacity: its stages called each other directly.",
    )
    rows = [
        (
            row.link,
            measure.in_bytes(row.high_water),
            measure.in_bytes(row.capacity),
            measure.in_share(row.high_water / row.capacity),
        )
        for row in told.queues
    ]
    head = ("link", "high-water mark", "capacity", "share")
    table = tables.table(head, rows) if rows else ""
    return page.Section("queues", "What waited?", figure + table, new_page)


def render_losses(
    run: read.Run, told: results.Results, seen: Sequence[states.Stretch], *, new_page: bool
) -> page.Section:
    """Returns losses by name, gaps with their durations, readers and lines."""
    losses = [
        (tables.Cell(*words), measure.in_count(getattr(told.losses, field)))
        for field, words in LOSSES.items()
    ]
    left = "<h3>Losses</h3>" + tables.table(("what", "count"), losses)
    if told.consumers:
        left += "<h3>Readers</h3>" + _consumers(told.consumers)
    if len(told.lines) > 1:
        left += "<h3>Lines of the merged stream</h3>" + _lines(told.lines)
    if told.restarts:
        left += "<h3>Units that died and came back</h3>" + _restarts(told.restarts)
    right = "<h3>Gaps</h3>" + _gaps(told, states.gaps(list(seen), states.durations(run)))
    body = f'<div class="pair"><div>{left}</div><div>{right}</div></div>'
    return page.Section("losses", "What was lost, and what came back?", body, new_page)


def _restarts(restarts: Sequence[results.Restart]) -> str:
    rows = [
        (row.unit, str(row.incarnation), row.block, course.in_span([row.at_ms]))
        for row in restarts[:ROWS_MAX]
    ]
    more = len(restarts) - ROWS_MAX
    rest = tables.paragraph(f"{more:,} more are in results.json.", "note") if more > 0 else ""
    return tables.table(("unit", "incarnation", "block", "after its start"), rows) + rest


def _gaps(told: results.Results, rows: Sequence[states.Gap]) -> str:
    book = told.book
    if not book.gaps:
        return tables.paragraph("No book ever missed an update: no gap, no resync.")
    middle, slowest = (
        measure.in_milliseconds(each) for each in (book.resync_ms.p50, book.resync_ms.max)
    )
    words = tables.paragraph(
        f"{book.gaps:,} gaps, {book.open_gaps:,} left open; {book.resyncs:,} resyncs, from the gap "
        f"to LIVE again {middle} in the median and {slowest} at most "
        f"(n = {book.resync_ms.n:,}; all are counted, so there is no interval). Books that came "
        "back within one second share their durations."
    )
    if not rows:
        return words
    table = tables.table(
        ("book", "began in", "gaps", "resyncs", "closed in"),
        [
            (
                row.instrument,
                f"{row.from_s:.1f} \u2026 {row.to_s:.1f} s",
                measure.in_count(row.gaps),
                measure.in_count(row.resyncs),
                course.in_span(row.took_ms) if row.took_ms else measure.NOTHING,
            )
            for row in rows[:ROWS_MAX]
        ],
    )
    more = len(rows) - ROWS_MAX
    rest = tables.paragraph(f"{more:,} more are in series.ndjson.", "note") if more > 0 else ""
    return words + table + rest


def _consumers(rows: Sequence[results.Consumer]) -> str:
    has_arms = len({row.arm for row in rows}) > 1
    head = ["reader", "transport", *(["arm"] if has_arms else []), "received", "lost", "laps"]
    return tables.table(
        head,
        [
            (
                row.name,
                row.transport,
                *((row.arm,) if has_arms else ()),
                measure.in_count(row.received),
                measure.in_count(row.lost),
                measure.in_count(row.laps),
            )
            for row in rows
        ],
        words=3 if has_arms else 2,
    )


def _lines(rows: Sequence[results.Line]) -> str:
    return tables.table(
        ("line", "came first (n)", "lead p50", "reconnects"),
        [
            (
                row.name,
                measure.in_count(row.wins),
                tables.Cell(
                    measure.in_time(row.lead_p50_ns),
                    "no interval: kept without seconds",
                ),
                measure.in_count(row.reconnects),
            )
            for row in rows
        ],
    )
