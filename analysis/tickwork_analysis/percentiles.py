"""The one rule for percentiles, and for how sure one can be of them.

docs/reference/percentiles.md says the same in words. A percentile is taken once, at the end, from
the merged histogram: nearest rank, and of the bucket with that rank the highest equivalent value.
An interval is calibrated (95 %), never guaranteed: a moving-block bootstrap over per-second
histograms inside each Block, or a bootstrap over paired repeats between arms; 1,000 seeded draws.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tickwork_analysis import hlog

DRAWS = 1000
SEED = 20240808
SECONDS_MIN = 10
REPEATS_MIN = 10
BEYOND_MIN = 10
"""So many values must lie beyond a percentile for an interval of it to mean anything."""
LOW, HIGH = 0.025, 0.975
CELLS_MAX = 4_000_000
"""How many numbers a bootstrap holds at once; more draws than fit are made in portions."""


@dataclasses.dataclass(frozen=True)
class Interval:
    """A calibrated 95 % interval, in the unit of what it belongs to."""

    low: int
    high: int


def rank(quantile: float, count: int) -> int:
    """Returns the nearest rank, from 1: the smallest r with r / count >= quantile."""
    return max(1, math.ceil(quantile * count - 1e-9))


def value_at(distribution: hlog.Distribution, quantile: float) -> int | None:
    """Returns the value at ``quantile``, or None where nothing was recorded."""
    count = distribution.count
    if count == 0:
        return None
    place = np.searchsorted(np.cumsum(distribution.counts), rank(quantile, count))
    return int(distribution.values[place])


def nearest(values: list[int], quantile: float) -> int | None:
    """Returns the value at ``quantile`` of plain numbers by the same rule."""
    if not values:
        return None
    return sorted(values)[rank(quantile, len(values)) - 1]


def interval_within(blocks: list[list[hlog.Distribution]], quantile: float) -> Interval | None:
    """Returns the interval of one percentile; see ``intervals_within``."""
    return intervals_within(blocks, (quantile,))[0]


def intervals_within(
    blocks: list[list[hlog.Distribution]], quantiles: Sequence[float]
) -> list[Interval | None]:
    """Returns the interval of each percentile over the seconds of one or more Blocks.

    ``blocks`` holds per Block its per-second distributions in order. Seconds are drawn in runs of
    the cube root of their number and never across Blocks. None under ten measured seconds, and
    where fewer than ten values lie beyond the percentile.
    """
    drawn = draw_within(blocks, quantiles)
    count = sum(second.count for block in blocks for second in block)
    return [
        _interval(each) if round(count * (1 - quantile), 6) >= BEYOND_MIN else None
        for quantile, each in zip(quantiles, drawn, strict=True)
    ]


def draw_within(
    blocks: list[list[hlog.Distribution]], quantiles: Sequence[float]
) -> list[list[int]]:
    """Returns per percentile its value in each of the draws; none under ten measured seconds."""
    seconds = [second for block in blocks for second in block]
    merged = hlog.merge(seconds)
    drawn: list[list[int]] = [[] for _ in quantiles]
    if len(seconds) < SECONDS_MIN or merged.count == 0:
        return drawn
    table = np.zeros((len(seconds), len(merged.values)), np.float64)
    for row, second in enumerate(seconds):
        table[row, np.searchsorted(merged.values, second.values)] = second.counts
    chance = np.random.default_rng(SEED)
    sizes = [len(block) for block in blocks if block]
    portion = max(1, CELLS_MAX // max(1, table.shape[1]))
    for start in range(0, DRAWS, portion):
        weights = _moving_blocks(chance, sizes, min(portion, DRAWS - start))
        sums = np.cumsum(weights @ table, axis=1)
        for place, quantile in enumerate(quantiles):
            drawn[place] += _values_at(sums, merged.values, quantile)
    return drawn


def interval_of_difference(ours: list[int], theirs: list[int]) -> Interval | None:
    """Returns the interval of ours less theirs, drawn apart; None where either has no draws."""
    differences = [one - other for one, other in zip(ours, theirs, strict=False)]
    return _interval(differences)


def _moving_blocks(
    chance: np.random.Generator, sizes: list[int], draws: int
) -> npt.NDArray[np.float64]:
    """Returns how often each draw holds each second: draws x seconds."""
    weights = np.zeros((draws, sum(sizes)), np.float64)
    rows = np.arange(draws)
    first = 0
    for size in sizes:
        length = max(1, round(size ** (1 / 3)))
        for filled in range(0, size, length):
            starts = chance.integers(0, size - length + 1, draws)
            for step in range(min(length, size - filled)):
                np.add.at(weights, (rows, first + starts + step), 1.0)
        first += size
    return weights


def _values_at(sums: npt.NDArray[np.float64], values: hlog.Int64s, quantile: float) -> list[int]:
    """Returns the percentile of each row of running sums; rows without any value give none."""
    totals = sums[:, -1]
    filled = totals > 0
    ranks = np.maximum(1.0, np.ceil(quantile * totals[filled] - 1e-9))
    places = (sums[filled] < ranks[:, None]).sum(axis=1)
    return [int(value) for value in values[places]]


def interval_of_paired(deltas: list[int]) -> Interval | None:
    """Returns the interval of the median of paired differences; None under ten repeats."""
    if len(deltas) < REPEATS_MIN:
        return None
    chance = np.random.default_rng(SEED)
    array = np.array(deltas, np.int64)
    picks = chance.integers(0, len(array), (DRAWS, len(array)))
    ordered = np.sort(array[picks], axis=1)
    medians = ordered[:, rank(0.5, len(array)) - 1]
    return _interval([int(median) for median in medians])


def _interval(drawn: list[int]) -> Interval | None:
    low, high = nearest(drawn, LOW), nearest(drawn, HIGH)
    return None if low is None or high is None else Interval(low, high)
