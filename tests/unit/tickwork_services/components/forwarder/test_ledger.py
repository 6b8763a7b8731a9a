import hypothesis
from hypothesis import strategies
from tickwork_services.components.forwarder import ledger

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS


def test_a_window_takes_its_count_and_then_waits_for_the_oldest_to_leave():
    window = ledger.WindowLedger(3, 10)
    for now_ns in (0, 1, 2):
        assert window.wait_ns(now_ns) == 0
        window.spend(now_ns)
    assert window.wait_ns(4) == 6
    assert window.wait_ns(10) == 0
    assert window.used(10) == 2


@hypothesis.given(
    strategies.integers(1, 5),
    strategies.lists(strategies.integers(0, 30), max_size=60),
)
def test_no_window_ever_holds_more_than_its_count(count_max, steps):
    window_ns, now_ns, spent = 50, 0, []
    book = ledger.WindowLedger(count_max, window_ns)
    for step in steps:
        now_ns += step + book.wait_ns(now_ns + step)
        book.spend(now_ns)
        spent.append(now_ns)
        assert sum(now_ns - window_ns < at <= now_ns for at in spent) <= count_max


def test_weight_is_what_the_venue_said_and_what_was_spent_since():
    weights = ledger.WeightLedger(100, MINUTE_NS)
    weights.spend(40, 0)
    assert weights.used(1) == 40
    weights.report(70, 2)
    assert weights.used(2) == 70
    weights.spend(20, 3)
    assert weights.used(3) == 90
    assert weights.spent == 60


def test_what_does_not_fit_waits_until_the_count_is_a_window_old():
    weights = ledger.WeightLedger(100, MINUTE_NS)
    weights.report(95, 5)
    assert weights.wait_ns(5, 6) == 0
    assert weights.wait_ns(6, 6) == MINUTE_NS - 1
    assert weights.wait_ns(6, 5 + MINUTE_NS) == 0
    assert weights.used(5 + MINUTE_NS) == 0


def test_a_weight_above_the_whole_budget_goes_into_an_empty_window():
    weights = ledger.WeightLedger(100, MINUTE_NS)
    assert weights.wait_ns(250, 0) == 0
    weights.spend(250, 0)
    assert weights.wait_ns(1, 1) == MINUTE_NS - 1


def test_a_venue_that_asks_for_silence_gets_it():
    weights = ledger.WeightLedger(100, MINUTE_NS)
    weights.block(3 * SECOND_NS, 10)
    assert weights.wait_ns(1, 10) == 3 * SECOND_NS
    weights.block(SECOND_NS, 11)
    assert weights.wait_ns(1, 11) == 3 * SECOND_NS - 1
    assert weights.wait_ns(1, 10 + 3 * SECOND_NS) == 0


def test_two_hundred_snapshots_never_exceed_the_weight_of_any_minute():
    weights, now_ns, spent = ledger.WeightLedger(6000, MINUTE_NS), 0, []
    for _ in range(200):
        now_ns += 20_000_000 + weights.wait_ns(50, now_ns)
        weights.spend(50, now_ns)
        spent.append(now_ns)
        weights.report(50 * sum(at > now_ns - MINUTE_NS for at in spent), now_ns)
        assert weights.used(now_ns) <= 6000
