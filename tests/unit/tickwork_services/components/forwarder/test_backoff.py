from tickwork_services.components.forwarder import backoff

BASE_NS = 100
LONGEST_NS = 30_000


def draw(seed, count):
    waits = backoff.Backoff(seed, BASE_NS, LONGEST_NS)
    return [waits.next_ns() for _ in range(count)]


def test_the_same_seed_draws_the_same_waits():
    assert draw("7/a/0", 50) == draw("7/a/0", 50)
    assert draw("7/a/0", 50) != draw("7/b/0", 50)


def test_each_wait_lies_below_a_doubling_ceiling_that_is_capped():
    for seed in range(200):
        for number, wait_ns in enumerate(draw(str(seed), 20)):
            assert 0 <= wait_ns <= min(LONGEST_NS, BASE_NS * 2**number)


def test_jitter_is_full():
    late = [draw(str(seed), 20)[-1] for seed in range(400)]
    assert min(late) < LONGEST_NS // 20
    assert max(late) > LONGEST_NS * 19 // 20


def test_it_never_ends_and_never_overflows():
    waits = backoff.Backoff("0", BASE_NS, LONGEST_NS)
    assert all(waits.next_ns() <= LONGEST_NS for _ in range(10_000))
    assert waits.attempts == 10_000


def test_a_success_makes_the_waits_short_again():
    waits = backoff.Backoff("0", BASE_NS, LONGEST_NS)
    for _ in range(20):
        waits.next_ns()
    waits.reset()
    assert waits.next_ns() <= BASE_NS
