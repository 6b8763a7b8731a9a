import hypothesis
import pytest
from hypothesis import strategies
from tickwork_services.components.forwarder import subscription

SECOND_NS = 1_000_000_000


def test_what_fits_goes_over_one_connection():
    assert subscription.split([["a1", "a2"], ["b1"]], 3) == [["a1", "a2", "b1"]]


@hypothesis.given(
    strategies.lists(strategies.integers(1, 4), min_size=1, max_size=80),
    strategies.integers(4, 20),
)
def test_a_split_keeps_order_limits_and_whole_instruments(sizes, streams_max):
    streams = [[f"{i}/{n}" for n in range(size)] for i, size in enumerate(sizes)]
    connections = subscription.split(streams, streams_max)
    assert [one for each in connections for one in each] == [s for each in streams for s in each]
    assert all(0 < len(each) <= streams_max for each in connections)
    for names in streams:
        assert sum(names[0] in each and names[-1] in each for each in connections) == 1
        assert sum(any(name in each for name in names) for each in connections) == 1


def test_an_instrument_that_never_fits_is_refused():
    with pytest.raises(ValueError, match="more than 2"):
        subscription.split([["a", "b", "c"]], 2)


def test_requests_are_batched_and_paced_below_the_limit():
    wanted = subscription.Subscription([f"s{n}" for n in range(1000)], 100, 5)
    said, now_ns = [], 0
    while not wanted.complete:
        request = wanted.due(now_ns)
        if request is None:
            now_ns += SECOND_NS // 10
            continue
        said.append((now_ns, request))
        assert wanted.answer(request.id)
    assert [name for _, request in said for name in request.streams] == [
        f"s{n}" for n in range(1000)
    ]
    times = [at for at, _ in said]
    for at in times:
        assert sum(at <= other < at + SECOND_NS for other in times) <= 4


def test_it_is_complete_only_when_the_venue_has_accepted_all():
    wanted = subscription.Subscription(["a", "b"], 1, 5)
    first, second = wanted.due(0), wanted.due(0)
    assert wanted.due(0) is None
    assert not wanted.complete
    assert wanted.answer(first.id)
    assert not wanted.answer(first.id)
    assert not wanted.answer(99)
    assert not wanted.complete
    assert wanted.answer(second.id)
    assert wanted.complete
