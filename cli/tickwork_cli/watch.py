"""``tickwork watch [NAME]``: live books, rates and latencies of a publication, in the terminal."""

import argparse
import json
from collections.abc import Iterator

import rich.console
import rich.live
import rich.segment
import rich.style

from tickwork import clock, errors
from tickwork_cli import inspect, looking, report_table, units_of_measure, wings

EXAMPLES = """\
examples:
  tickwork watch                   the only publication of this machine's user
  tickwork watch demo              the publisher of the run that publishes `demo`
  tickwork watch demo --once       one look, then the end
  tickwork watch demo --json       one object a second, for programs

Read-only, out of shared memory: watching costs the publisher nothing. Five looks a second on a
terminal, one line a second without one. A publisher that goes away is waited for. Ctrl-C ends it.
"""

LOOK_NS = 200_000_000
LINE_NS = 1_000_000_000
EVENTS_SHOWN = 4
HEADINGS = ("instrument", "state", "age", "bid size", "bid", "ask", "ask size", "update id", "/s")
STYLES = {
    "LIVE": rich.style.Style(color="green"),
    "SYNCING": rich.style.Style(color="yellow"),
    "STALE": rich.style.Style(color="yellow"),
    "GAP": rich.style.Style(color="red", bold=True),
    "GONE": rich.style.Style(color="red"),
}
PLAIN = rich.style.Style()
BOLD = rich.style.Style(bold=True)
DIM = rich.style.Style(dim=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a published name, or a path")
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument("--json", action="store_true", help="print each look as one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Watches until Ctrl-C; raises InputError when there is nothing of that name."""
    native = wings.load("tickwork_native", "watch")
    path = inspect.find(options.name or find_only())
    try:
        watcher = looking.Watcher(native, path)
    except native.SegmentError as error:
        raise errors.InputError(
            f"{path} cannot be watched: {error}", "Give the name of a publication of a run."
        ) from error
    try:
        show(watcher, options)
    except KeyboardInterrupt:
        return 0
    finally:
        watcher.close()
    return 0


def find_only() -> str:
    """Returns the one publication of this user; raises InputError where there are none or more."""
    roots = inspect.roots()
    names = sorted({path.parent.name for root in roots for path in root.glob("*/book")})
    if len(names) == 1:
        return names[0]
    if names:
        raise errors.InputError(
            f"There are {len(names)} publications: {', '.join(names)}.", "Name one of them."
        )
    raise errors.InputError(
        "Nothing is published on this machine (of this user).",
        "Start one: tickwork run experiments/pipeline/demo.yaml",
    )


def show(watcher: looking.Watcher, options: argparse.Namespace) -> None:
    """Shows look after look in the way that fits the output."""
    watcher.look()
    console = report_table.make_console()
    if options.once:
        clock.sleep(LOOK_NS)
        look = watcher.look()
        if options.json:
            print(json.dumps(look.to_json()))
        else:
            console.print(Screen(look, []), end="")
    elif console.is_terminal and not options.json:
        show_live(watcher, console)
    else:
        show_lines(watcher, as_json=options.json)


def show_live(watcher: looking.Watcher, console: rich.console.Console) -> None:
    """Draws five times a second, in place, until Ctrl-C."""
    events: list[str] = []
    with rich.live.Live(console=console, auto_refresh=False, screen=False) as live:
        for look in looks(watcher, LOOK_NS):
            events = [*events, *look.events][-EVENTS_SHOWN:]
            live.update(Screen(look, events), refresh=True)


def show_lines(watcher: looking.Watcher, *, as_json: bool) -> None:
    """Prints one line a second, until Ctrl-C."""
    for look in looks(watcher, LINE_NS):
        text = json.dumps(look.to_json()) if as_json else line_of(look)
        print(text, flush=True)


def looks(watcher: looking.Watcher, every_ns: int) -> Iterator[looking.Look]:
    """Yields looks at a steady pace, for ever."""
    due_ns = clock.now_mono_ns()
    while True:
        due_ns = max(due_ns + every_ns, clock.now_mono_ns())
        clock.sleep(due_ns - clock.now_mono_ns())
        yield watcher.look()


def line_of(look: looking.Look) -> str:
    """Returns a look in one line."""
    live = sum(each.state == "LIVE" for each in look.books)
    cells = [
        f"{look.name} {look.state}",
        f"{live}/{len(look.books)} LIVE",
        f"{look.rate:,.0f} tops/s",
        *latency_of(look),
    ]
    if look.lost:
        cells.append(f"lost {look.lost:,}")
    return "; ".join([*cells, *look.events])


def latency_of(look: looking.Look) -> list[str]:
    """Returns the latencies of a look in words; nothing where no top came."""
    in_time = units_of_measure.in_time
    words = []
    if look.receive_to_publish_ns is not None:
        p50, p99, longest = (in_time(each) for each in look.receive_to_publish_ns)
        words.append(f"received → published p50 {p50}, p99 {p99}, max {longest}")
    if look.newest_age_ns is not None:
        words.append(f"newest published {in_time(look.newest_age_ns)} ago")
    return words


class Screen:
    """One look as ready segments: nothing is wrapped or measured, so that drawing stays cheap."""

    def __init__(self, look: looking.Look, events: list[str]) -> None:
        self._look = look
        self._events = events

    def __rich_console__(
        self, console: rich.console.Console, options: rich.console.ConsoleOptions
    ) -> Iterator[rich.segment.Segment]:
        """Yields line after line, cut at the edge of the terminal."""
        width, height = options.max_width, console.size.height
        lines = list(self._lines())
        room = max(4, height - 1) if console.is_terminal else len(lines)
        for text, style in lines[:room]:
            yield rich.segment.Segment(text[:width], style)
            yield rich.segment.Segment.line()

    def _lines(self) -> Iterator[tuple[str, rich.style.Style]]:
        look = self._look
        title = f"{look.name}: {look.state}, generation {look.generation}, {look.rate:,.0f} tops/s"
        yield title + (f", {look.lost:,} lost by this watcher" if look.lost else ""), BOLD
        yield "; ".join(latency_of(look)) or "nothing was published since the last look", PLAIN
        for event in self._events:
            yield event, STYLES["STALE"]
        yield "", PLAIN
        rows = [HEADINGS, *(_cells(each) for each in look.books)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
        for number, row in enumerate(rows):
            cells = (
                f"{cell:<{width}}" if place < 2 else f"{cell:>{width}}"
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            style = STYLES.get(look.books[number - 1].state, DIM) if number else DIM
            yield "  ".join(cells), style


def _cells(book: looking.BookLine) -> tuple[str, ...]:
    return (
        book.symbol,
        book.state,
        units_of_measure.in_time(book.age_ns),
        book.bid_quantity,
        book.bid,
        book.ask,
        book.ask_quantity,
        str(book.update_id),
        f"{book.rate:,.0f}",
    )
