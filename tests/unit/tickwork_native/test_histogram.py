"""Histograms, the interval log and the Prometheus text from Python."""

import array
import pathlib

import pytest
import tickwork_native


def test_values_are_counted_and_negative_ones_apart() -> None:
    histogram = tickwork_native.Histogram("parse")
    assert (histogram.count, histogram.minimum_ns, histogram.quantile_ns(0.5)) == (0, None, None)
    histogram.record_many(array.array("q", range(1, 1001)))
    histogram.record(-3)
    assert (histogram.name, histogram.count, histogram.negative) == ("parse", 1000, 1)
    assert (histogram.minimum_ns, histogram.maximum_ns, histogram.sum_ns) == (1, 1000, 500_500)
    assert (histogram.quantile_ns(0.5), histogram.negative_minimum_ns) == (500, -3)


def test_a_buffer_that_is_no_array_of_int64_is_refused() -> None:
    histogram = tickwork_native.Histogram("parse")
    with pytest.raises(ValueError, match="recording 7 bytes"):
        histogram.record_many(b"1234567")
    with pytest.raises(ValueError, match=r"quantile 1\.5"):
        histogram.quantile_ns(1.5)


def test_the_interval_log_holds_differences(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "hops.hlog"
    histogram = tickwork_native.Histogram("book")
    log = tickwork_native.IntervalLog(path, 0)
    for second in range(1, 4):
        histogram.record(1000 * second)
        log.write_interval(second * 1_000_000_000, [histogram])
    log.write_interval(4_000_000_000, [histogram])
    log.close()
    lines = [line for line in path.read_text().splitlines() if line.startswith("Tag=book,")]
    assert [line.split(",")[1:3] for line in lines] == [
        ["0.000", "1.000"],
        ["1.000", "1.000"],
        ["2.000", "1.000"],
    ]
    with pytest.raises(ValueError, match="closed"):
        log.write_interval(5_000_000_000, [histogram])


def test_prometheus_text_is_cumulative() -> None:
    histogram = tickwork_native.Histogram("read")
    histogram.record_many(array.array("q", [50, 2_000]))
    text = tickwork_native.render_prometheus([histogram], "tickwork", {"unit": "a"}).decode()
    assert 'tickwork_hop_seconds_bucket{hop="read",unit="a",le="+Inf"} 2\n' in text
    assert 'tickwork_hop_seconds_bucket{hop="read",unit="a",le="0.000001"} 1\n' in text
