"""Which books were LIVE when, and how long did each gap last? From the series of the books."""

import dataclasses
import itertools

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
    """Neighbouring stretches in which a book lost step; ``lost_ms`` is time not LIVE in them.

    The gap began between ``from_s`` and ``to_s``: more the series does not say.
    """

    from_s: float
    to_s: float
    block: str
    instrument: str
    gaps: int
    resyncs: int
    lost_ms: float


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


def gaps(stretches: list[Stretch]) -> list[Gap]:
    """Returns one row per book and unbroken run of stretches from a gap to the last resync."""
    rows: list[Gap] = []
    open_rows: dict[tuple[str, str], Gap] = {}
    for each in stretches:
        key = (each.block, each.instrument)
        lost_ms = (1 - each.live) * (each.end_s - each.start_s) * 1e3
        row = open_rows.pop(key, None)
        if row is None and each.gaps == 0:
            continue
        row = row or Gap(each.start_s, each.end_s, each.block, each.instrument, 0, 0, 0.0)
        row = dataclasses.replace(
            row,
            gaps=row.gaps + each.gaps,
            resyncs=row.resyncs + each.resyncs,
            lost_ms=row.lost_ms + lost_ms,
        )
        if row.resyncs < row.gaps:
            open_rows[key] = row
        else:
            rows.append(row)
    return sorted([*rows, *open_rows.values()], key=lambda row: (row.from_s, row.instrument))
