"""The law of orders keeps both sides alive and within their bound."""

import random

import pytest
from tickwork_services.components.venue_twin import engine, flow
from tickwork_services.venues import venue


@pytest.mark.parametrize("levels_max", [5, 20, 500])
def test_book_stays_within_its_bound_and_never_empty(levels_max: int) -> None:
    market = engine.Engine(0)
    tested = flow.Flow(market, venue.Listing("X", -2, -3, 50, 100), levels_max, random.Random(3))
    for number in range(3000):
        if number % 10:
            tested.act()
        else:
            tested.cross()
            market.fills.clear()
        for side in (market.bids, market.asks):
            assert 0 < len(side.keys) <= max(levels_max, flow.LEVELS_KEPT + 1)
        assert market.bids.keys[-1] < -market.asks.keys[-1]
        assert market.bids.keys[0] >= 1


def test_every_act_changes_a_level_and_every_cross_makes_a_fill() -> None:
    market = engine.Engine(0)
    tested = flow.Flow(market, venue.Listing("X", -2, -3, 50_000, 100), 100, random.Random(4))
    for _ in range(500):
        before = market.update_id
        tested.act()
        assert market.update_id == before + 1
        assert not market.fills
        tested.cross()
        assert market.fills
        market.fills.clear()
