"""The summary of a run on a terminal: verdict, proof, hops, consumers, lines, losses."""

from collections.abc import Iterable
from typing import Any

import rich.box
import rich.console
import rich.table
import rich.text

from tickwork_cli import units_of_measure as measure

WIDTH_WITHOUT_TERMINAL = 120
LOSS_NAMES = {
    "frames": "frames dropped",
    "records": "records lost by consumers",
    "unparsed": "messages unparsed",
    "tcp_clients_cut": "TCP clients cut",
    "buffers_full": "buffers full",
}


def make_console(*, to_stderr: bool = False) -> rich.console.Console:
    """Returns the console of a stream; plain and wide where it is no terminal."""
    console = rich.console.Console(stderr=to_stderr, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    return console


def draw(console: rich.console.Console, results: Any, exit_code: int) -> None:
    """Prints ``results`` (``tickwork_analysis.results.Results``)."""
    colour = "green" if exit_code == 0 else "red"
    console.print()
    console.print(rich.text.Text(results.verdict, style=f"bold {colour}"))
    console.print()
    _draw_proof(console, results.book)
    if results.hops:
        console.print(_hops(results.hops))
        _draw_notes(console, results)
        console.print()
    if results.comparisons:
        console.print(_comparisons(results.comparisons))
    if results.consumers:
        console.print(_consumers(results.consumers))
    if results.lines:
        console.print(_lines(results.lines))
    _draw_losses(console, results.losses)
    for each in results.restarts:
        _draw_restart(console, each)
    for each in results.recordings:
        _draw_recording(console, each)


def _draw_restart(console: rich.console.Console, restart: Any) -> None:
    when = f"{restart.at_ms / 1000:.1f} s after the start of block {restart.block}"
    words = f"  restart {restart.unit}: incarnation {restart.incarnation}, {when}"
    console.print(words, soft_wrap=True, markup=False)


def _draw_recording(console: rich.console.Console, recording: Any) -> None:
    size = measure.in_bytes(recording.file_bytes)
    words = f"  record  {recording.file}: {recording.status}, {recording.frames:,} frames, {size}"
    console.print(words, soft_wrap=True, markup=False)
    if recording.reason is not None:
        console.print(f"          {recording.reason}", soft_wrap=True, markup=False)


def _table(title: str, columns: Iterable[str], text_columns: int) -> rich.table.Table:
    table = rich.table.Table(
        title=title, title_justify="left", title_style="bold", box=rich.box.SIMPLE_HEAD
    )
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < text_columns else "right", no_wrap=True)
    return table


def _draw_proof(console: rich.console.Console, book: Any) -> None:
    truth = f"{book.equal:,} of {book.compared:,} updates equal to the venue's true book"
    ticker = f"{book.ticker_equal:,} of {book.ticker_compared:,} tickers equal to the book"
    resync = book.resync_ms
    slowest = f", slowest {resync.max:,.0f} ms" if resync.max is not None else ""
    console.print(f"  proof   {truth if book.compared else 'no truth to compare with'}")
    console.print(f"          {ticker} ({book.ticker_unpaired:,} without a pair)")
    console.print(
        f"          {book.gaps} gaps, {book.open_gaps} open; {book.resyncs} resyncs{slowest}; "
        f"LIVE {measure.in_share(book.live_share)} of the time, {book.instruments} instruments"
    )
    console.print()


def _hops(hops: Iterable[Any]) -> rich.table.Table:
    columns = ("hop", "arm", "n", "p50", "95 % interval", "p90", "p99", "p99.9", "max")
    table = _table("Hops", columns, 2)
    for hop in hops:
        interval = "-"
        if hop.p50_low_ns is not None:
            low, high = measure.in_time(hop.p50_low_ns), measure.in_time(hop.p50_high_ns)
            interval = f"{low} … {high}"
        table.add_row(
            hop.name,
            hop.arm,
            measure.in_count(hop.n),
            measure.in_time(hop.p50_ns),
            interval,
            measure.in_time(hop.p90_ns),
            measure.in_time(hop.p99_ns),
            measure.in_time(hop.p999_ns),
            measure.in_time(hop.max_ns),
        )
    return table


def _draw_notes(console: rich.console.Console, results: Any) -> None:
    host = results.host
    bound = measure.in_time(host.fast_clock_bound_ns)
    limit = "wake-up bound" if host.limit == "wake-up" else "bound by work"
    console.print(
        f"  {limit} (readers {host.wait or 'unknown'}); clock {host.clock_source or 'unknown'} ± "
        f"{bound}; {host.cpus or '?'} CPUs"
    )
    if any(hop.p50_low_ns is None for hop in results.hops):
        console.print("  - : under ten measured seconds, so no interval is given")
    negative = sum(hop.negative for hop in results.hops)
    if negative:
        console.print(f"  {negative:,} negative values: clock error, kept apart")
    if host.build == "debug":
        console.print("  DEBUG BUILD: every figure above is wrong; build with `make setup`")


def _comparisons(comparisons: Iterable[Any]) -> rich.table.Table:
    table = _table("Arms", ("hop", "arm", "against", "pairs", "Δ p50", "95 % interval"), 3)
    for each in comparisons:
        interval = "under ten repeats"
        if each.p50_delta_low_ns is not None:
            low = measure.in_time(each.p50_delta_low_ns)
            interval = f"{low} … {measure.in_time(each.p50_delta_high_ns)}"
        delta = measure.in_time(each.p50_delta_ns)
        table.add_row(each.hop, each.arm, each.baseline, str(each.pairs), delta, interval)
    return table


def _consumers(consumers: Iterable[Any]) -> rich.table.Table:
    columns = ("consumer", "transport", "arm", "received", "lost", "laps", "p50", "p99")
    table = _table("Consumers", columns, 3)
    for each in consumers:
        table.add_row(
            each.name,
            each.transport,
            each.arm,
            measure.in_count(each.received),
            measure.in_count(each.lost),
            measure.in_count(each.laps),
            measure.in_time(each.p50_ns),
            measure.in_time(each.p99_ns),
        )
    return table


def _lines(lines: Iterable[Any]) -> rich.table.Table:
    table = _table("Lines", ("line", "first", "lead p50", "reconnects"), 1)
    for line in lines:
        lead = measure.in_time(line.lead_p50_ns)
        table.add_row(line.name, measure.in_count(line.wins), lead, str(line.reconnects))
    return table


def _draw_losses(console: rich.console.Console, losses: Any) -> None:
    lost = [
        f"{getattr(losses, field):,} {words}"
        for field, words in LOSS_NAMES.items()
        if getattr(losses, field)
    ]
    console.print(f"  losses  {', '.join(lost) if lost else 'none'}", end="")
    struck = f"; {losses.injected} of {losses.scheduled} scheduled faults struck"
    console.print(struck if losses.scheduled else "")
