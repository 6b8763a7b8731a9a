"""Sections: what waited in queues; what was lost, missed and made good."""

from collections.abc import Sequence

from tickwork_analysis import read, results
from tickwork_analysis.questions import levels, states
from tickwork_analysis.report import album, measure, page, tables
from tickwork_analysis.report.figures import queues

ROWS_MAX = 16
LOSSES = {
    "frames": "frames dropped by a forwarder whose outlet was full",
    "records": "records that a reader lost because it was lapped or cut",
    "unparsed": "messages that could not be read, kept and counted",
    "tcp_clients_cut": "TCP readers cut because they were too slow",
    "buffers_full": "buffers of a book that overflowed while it waited for a snapshot",
}


def render_queues(run: read.Run, told: results.Results, figures: album.Album) -> page.Section:
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
    return page.Section("queues", "What waited?", figure + table, new_page=True)


def render_losses(told: results.Results, seen: Sequence[states.Stretch]) -> page.Section:
    """Returns losses by name, gaps with their durations, readers and lines."""
    losses = [
        (words, measure.in_count(getattr(told.losses, field))) for field, words in LOSSES.items()
    ]
    body = tables.table(("lost", "count"), losses, css="narrow")
    body += _gaps(told, states.gaps(list(seen)))
    if told.consumers:
        body += "<h3>Readers</h3>" + _consumers(told.consumers)
    if told.lines:
        body += "<h3>Lines of the merged stream</h3>" + _lines(told.lines)
    return page.Section("losses", "What was lost, and what came back?", body)


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
        f"(n = {book.resync_ms.n:,}; all are counted, so there is no interval)."
    )
    if not rows:
        return "<h3>Gaps</h3>" + words
    table = tables.table(
        ("book", "second", "gaps", "resyncs", "not LIVE for"),
        [
            (
                row.instrument,
                f"{row.at_s:.1f} s",
                measure.in_count(row.gaps),
                measure.in_count(row.resyncs),
                measure.in_milliseconds(row.lost_ms),
            )
            for row in rows[:ROWS_MAX]
        ],
        css="narrow",
    )
    more = len(rows) - ROWS_MAX
    rest = tables.paragraph(f"{more:,} more are in series.ndjson.", "note") if more > 0 else ""
    return "<h3>Gaps</h3>" + words + table + rest


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
        css="narrow",
    )


def _lines(rows: Sequence[results.Line]) -> str:
    return tables.table(
        ("line", "came first", "lead when first, p50", "reconnects"),
        [
            (
                row.name,
                measure.in_count(row.wins),
                tables.Cell(
                    measure.in_time(row.lead_p50_ns),
                    f"n = {row.wins:,}; kept without seconds, so no interval",
                ),
                measure.in_count(row.reconnects),
            )
            for row in rows
        ],
        css="narrow",
    )
