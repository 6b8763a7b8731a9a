"""The engine against a naive model of orders, and its digest against recomputation."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tickwork_services.components.venue_twin import engine


@dataclasses.dataclass
class Resting:
    id: int
    price: int
    quantity: int
    bid: bool


class Naive:
    """All orders in one list, in order of arrival; everything is searched for."""

    def __init__(self) -> None:
        self.orders: list[Resting] = []
        self.fills: list[engine.Fill] = []
        self.count = 0

    def submit(self, price: int, quantity: int, *, bid: bool) -> int:
        while quantity:
            others = [o for o in self.orders if o.bid != bid]
            others = [o for o in others if (o.price <= price if bid else o.price >= price)]
            if not others:
                break
            first = min(others, key=lambda o: (o.price if bid else -o.price, o.id))
            filled = min(quantity, first.quantity)
            first.quantity -= filled
            quantity -= filled
            self.fills.append((first.price, filled, first.bid))
            if not first.quantity:
                self.orders.remove(first)
        if not quantity:
            return 0
        self.count += 1
        self.orders.append(Resting(self.count, price, quantity, bid))
        return self.count

    def cancel(self, order_id: int) -> bool:
        found = [o for o in self.orders if o.id == order_id]
        self.orders = [o for o in self.orders if o.id != order_id]
        return bool(found)

    def levels(self, *, bid: bool) -> list[tuple[int, int]]:
        prices = {o.price for o in self.orders if o.bid == bid}
        return [
            (price, sum(o.quantity for o in self.orders if o.bid == bid and o.price == price))
            for price in sorted(prices, reverse=bid)
        ]


SUBMITS = st.tuples(st.integers(1, 12), st.integers(1, 9), st.booleans())
ACTS = st.lists(st.one_of(SUBMITS, st.integers(0, 40), st.none()), max_size=120)


@settings(max_examples=150)
@given(ACTS)
def test_engine_equals_naive_model(acts: list[tuple[int, int, bool] | int | None]) -> None:
    tested, naive = engine.Engine(100), Naive()
    told: dict[bool, dict[int, int]] = {True: {}, False: {}}
    last = 100
    for act in [*acts, None]:
        if act is None:
            if tested.changed:
                changes = tested.take_changes()
                assert (changes.previous, changes.last) == (last, tested.update_id)
                assert changes.previous < changes.first <= changes.last
                last = changes.last
                _apply(told, changes)
            assert told[True] == dict(naive.levels(bid=True))
            assert told[False] == dict(naive.levels(bid=False))
            assert tested.digest == tested.recompute_digest()
        elif isinstance(act, int):
            assert tested.cancel(act) == naive.cancel(act)
        else:
            price, quantity, bid = act
            assert tested.submit(price, quantity, bid) == naive.submit(price, quantity, bid=bid)
        assert list(tested.bids.best_first()) == naive.levels(bid=True)
        assert list(tested.asks.best_first()) == naive.levels(bid=False)
        assert tested.fills == naive.fills


def _apply(told: dict[bool, dict[int, int]], changes: engine.Changes) -> None:
    for bid, levels in ((True, changes.bids), (False, changes.asks)):
        for price, quantity in levels:
            if quantity:
                told[bid][price] = quantity
            else:
                told[bid].pop(price, None)


def test_older_order_of_a_price_is_filled_first() -> None:
    tested = engine.Engine(0)
    first, second = tested.submit(10, 5, False), tested.submit(10, 5, False)
    tested.submit(10, 5, True)
    assert first not in tested.orders
    assert second in tested.orders


def test_one_order_goes_through_several_levels_and_rests_with_what_is_left() -> None:
    tested = engine.Engine(0)
    for price in (10, 11, 13):
        tested.submit(price, 2, False)
    assert tested.submit(12, 5, True)
    assert tested.fills == [(10, 2, False), (11, 2, False)]
    assert tested.bids.best() == (12, 1)
    assert tested.asks.best() == (13, 2)


def test_each_order_event_takes_one_update_id_and_a_skip_is_added_once() -> None:
    tested = engine.Engine(50)
    tested.submit(10, 1, True)
    tested.submit(9, 1, True)
    assert tested.take_changes()[:3] == (51, 52, 50)
    tested.skip = 4
    tested.submit(8, 1, True)
    tested.submit(7, 1, True)
    assert tested.take_changes()[:3] == (57, 58, 52)


def test_known_level_has_the_digest_that_every_other_side_computes() -> None:
    assert engine.mix_level(1, 6_183_763, 378_826) == 0x02A1_2441_D015_9A8E


@pytest.mark.parametrize("other", [(2, 100, 5), (1, 101, 5), (1, 100, 6), (1, 5, 100)])
def test_side_price_and_quantity_each_change_the_digest(other: tuple[int, int, int]) -> None:
    assert engine.mix_level(*other) != engine.mix_level(1, 100, 5)
