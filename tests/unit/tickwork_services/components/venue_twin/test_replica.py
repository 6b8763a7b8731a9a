import pytest
from tickwork_services import venues
from tickwork_services.components.venue_twin import replica, session
from tickwork_services.venues import venue

from tickwork.unit.settings import venue_twin


def market(name: str) -> session.Session:
    settings = venue_twin.VenueTwinSettings(venue=name, instruments=("BTCUSDT",), seed=3)
    return session.Session(settings, venues.SERVERS[name])


def diffs(name: str, count: int) -> list[tuple[venue.Told, bytes]]:
    """Returns diffs with the truth of the market that made them."""
    made, server = market(name).instruments[0], venues.SERVERS[name]
    found = []
    for _ in range(count):
        message = made.depth()
        told = server.read_told(b"1700000000000".join(message.parts))
        assert told is not None
        found.append((told, message.truth))
    return found


def snapshot_of(name: str, after: int) -> venue.Told:
    """Returns the snapshot that the same market shows after so many diffs."""
    made, server = market(name).instruments[0], venues.SERVERS[name]
    for _ in range(after):
        made.depth()
    shown = made.snapshot(None)
    told = server.read_told(server.snapshot(shown.update_id, 1, shown.bids, shown.asks))
    assert told is not None
    return told


def tracker(name: str, *snapshots: venue.Told) -> replica.Tracker:
    server = venues.SERVERS[name]
    listing = server.listing("BTCUSDT")
    exponents = (listing.price_exponent, listing.quantity_exponent)
    return replica.Tracker(0, exponents, server.sequence_rule, snapshots)


@pytest.mark.parametrize("name", ["binance-spot", "binance-usdm"])
def test_the_book_of_a_recording_is_the_market_s_own_at_every_id(name: str) -> None:
    told = diffs(name, 60)
    following = tracker(name, snapshot_of(name, 10))
    rows = [row for each, _ in told for row in following.take(each)]
    truth = [row for _, row in told][-50:]
    assert rows[-49:] == truth[-49:]
    assert following.gaps == 0


def test_a_missing_diff_ends_the_book_until_the_next_snapshot() -> None:
    name = "binance-usdm"
    told = diffs(name, 60)
    following = tracker(name, snapshot_of(name, 10), snapshot_of(name, 40))
    for each, _ in told[:20]:
        following.take(each)
    assert following.book is not None
    for each, _ in told[22:30]:
        assert following.take(each) == []
    assert following.book is None
    assert following.gaps == 1
    awaited = following.next_snapshot()
    assert awaited is not None
    assert awaited.last == snapshot_of(name, 40).last
    rows = [row for each, _ in told[30:] for row in following.take(each)]
    assert rows[-1] == told[-1][1]


def test_the_snapshot_of_a_beginning_is_given_once() -> None:
    name = "binance-spot"
    following = tracker(name, snapshot_of(name, 5))
    assert following.take_beginning() is None
    for each, _ in diffs(name, 8):
        following.take(each)
    beginning = following.take_beginning()
    assert beginning is not None
    assert beginning.last == snapshot_of(name, 5).last
    assert following.take_beginning() is None


@pytest.mark.parametrize(
    ("text", "exponent", "value"),
    [("61602.01", -2, 6_160_201), ("1.50000000", -1, 15), ("7", -3, 7000), ("42.000", 0, 42)],
)
def test_decimals_become_exact_mantissas(text: str, exponent: int, value: int) -> None:
    assert replica.mantissa(text, exponent) == value


def test_a_digit_is_never_lost() -> None:
    with pytest.raises(ValueError, match="more digits"):
        replica.mantissa("1.23", -1)
    assert replica.exponent_of("0.10200000") == -3
