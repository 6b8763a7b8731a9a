"""Which books were LIVE when, and how long did each gap last? From the series of the books."""

import dataclasses
import itertools
from collections.abc import Mapping

from tickwork_analysis import read, series
from tickwork_analysis.questions import moments


@dataclasses.dataclass(frozen=True)
class Stretch:
    """One book between two lines of the series; ``live`` is the share of it spent LIVE."""

    start_s: float
    end_s: float
    block: str
    instrument: str
    live: float
    gaps: int
    resyncs: int


@dataclasses.dataclass(frozen=True)
class Gap:
    """Neighbouring stretches in which a book lost step and came back.

    The gap began between ``from_s`` and ``to_s``: more the series does not say. ``took_ms`` holds
    the durations of the resyncs of these stretches; where several books came back within one
    stretch they are those of all of them, for the book does not say whose is which.
    """

    from_s: float
    to_s: float
    block: str
    instrument: str
    gaps: int
    resyncs: int
    took_ms: tuple[float, ...] = ()


def answer(run: read.Run) -> list[Stretch]:
    """Returns the stretches of every book within its Block; none where no series was kept."""
    found = []
    origin = moments.origin_unix_ns(run)
    for block, span in zip(run.blocks, moments.spans(run), strict=True):
        for unit, _ in block.of_kind("book"):
            for points in series.of_unit(unit):
                for before, after in itertools.pairwise(points):
                    start_s = (before.at_unix_ns - origin) / 1e9
                    end_s = (after.at_unix_ns - origin) / 1e9
                    if span.start_s - 0.5 <= start_s < end_s <= span.stop_s + 0.5:
                        found += _between(before, after, (start_s, end_s, block.label))
    return found


def _between(
    before: series.Point, after: series.Point, place: tuple[float, float, str]
) -> list[Stretch]:
    """Returns one stretch per instrument between two lines of one incarnation."""
    start_s, end_s, block = place
    found = []
    for instrument, now in after.books.items():
        then = before.books.get(instrument)
        if then is None:
            continue
        live = (now["liveNs"] - then["liveNs"]) / (after.at_unix_ns - before.at_unix_ns)
        found.append(
            Stretch(
                start_s=round(start_s, 3),
                end_s=round(end_s, 3),
                block=block,
                instrument=instrument,
                live=round(min(1.0, max(0.0, live)), 5),
                gaps=now["gaps"] - then["gaps"],
                resyncs=now["resyncs"] - then["resyncs"],
            )
        )
    return found


def durations(run: read.Run) -> dict[str, list[float]]:
    """Returns how long each resync took, in ms, by Block, in the order in which they ended."""
    return {
        block.label: [
            float(each) for _, book in block.of_kind("book") for each in book.facts["resyncMs"]
        ]
        for block in run.blocks
        if all("resyncMs" in book.facts for _, book in block.of_kind("book"))
    }


def gaps(stretches: list[Stretch], took_ms: Mapping[str, list[float]]) -> list[Gap]:
    """Returns one row per book and unbroken run of stretches from a gap to the last resync."""
    rows: list[Gap] = []
    open_rows: dict[tuple[str, str], Gap] = {}
    ended = _ended(stretches, took_ms)
    for each in stretches:
        row = open_rows.pop((each.block, each.instrument), None)
        if row is None and each.gaps == 0:
            continue
        row = row or Gap(each.start_s, each.end_s, each.block, each.instrument, 0, 0)
        row = dataclasses.replace(
            row,
            gaps=row.gaps + each.gaps,
            resyncs=row.resyncs + each.resyncs,
            took_ms=row.took_ms + (ended[each.block, each.start_s] if each.resyncs else ()),
        )
        if row.resyncs < row.gaps:
            open_rows[each.block, each.instrument] = row
        else:
            rows.append(row)
    return sorted([*rows, *open_rows.values()], key=lambda row: (row.from_s, row.instrument))


def _ended(
    stretches: list[Stretch], took_ms: Mapping[str, list[float]]
) -> dict[tuple[str, float], tuple[float, ...]]:
    """Returns the durations of the resyncs that ended in each stretch, by its Block and start."""
    counts: dict[tuple[str, float], int] = {}
    for each in stretches:
        key = (each.block, each.start_s)
        counts[key] = counts.get(key, 0) + each.resyncs
    left = {block: list(each) for block, each in took_ms.items()}
    found = {}
    for (block, start_s), count in sorted(counts.items()):
        told = left.get(block, [])
        found[block, start_s] = tuple(told[:count])
        del told[:count]
    return found
