"""How full was each link, second by second? From the series of the units at its ends."""

import dataclasses

from tickwork_analysis import read, series
from tickwork_analysis.questions import moments


@dataclasses.dataclass(frozen=True)
class Level:
    """One link at one moment, in bytes; ``pending`` is None where no end could say it."""

    at_s: float
    block: str
    link: str
    pending: int | None
    high_water: int


def answer(run: read.Run) -> list[Level]:
    """Returns the levels of every link with a capacity, in the order of time."""
    origin = moments.origin_unix_ns(run)
    found = []
    for block, span in zip(run.blocks, moments.spans(run), strict=True):
        for unit in block.units:
            for points in series.of_unit(unit):
                for point in points:
                    at_s = (point.at_unix_ns - origin) / 1e9
                    if span.start_s <= at_s <= span.stop_s + 0.5:
                        found += _levels(point, round(at_s, 3), block.label)
    return sorted(found, key=lambda level: (level.link, level.at_s))


def _levels(point: series.Point, at_s: float, block: str) -> list[Level]:
    """Returns the links that were read at this unit: the inlet's end sees what waits."""
    return [
        Level(at_s, block, end.rpartition(".")[0], counters.get("pending"), counters["highWater"])
        for end, counters in point.links.items()
        if end.endswith(".inlet") and counters.get("capacity", 0) > 0 and "highWater" in counters
    ]
