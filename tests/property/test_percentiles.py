"""Percentiles of a distribution equal those of its plain values."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tickwork_analysis import hlog, percentiles

VALUES = st.lists(st.integers(0, 50), min_size=1, max_size=200)


def _distribution(values: list[int]) -> hlog.Distribution:
    found, counts = np.unique(np.array(values, np.int64), return_counts=True)
    return hlog.Distribution(found, counts.astype(np.int64))


@given(values=VALUES, quantile=st.floats(0.0, 1.0))
def test_value_is_the_smallest_with_enough_below(values: list[int], quantile: float) -> None:
    found = percentiles.value_at(_distribution(values), quantile)
    assert found == percentiles.nearest(values, quantile)
    needed = max(1, math.ceil(quantile * len(values) - 1e-9))
    smallest = min(v for v in values if sum(other <= v for other in values) >= needed)
    assert found == smallest


@given(parts=st.lists(VALUES, max_size=6))
def test_merging_equals_recording_into_one(parts: list[list[int]]) -> None:
    merged = hlog.merge([_distribution(part) for part in parts])
    assert np.repeat(merged.values, merged.counts).tolist() == sorted(
        value for part in parts for value in part
    )
