"""FastClock from Python."""

import tickwork_native


def test_fast_clock_error_within_own_bound() -> None:
    clock = tickwork_native.fast_clock()
    last_ns = 0
    for _ in range(20_000):
        bound_ns = clock.bound_ns
        before_ns = tickwork_native.monotonic_raw_ns()
        now_ns = clock.now_ns()
        after_ns = tickwork_native.monotonic_raw_ns()
        assert before_ns - bound_ns <= now_ns <= after_ns + bound_ns
        assert now_ns >= last_ns
        last_ns = now_ns
    assert clock.source in {"tsc", "clock_gettime"}
    assert clock.bound_ns < 1_000_000
