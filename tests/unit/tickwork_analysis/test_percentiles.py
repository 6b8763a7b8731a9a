import numpy as np
import pytest
from tickwork_analysis import hlog, percentiles


def distribution(*values: int) -> hlog.Distribution:
    found, counts = np.unique(np.array(values, np.int64), return_counts=True)
    return hlog.Distribution(found, counts.astype(np.int64))


@pytest.mark.parametrize(
    ("quantile", "expected"), [(0.0, 10), (0.1, 10), (0.11, 20), (0.5, 50), (0.99, 100), (1.0, 100)]
)
def test_percentile_is_nearest_rank(quantile: float, expected: int) -> None:
    assert percentiles.value_at(distribution(*range(10, 101, 10)), quantile) == expected
    assert percentiles.nearest(list(range(10, 101, 10)), quantile) == expected


def test_nothing_recorded_has_no_percentile() -> None:
    assert percentiles.value_at(hlog.EMPTY, 0.5) is None
    assert percentiles.nearest([], 0.5) is None


def test_no_interval_under_ten_measured_seconds() -> None:
    second = distribution(1, 2, 3)
    assert percentiles.interval_within([[second] * 9], 0.5) is None
    assert percentiles.interval_within([[second] * 10], 0.5) == percentiles.Interval(2, 2)


def test_interval_is_seeded_and_holds_the_median() -> None:
    chance = np.random.default_rng(3)
    seconds = [distribution(*chance.integers(900, 1100, 200).tolist()) for _ in range(30)]
    first = percentiles.interval_within([seconds], 0.5)
    assert first == percentiles.interval_within([seconds], 0.5)
    median = percentiles.value_at(hlog.merge(seconds), 0.5)
    assert first is not None
    assert median is not None
    assert first.low <= median <= first.high
    assert first.low < first.high


def test_seconds_that_differ_widen_the_interval() -> None:
    calm = [distribution(*range(990, 1010)) for _ in range(12)]
    mixed = [distribution(*range(1000 * (1 + i % 3), 1000 * (1 + i % 3) + 20)) for i in range(12)]
    narrow = percentiles.interval_within([calm], 0.5)
    wide = percentiles.interval_within([mixed], 0.5)
    assert narrow is not None
    assert wide is not None
    assert wide.high - wide.low > narrow.high - narrow.low


def test_draws_never_cross_a_block_and_hold_each_block_whole() -> None:
    weights = percentiles._moving_blocks(np.random.default_rng(1), [12, 5, 1], 50)
    assert weights[:, :12].sum(axis=1).tolist() == [12.0] * 50
    assert weights[:, 12:17].sum(axis=1).tolist() == [5.0] * 50
    assert weights[:, 17].tolist() == [1.0] * 50


def test_paired_repeats_give_an_interval_from_ten_on() -> None:
    assert percentiles.interval_of_paired([5] * 9) is None
    assert percentiles.interval_of_paired([5] * 10) == percentiles.Interval(5, 5)
    found = percentiles.interval_of_paired(list(range(-10, 11)))
    assert found is not None
    assert found.low < 0 < found.high
