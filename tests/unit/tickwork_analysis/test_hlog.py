import base64
import pathlib
import random

import numpy as np
import pytest
import synthetic_run
from hdrh.histogram import HdrHistogram
from tickwork_analysis import hlog

from tickwork import errors


def test_log_of_the_reference_package_is_read_to_the_value(tmp_path: pathlib.Path) -> None:
    chance = random.Random(5)
    values = [int(chance.lognormvariate(10, 2)) for _ in range(5_000)] + [0, 1, 2047, 2048, 1 << 41]
    histogram = HdrHistogram(1, 1 << 42, 3)
    for value in values:
        histogram.record_value(value)
    found = hlog.decode(base64.b64decode(histogram.encode()))
    expected = sorted(histogram.get_highest_equivalent_value(value) for value in values)
    assert np.repeat(found.values, found.counts).tolist() == expected


def test_log_of_the_native_module_is_read_to_the_value(tmp_path: pathlib.Path) -> None:
    native = pytest.importorskip("tickwork_native", reason="the native wing is not installed")
    chance = random.Random(6)
    path = tmp_path / "hops.hlog"
    histogram = native.Histogram("read")
    log = native.IntervalLog(str(path), 1_700_000_000_000_000_000)
    expected = []
    for second in range(1, 4):
        values = [int(chance.lognormvariate(10, 1)) for _ in range(500)]
        for value in values:
            histogram.record(value)
        expected.append(len(values))
        log.write_interval(1_700_000_000_000_000_000 + second * 10**9, [histogram])
    log.close()
    found = hlog.read(path)
    assert [each.distribution.count for each in found.intervals] == expected
    assert [each.start_unix_s for each in found.intervals] == [1.7e9, 1.7e9 + 1, 1.7e9 + 2]
    assert {each.tag for each in found.intervals} == {"read"}
    merged = hlog.merge([each.distribution for each in found.intervals])
    assert merged.count == histogram.count
    place = np.searchsorted(np.cumsum(merged.counts), (merged.count + 1) // 2)
    assert merged.values[place] == histogram.quantile_ns(0.5)


def test_torn_last_line_is_counted_and_left_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "hops.hlog"
    synthetic_run.write_log(path, ("read",), 1, 3)
    text = path.read_text().rstrip("\n")
    path.write_text(text[:-20])
    found = hlog.read(path)
    assert (len(found.intervals), found.torn) == (2, 1)


def test_broken_line_in_the_middle_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "hops.hlog"
    synthetic_run.write_log(path, ("read",), 1, 3)
    lines = path.read_text().split("\n")
    lines[-3] = "Tag=read,1.0,1.0,broken"
    path.write_text("\n".join(lines))
    with pytest.raises(errors.ResultError, match="no line of an HDR interval log"):
        hlog.read(path)


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="cookie"):
        hlog.decode(b"\x00" * 16)


def test_merge_adds_equal_values() -> None:
    one = hlog.Distribution(np.array([1, 5]), np.array([2, 3]))
    two = hlog.Distribution(np.array([5, 9]), np.array([4, 1]))
    merged = hlog.merge([one, hlog.EMPTY, two])
    assert merged.values.tolist() == [1, 5, 9]
    assert merged.counts.tolist() == [2, 7, 1]
