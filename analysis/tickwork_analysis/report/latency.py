"""Sections: where the time goes, how it is distributed, and arms against each other."""

from collections.abc import Sequence

from tickwork_analysis import read, results
from tickwork_analysis.report import album, measure, naming, page, tables
from tickwork_analysis.report.figures import arms, distribution, hops

SHEET_ROWS_MAX = 10
"""So many hops fit on the first sheet; a longer table flows into what follows."""
NO_SECONDS = "under 10 s measured"
NO_VALUES = "under 10 values beyond"
INTERVALS = (
    "Below each percentile its 95 % interval, drawn over the measured seconds. A maximum has none: "
    "no draw can show what was never seen."
)


def render_hops(told: results.Results, series: naming.Series, figures: album.Album) -> page.Section:
    """Returns the waterfall of hops, and every percentile with n, low and high."""
    figure = figures.place(hops.draw(told.hops, series), "No unit recorded a hop.")
    has_arms = len({row.arm for row in told.hops}) > 1
    head = ["hop", *(["arm"] if has_arms else []), "n", "p50", "p90", "p99", "p99.9", "max"]
    ordered = sorted(told.hops, key=naming.hop_order)
    rows = [_row(row, series, has_arms=has_arms) for row in ordered]
    table = tables.table(head, rows, words=2 if has_arms else 1) if rows else ""
    return page.Section(
        "hops", "Where does the time go?", figure + table + tables.items(_notes(told), "note")
    )


def _row(row: results.Hop, series: naming.Series, *, has_arms: bool) -> list[str | tables.Cell]:
    plain, _, transport = row.name.partition(".")
    is_read = plain in {"read", naming.HOP_ENDING}
    shown = transport or series.first(row.arm)
    name = f"{naming.hop_label(row.name)} · {shown}" if is_read else naming.hop_label(row.name)
    told: list[str | tables.Cell] = [tables.Cell(name, naming.HOPS[plain])]
    if has_arms:
        told.append(row.arm)
    told.append(measure.in_count(row.n))
    for key in ("p50", "p90", "p99", "p999"):
        low, high = getattr(row, f"{key}_low_ns"), getattr(row, f"{key}_high_ns")
        why = NO_SECONDS if row.p50_low_ns is None else NO_VALUES
        told.append(tables.percentile(getattr(row, f"{key}_ns"), low, high, why))
    return [*told, measure.in_time(row.max_ns)]


def _notes(told: results.Results) -> list[str]:
    notes = [INTERVALS]
    bounds = [row.clock_bound_ns for row in told.hops if row.clock_bound_ns is not None]
    if bounds:
        notes.append(
            f"Clock: the two stamps of a hop are off by at most {measure.in_time(max(bounds))} "
            "together; this bound is guaranteed and in no interval."
        )
    negative = sum(row.negative for row in told.hops)
    if negative:
        notes.append(f"{negative:,} values were negative: clock error, kept apart, never clipped.")
    return notes


def render_distribution(
    run: read.Run, told: results.Results, series: naming.Series, figures: album.Album
) -> page.Section:
    """Returns the distributions of the whole way and of the last hop, side by side."""
    drawn = "".join(
        figures.place(distribution.draw(run, hop, told.hops, series))
        for hop in (naming.HOP_ENDING, "read")
    )
    words = tables.paragraph(
        "Both axes are logarithmic: from left to right each step cuts off nine tenths of what is "
        "left, so the tail has as much room as the middle."
    )
    body = words + f'<div class="pair">{drawn}</div>' if drawn else _nothing_read()
    is_short = len(told.hops) <= SHEET_ROWS_MAX
    return page.Section("distribution", "How is it distributed?", body, new_page=is_short)


def _nothing_read() -> str:
    return tables.paragraph("No reader recorded a latency.", "note")


def render_arms(rows: Sequence[results.Comparison], figures: album.Album) -> page.Section | None:
    """Returns how arms differ from the first one, or None in a run of one arm."""
    if not rows:
        return None
    figure = figures.place(arms.draw(rows))
    table = tables.table(
        ("hop", "arm", "against", "pairs", "Δ p50", "95 % interval"),
        [
            (
                naming.hop_label(row.hop),
                row.arm,
                row.baseline,
                measure.in_count(row.pairs),
                measure.in_time(row.p50_delta_ns, signed=True),
                _interval(row),
            )
            for row in rows
        ],
        words=3,
    )
    return page.Section("arms", "Do the arms differ?", figure + table)


def _interval(row: results.Comparison) -> str:
    low, high = row.p50_delta_low_ns, row.p50_delta_high_ns
    if low is None or high is None:
        return "under ten repeats"
    return measure.in_range(low, high, signed=True)
