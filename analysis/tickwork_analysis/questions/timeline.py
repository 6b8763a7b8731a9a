"""How did latency and rate go, second by second?"""

import dataclasses
import math

from tickwork_analysis import hlog, percentiles, read, seconds
from tickwork_analysis.questions import hops, moments

POINTS_MAX = 400
"""More seconds than this are put together, so that a report of a long run stays small."""

SLACK_S = 0.3
"""A second that ends later than this after the stop was not measured whole, so it has no rate."""


@dataclasses.dataclass(frozen=True)
class Point:
    """One hop in one stretch of time; ``at_s`` is its middle, ``rate`` is values a second."""

    at_s: float
    block: str
    arm: str
    hop: str
    transport: str
    n: int
    rate: float
    p50_ns: int | None
    p99_ns: int | None


def answer(run: read.Run) -> list[Point]:
    """Returns the points of every hop, in the order of time; ``transport`` as hops names it."""
    spans = moments.spans(run)
    length_s = max(1, math.ceil(sum(each.stop_s - each.start_s for each in spans) / POINTS_MAX))
    origin_s = moments.origin_unix_ns(run) / 1e9
    found = []
    for block, span in zip(run.blocks, spans, strict=True):
        for transport in hops.transports(run, [block]):
            for hop in hops.ENDS:
                units = hops.units_of(run, block, transport)
                by_second = seconds.by_second(units, hop)
                lasted = seconds.lengths(units, hop)
                for at_s, lasted_s, merged in _together(by_second, lasted, length_s):
                    place = (at_s - origin_s, block.label, block.arm, hop, transport)
                    if place[0] + length_s / 2 <= span.stop_s + SLACK_S:
                        found.append(_point(place, merged, lasted_s))
    return found


def _together(
    by_second: dict[int, hlog.Distribution], lasted: dict[int, float], length_s: int
) -> list[tuple[float, float, hlog.Distribution]]:
    """Returns (middle, recorded seconds, distribution) of each stretch of ``length_s`` seconds."""
    order = list(by_second)
    return [
        (
            order[first] + length_s / 2,
            sum(lasted[each] for each in order[first : first + length_s]),
            hlog.merge([by_second[each] for each in order[first : first + length_s]]),
        )
        for first in range(0, len(order) - length_s + 1, length_s)
    ]


def _point(
    place: tuple[float, str, str, str, str], merged: hlog.Distribution, lasted_s: float
) -> Point:
    at_s, block, arm, hop, transport = place
    return Point(
        at_s=round(at_s, 3),
        block=block,
        arm=arm,
        hop=hop,
        transport=transport,
        n=merged.count,
        rate=round(merged.count / lasted_s, 1) if lasted_s else 0.0,
        p50_ns=percentiles.value_at(merged, 0.5),
        p99_ns=percentiles.value_at(merged, 0.99),
    )
