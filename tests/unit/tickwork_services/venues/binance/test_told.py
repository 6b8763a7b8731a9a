import pytest
from hypothesis import given
from hypothesis import strategies as st
from tickwork_services import venues
from tickwork_services.venues import venue
from tickwork_services.venues.binance import told

NAMES = ["binance-spot", "binance-usdm"]
AT = b"1700000000000"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_the_renderer_wrote_is_read(name: str, wrapped: bool) -> None:
    server = venues.SERVERS[name]
    before, after = server.wrapping("btcusdt@depth@100ms") if wrapped else (b"", b"")
    bare = AT.join(server.depth("BTCUSDT", (5, 9, 4), '["1.5","2"]', ""))
    found = server.read_told(before + bare + after)
    assert found is not None
    assert (found.channel, found.symbol, found.payload) == ("depth", "BTCUSDT", bare)
    assert (found.first, found.last) == (5, 9)
    assert found.previous == (4 if name == "binance-usdm" else None)
    assert found.stream == ("btcusdt@depth@100ms" if wrapped else None)
    ticker = server.read_told(AT.join(server.ticker("ETHUSDT", 7, ("1", "2"), ("3", "4"))))
    assert ticker is not None
    assert (ticker.channel, ticker.symbol, ticker.last) == ("bookTicker", "ETHUSDT", 7)


@pytest.mark.parametrize("name", NAMES)
def test_trades_snapshots_and_listings_are_read(name: str) -> None:
    server = venues.SERVERS[name]
    trade = AT.join(server.trade("BTCUSDT", 3, ("1", "2"), buyer_is_maker=True))
    aggregate = AT.join(server.aggregate_trade("BTCUSDT", 3, ("1", "2"), buyer_is_maker=True))
    channels = [each.channel for each in map(server.read_told, (trade, aggregate)) if each]
    assert channels == ["trade", "aggTrade"]
    snapshot = server.read_told(server.snapshot(9, 1, [("1.5", "2")], []))
    assert snapshot is not None
    assert (snapshot.channel, snapshot.symbol, snapshot.last) == ("snapshot", "", 9)
    listing = server.listing("BTCUSDT")
    exponents = (listing.price_exponent, listing.quantity_exponent)
    assert server.read_listings(server.exchange_info(1, [listing])) == {"BTCUSDT": exponents}


@given(st.binary(max_size=80))
def test_any_bytes_are_something_or_nothing(payload: bytes) -> None:
    assert told.read(payload) is None or isinstance(told.read(payload), venue.Told)
    assert told.read_listings(payload) == {}
