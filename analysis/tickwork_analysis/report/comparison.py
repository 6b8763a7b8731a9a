"""Two runs side by side: whether they may be compared, and how far apart their hops are."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from tickwork_analysis import hlog, percentiles, read, results, seconds, summary
from tickwork_analysis.questions import hops
from tickwork_analysis.report import album, grammar, measure, naming, page, tables
from tickwork_analysis.report.figures import distribution

MUST_AGREE = ("kind", "kernel", "CPUs", "build", "wait", "clock source")
"""Where one of these differs, a difference of latencies says nothing about what was changed."""
SHOWN_MAX = 40
FOOT = (
    "Differences of medians are B less A; their 95 % intervals are drawn over the seconds of each "
    "run by itself. They hold for these two runs: how much runs differ among themselves only "
    "repeats can show (`repeats` and `arms` of an Experiment)."
)


@dataclasses.dataclass(frozen=True)
class Trait:
    """One thing that two runs have in common or not."""

    name: str
    ours: str
    theirs: str

    @property
    def is_same(self) -> bool:
        """Whether both runs agree, and both have told."""
        return self.ours == self.theirs != "unknown"


@dataclasses.dataclass(frozen=True)
class Difference:
    """One hop in both runs; the interval is None where one of them is too short."""

    hop: str
    ours: results.Hop
    theirs: results.Hop
    low_ns: int | None
    high_ns: int | None


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two runs, A and B; ``verdict`` says in one sentence whether they may be compared."""

    ours: summary.Summary
    theirs: summary.Summary
    traits: tuple[Trait, ...]
    changes: tuple[Trait, ...]
    differences: tuple[Difference, ...]

    @property
    def obstacles(self) -> list[Trait]:
        """The traits that forbid a comparison."""
        return [each for each in self.traits if each.name in MUST_AGREE and not each.is_same]

    @property
    def verdict(self) -> str:
        """Returns the verdict as a sentence."""
        names = ", ".join(f"{each.name} ({each.ours} and {each.theirs})" for each in self.obstacles)
        if names:
            return f"These runs may not be compared: they differ in {names}."
        what = "in nothing that was asked of them"
        if self.changes:
            count = len(self.changes)
            what = f"in {count} setting{'s' if count > 1 else ''} of their manifests"
        return f"These runs may be compared: same machine and build; they differ {what}."


def compare(ours: summary.Summary, theirs: summary.Summary) -> Pair:
    """Puts two runs side by side."""
    return Pair(
        ours, theirs, _traits(ours, theirs), _changes(ours.run, theirs.run), _all(ours, theirs)
    )


def _traits(ours: summary.Summary, theirs: summary.Summary) -> tuple[Trait, ...]:
    told, other = ours.results, theirs.results
    pairs = [
        ("kind", told.kind, other.kind),
        ("kernel", told.host.kernel, other.host.kernel),
        ("CPUs", told.host.cpus, other.host.cpus),
        ("build", told.host.build, other.host.build),
        ("wait", told.host.wait, other.host.wait),
        ("clock source", told.host.clock_source, other.host.clock_source),
        ("seed", ours.run.plan.get("seed"), theirs.run.plan.get("seed")),
        ("status", told.status, other.status),
    ]
    return tuple(Trait(name, _said(one), _said(two)) for name, one, two in pairs)


def _said(value: object) -> str:
    return "unknown" if value is None else str(value)


def _changes(ours: read.Run, theirs: read.Run) -> tuple[Trait, ...]:
    """Returns every setting of the Plans that differs, by its path; ports are no settings."""
    one, two = _flat(ours.plan), _flat(theirs.plan)
    return tuple(
        Trait(path, one.get(path, "absent"), two.get(path, "absent"))
        for path in sorted(one.keys() | two.keys())
        if one.get(path) != two.get(path)
    )


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """Returns the leaves of a Plan by path; list members go by their names."""
    if isinstance(value, Mapping):
        pairs = [(str(key), each) for key, each in value.items() if key != "ports"]
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        pairs = [
            (str(each.get("name", place)) if isinstance(each, Mapping) else str(place), each)
            for place, each in enumerate(value)
        ]
    else:
        return {path: json.dumps(value, ensure_ascii=False)}
    found: dict[str, str] = {}
    for name, each in pairs:
        found |= _flat(each, f"{path}.{name}" if path else name)
    return found


def _all(ours: summary.Summary, theirs: summary.Summary) -> tuple[Difference, ...]:
    rows = {(row.arm, row.name): row for row in theirs.results.hops}
    return tuple(
        _difference(ours.run, theirs.run, row, rows[row.arm, row.name])
        for row in ours.results.hops
        if (row.arm, row.name) in rows
    )


def _difference(
    ours: read.Run, theirs: read.Run, row: results.Hop, other: results.Hop
) -> Difference:
    drawn = [percentiles.draw_within(_seconds(run, row), (0.5,))[0] for run in (ours, theirs)]
    interval = percentiles.interval_of_difference(drawn[1], drawn[0])
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Difference(row.name, row, other, low, high)


def _seconds(run: read.Run, row: results.Hop) -> list[list[hlog.Distribution]]:
    name, _, transport = row.name.partition(".")
    blocks = [block for block in run.blocks if block.arm == row.arm]
    return [seconds.of_hop(hops.units_of(run, block, transport), name) for block in blocks]


def sentence(row: Difference) -> str:
    """Returns one difference in words, with its interval or the reason why there is none."""
    delta = (row.theirs.p50_ns or 0) - (row.ours.p50_ns or 0)
    hop = naming.hop_label(row.hop)
    transport = row.hop.partition(".")[2]
    name = f"{hop} over {transport}" if transport else hop
    way = "slower" if delta > 0 else "faster"
    if row.low_ns is None or row.high_ns is None:
        return f"{name}: B was {measure.in_time(abs(delta))} {way}; under ten seconds, no interval."
    span = measure.in_range(row.low_ns, row.high_ns, signed=True)
    if row.low_ns <= 0 <= row.high_ns:
        return f"{name}: no difference could be shown (95 % interval {span})."
    return f"{name}: B was {measure.in_time(abs(delta))} {way} (95 % interval {span})."


def render(pair: Pair) -> str:
    """Returns the comparison as one HTML page."""
    figures = album.Album()
    sections = [_differences(pair), _curves(pair, figures), _likeness(pair)]
    bad = " bad" if pair.obstacles else ""
    names = [each.run.directory.root.resolve().name for each in (pair.ours, pair.theirs)]
    head = (
        '<header><p class="eyebrow">Tickwork · two runs</p>'
        f"<h1>{tables.escape(names[0])}<br>{tables.escape(names[1])}</h1>"
        f'<div class="verdict{bad}"><p>{tables.escape(pair.verdict)}</p></div>'
        + tables.items(
            [f"A: {pair.ours.verdict.text}", f"B: {pair.theirs.verdict.text}"], "findings"
        )
        + "</header>"
    )
    return page.render(
        page.Page(f"{names[0]} and {names[1]} · Tickwork", head, sections, figures.figures, FOOT)
    )


def _differences(pair: Pair) -> page.Section:
    rows: list[tables.Row] = [
        (
            tables.Cell(naming.hop_label(row.hop), row.hop if "." in row.hop else ""),
            row.ours.arm,
            *(
                tables.percentile(each.p50_ns, each.p50_low_ns, each.p50_high_ns, "under 10 s")
                for each in (row.ours, row.theirs)
            ),
            tables.percentile(
                (row.theirs.p50_ns or 0) - (row.ours.p50_ns or 0), row.low_ns, row.high_ns,
                "under 10 s",
            ),
            measure.in_time(row.ours.p99_ns),
            measure.in_time(row.theirs.p99_ns),
        )
        for row in pair.differences
    ]  # fmt: skip
    head = ("hop", "arm", "A p50", "B p50", "B less A", "A p99", "B p99")
    words = tables.items([sentence(row) for row in pair.differences if "endToEnd" in row.hop])
    body = words + tables.table(head, rows, words=2) if rows else _nothing()
    return page.Section("differences", "How far are they apart?", body)


def _nothing() -> str:
    return tables.paragraph("The runs have no hop of one arm in common.", "note")


def _curves(pair: Pair, figures: album.Album) -> page.Section:
    drawn: list[grammar.Figure | None] = []
    for letter, found in (("A", pair.ours), ("B", pair.theirs)):
        series = naming.Series(found.run)
        figure = distribution.draw(found.run, naming.HOP_ENDING, found.results.hops, series)
        if figure is not None:
            figure = dataclasses.replace(
                figure, name=f"{figure.name}-{letter.lower()}", title=f"{letter}: {figure.title}"
            )
        drawn.append(figure)
    body = "".join(figures.place(each, "No reader recorded a latency.") for each in drawn)
    return page.Section("curves", "How are they distributed?", f'<div class="pair">{body}</div>')


def _likeness(pair: Pair) -> page.Section:
    rows = [
        (each.name, each.ours, each.theirs, tables.Cell("same" if each.is_same else "differs",
         css="" if each.is_same else "bad-word"))
        for each in pair.traits
    ]  # fmt: skip
    body = tables.table(("what", "A", "B", ""), rows, words=4)
    if pair.changes:
        shown = [(each.name, each.ours, each.theirs) for each in pair.changes[:SHOWN_MAX]]
        body += "<h3>Settings that differ</h3>"
        body += tables.table(("setting of the Plan", "A", "B"), shown, words=3, css="wrap")
        more = len(pair.changes) - SHOWN_MAX
        if more > 0:
            body += tables.paragraph(f"{more:,} more differ; see both plan.json.", "note")
    return page.Section("likeness", "May they be compared?", body)
