import tickwork_native
from tickwork_services.components.consumer import hops


def top(latency_ns, published_ns):
    return (1, 6, 2, 0, latency_ns, 1, 1, 1, 1, 1, published_ns)


def test_both_hops_are_recorded_and_negative_values_kept():
    made = hops.Hops(tickwork_native.Histogram("read"), tickwork_native.Histogram("endToEnd"))
    made.take([top(100, 1_000), top(0xFFFFFFFF, 1_500), top(5, 2_100)], 2_000)
    assert (made.read.count, made.read.negative) == (2, 1)
    assert made.read.negative_minimum_ns == -100
    assert made.end_to_end.count + made.end_to_end.negative == 2
    assert made.end_to_end.maximum_ns is not None
    assert abs(made.end_to_end.maximum_ns - 1_100) <= 2
