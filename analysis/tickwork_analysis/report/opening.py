"""The head of a report: which run, its verdict, six figures, and what was found."""

import datetime

from tickwork_analysis import read, results, summary
from tickwork_analysis.questions import moments
from tickwork_analysis.report import measure, naming, tables

GOOD_MARK = '<path d="M4 12.5 9.5 18 20 6.5"/>'
BAD_MARK = '<path d="M5.5 5.5 18.5 18.5M18.5 5.5 5.5 18.5"/>'


def render(found: summary.Summary) -> str:
    """Returns the head's markup."""
    run, told = found.run, found.results
    good = found.verdict.exit_code == 0
    mark = GOOD_MARK if good else BAD_MARK
    icon = (
        '<svg viewBox="0 0 24 24" fill="none" stroke-width="2.6" stroke-linecap="round" '
        f'stroke-linejoin="round" role="img" aria-label="{"good" if good else "not good"}">'
        f"{mark}</svg>"
    )
    findings = [*differences(told), limit(told.host)]
    return (
        f'<header><p class="eyebrow">{tables.escape(_when(run, told))}</p>'
        f"<h1>{tables.escape(told.name)}</h1>"
        f'<div class="verdict{"" if good else " bad"}">{icon}'
        f"<p>{tables.escape(told.verdict)}</p></div>"
        f"{_keys(told)}{tables.items(findings, 'findings')}</header>"
    )


def _when(run: read.Run, told: results.Results) -> str:
    spans = moments.spans(run)
    began = datetime.datetime.fromtimestamp(moments.origin_unix_ns(run) / 1e9, datetime.UTC)
    measured_s = sum(each.stop_s - each.measure_from_s for each in spans)
    blocks = f"{len(spans)} Blocks, " if len(spans) > 1 else ""
    return (
        f"Tickwork · {told.kind} · {began:%Y-%m-%d %H:%M:%S} UTC · {blocks}"
        f"{measured_s:.0f} s measured · {told.status}"
    )


def _keys(told: results.Results) -> str:
    book = told.book
    compared = book.compared or book.ticker_compared
    equal = book.equal if book.compared else book.ticker_equal
    what = "update ids" if book.compared else "tickers"
    pairs = [
        (f"Equal {what}", measure.in_count(equal), f"of {compared:,} compared"),
        *_latencies(told),
        ("Gaps", measure.in_count(book.gaps), _closing(book)),
        ("LIVE", measure.in_share(book.live_share), f"of the time, {book.instruments} instruments"),
        ("Lost", *_lost(told.losses)),
    ]
    cells = "".join(
        f"<div><dt>{tables.escape(name)}</dt><dd>{tables.escape(value)}"
        f"<small>{tables.escape(below)}</small></dd></div>"
        for name, value, below in pairs
    )
    return f'<dl class="keys">{cells}</dl>'


def _latencies(told: results.Results) -> list[tuple[str, str, str]]:
    """Returns median and p99 of the whole way, of the first arm."""
    row = next((each for each in told.hops if each.name == naming.HOP_ENDING), None)
    if row is None:
        return [("End to end", measure.NOTHING, "no reader recorded it")]
    arm = f"{row.arm}, " if len({each.arm for each in told.hops}) > 1 else ""
    found = []
    for key in ("p50", "p99"):
        low, high = getattr(row, f"{key}_low_ns"), getattr(row, f"{key}_high_ns")
        below = measure.in_range(low, high) if low is not None else "no interval"
        found.append(
            (f"End to end {key}", measure.in_time(getattr(row, f"{key}_ns")), f"{arm}{below}")
        )
    return found


def _closing(book: results.Book) -> str:
    if not book.gaps:
        return "nothing was missed"
    state = f"{book.open_gaps} left open" if book.open_gaps else "all closed"
    slowest = book.resync_ms.max
    return state if slowest is None else f"{state}, slowest {measure.in_milliseconds(slowest)}"


def _lost(losses: results.Losses) -> tuple[str, str]:
    total = losses.frames + losses.records
    return measure.in_count(total), "frames and records"


def limit(host: results.Host) -> str:
    """Returns what limits the figures, in one sentence."""
    if host.build == "debug":
        return "Debug build: every latency below is wrong; build with `make setup`."
    if host.limit == "wake-up":
        return (
            "Wake-up bound: readers wait without spinning, so a hop is mostly one wake-up of a "
            "thread, and on a busy machine the wait for a core; the work itself is far less."
        )
    return "Bound by work: readers spin, so a hop is what its stage does, and its queue."


def differences(told: results.Results) -> list[str]:
    """Returns one sentence per arm about the whole way, with its interval."""
    return [
        difference(each)
        for hop in (naming.HOP_ENDING, "read")
        for each in told.comparisons
        if each.hop == hop
    ]


def difference(row: results.Comparison) -> str:
    """Returns the difference of two arms in words: shown, not shown, or without an interval."""
    hop = "End to end" if row.hop == naming.HOP_ENDING else f"Hop {row.hop}"
    delta, low, high = row.p50_delta_ns, row.p50_delta_low_ns, row.p50_delta_high_ns
    if delta is None:
        return f"{hop}: {row.arm} and {row.baseline} have no repeat in common."
    if low is None or high is None:
        way = "slower" if delta >= 0 else "faster"
        return (
            f"{hop}, {row.arm} was {measure.in_time(abs(delta))} {way} than {row.baseline} in the "
            f"median of {row.pairs} pairs; under ten repeats, so no interval is given."
        )
    span = f"95 % interval {measure.in_range(low, high, signed=True)}, {row.pairs} pairs"
    if low <= 0 <= high:
        return f"{hop}, no difference of {row.arm} from {row.baseline} could be shown ({span})."
    way = "slower" if delta > 0 else "faster"
    return (
        f"{hop}, {row.arm} was {measure.in_time(abs(delta))} {way} than {row.baseline} in the "
        f"median ({span})."
    )
