"""Windows, weights and bans, on a clock that the test holds."""

from tickwork_services.components.venue_twin import limits

SECOND_NS = limits.SECOND_NS


def test_window_admits_so_many_and_then_one_for_one() -> None:
    window = limits.Window(5, SECOND_NS)
    assert [window.admit(number) for number in range(6)] == [True] * 5 + [False]
    assert not window.admit(SECOND_NS - 1)
    assert window.admit(SECOND_NS)
    assert not window.admit(SECOND_NS)
    assert window.admit(SECOND_NS + 1)


def test_weight_is_counted_by_the_minute_and_by_address() -> None:
    weights = limits.Weights(100)
    assert weights.judge("a", 60, 0) == limits.Verdict(200, 60)
    assert weights.judge("b", 60, 0) == limits.Verdict(200, 60)
    refused = weights.judge("a", 60, 30 * SECOND_NS)
    assert (refused.status, refused.retry_after_seconds) == (429, 30)
    assert weights.judge("a", 60, limits.MINUTE_NS) == limits.Verdict(200, 60)


def test_those_who_go_on_are_banned_and_each_ban_is_longer() -> None:
    weights = limits.Weights(10)
    now_ns = 0
    lengths = []
    for _ in range(2):
        statuses = [weights.judge("a", 11, now_ns).status for _ in range(2 + limits.PATIENCE)]
        assert statuses == [429] * limits.PATIENCE + [418] * 2
        verdict = weights.judge("a", 1, now_ns)
        lengths.append(verdict.until_ns - now_ns)
        assert verdict.retry_after_seconds == lengths[-1] // SECOND_NS
        now_ns = verdict.until_ns
        assert weights.judge("a", 1, now_ns).status == 200
        now_ns += limits.MINUTE_NS - now_ns % limits.MINUTE_NS
    assert lengths == [limits.BAN_NS, 2 * limits.BAN_NS]


def test_limit_on_request_asks_for_a_second_at_least() -> None:
    weights = limits.Weights(1000)
    verdict = weights.limit("a", 10_000_000, 5)
    assert (verdict.status, verdict.retry_after_seconds) == (429, 1)
    assert weights.judge("a", 1, 10_000_005).status == 200


def test_addresses_are_forgotten_before_they_are_too_many() -> None:
    weights = limits.Weights(10)
    weights.judge("first", 10, 0)
    for number in range(limits.ADDRESSES_MAX):
        weights.judge(str(number), 1, 0)
    assert weights.judge("first", 10, 0).status == 200
