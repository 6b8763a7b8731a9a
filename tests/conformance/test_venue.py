"""Every venue's two sides understand each other: what one says, the other reads."""

import json
import urllib.parse

import pytest
from tickwork_services import venues
from tickwork_services.venues import venue

CHANNELS = ("depth", "bookTicker", "trade", "aggTrade")
WEIGHTS = {
    "binance-spot": {1: 5, 100: 5, 101: 25, 500: 25, 501: 50, 1000: 50, 1001: 250, 5000: 250},
    "binance-usdm": {5: 2, 50: 2, 51: 5, 100: 5, 101: 10, 500: 10, 501: 20, 1000: 20},
}
INTERVALS_MS = {"binance-spot": (100, 1000), "binance-usdm": (0, 100, 250, 500)}
NAMES = sorted(venues.CLIENTS)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(name: str) -> venue.Client:
    return venues.CLIENTS[name]


@pytest.fixture
def server(name: str) -> venue.Server:
    return venues.SERVERS[name]


def _filled(parts: venue.Parts, unix_ms: int = 1_700_000_000_000) -> dict[str, object]:
    message = json.loads(str(unix_ms).encode().join(parts))
    assert isinstance(message, dict)
    return message


def test_both_tables_hold_the_same_venues_with_the_same_rules() -> None:
    assert set(venues.CLIENTS) == set(venues.SERVERS)
    for name in NAMES:
        client, server = venues.CLIENTS[name], venues.SERVERS[name]
        assert (client.name, client.limits) == (name, server.limits)


def test_every_stream_name_is_understood(
    name: str, client: venue.Client, server: venue.Server
) -> None:
    for interval_ms in INTERVALS_MS[name]:
        streams = client.streams("BTCUSDT", CHANNELS, interval_ms)
        assert [server.read_stream(each) for each in streams] == [
            ("BTCUSDT", channel) for channel in CHANNELS
        ]


@pytest.mark.parametrize("stream", ["btcusdt", "@depth", "BTCUSDT@depth", "btcusdt@depth@1ms", ""])
def test_stream_of_another_form_is_none(server: venue.Server, stream: str) -> None:
    assert server.read_stream(stream) is None


def test_paths_are_understood(client: venue.Client, server: venue.Server) -> None:
    for path in (client.websocket_path, urllib.parse.urlsplit(client.websocket_url).path):
        assert server.read_opening(path) == venue.Opening(True, ())
    streams = ("btcusdt@depth", "ethusdt@trade")
    assert server.read_opening("/ws") == venue.Opening(False, ())
    assert server.read_opening("/ws/btcusdt@depth") == venue.Opening(False, streams[:1])
    assert server.read_opening("/ws/btcusdt@depth/ethusdt@trade") == venue.Opening(False, streams)
    for query in ("btcusdt@depth/ethusdt@trade", "btcusdt%40depth%2Fethusdt%40trade"):
        opening = server.read_opening(f"/stream?streams={query}")
        assert opening == venue.Opening(True, streams)


@pytest.mark.parametrize("target", ["/", "/wss", "/api/v3/depth", "/stream?timeUnit=MICROSECOND"])
def test_other_paths_are_refused(server: venue.Server, target: str) -> None:
    assert isinstance(server.read_opening(target), venue.Refusal)


def test_usdm_takes_its_split_paths_and_spot_does_not() -> None:
    target = "/public/stream?streams=btcusdt@depth@0ms"
    opening = venues.SERVERS["binance-usdm"].read_opening(target)
    assert opening == venue.Opening(True, ("btcusdt@depth@0ms",))
    assert isinstance(venues.SERVERS["binance-spot"].read_opening(target), venue.Refusal)


def test_subscription_and_its_reply_are_understood(
    client: venue.Client, server: venue.Server
) -> None:
    streams = ["btcusdt@depth", "btcusdt@bookTicker"]
    order = server.read_order(client.subscribe_message(7, streams))
    assert order == venue.Order("SUBSCRIBE", "7", tuple(streams))
    assert isinstance(order, venue.Order)
    reply = client.read_control(server.accepted(order))
    assert reply is not None
    assert (reply.kind, reply.id) == ("accepted", 7)


@pytest.mark.parametrize(
    ("payload", "code", "id_"),
    [
        (b"{", 3, None),
        (b"\xff\xfe", 3, None),
        (b"[" * 100_000, 3, None),
        (b"[]", 2, None),
        (b'{"method":"SUBSCRIBE","params":["a@trade"],"id":true}', 2, None),
        (b'{"method":"SUBSCRIBE","params":["a@trade"],"id":-1}', 2, None),
        (b'{"method":"SUBSCRIBE","params":["a@trade"],"id":1.5}', 2, None),
        (b'{"method":"SUBSCRIBE","params":["a@trade"],"id":18446744073709551616}', 2, None),
        (b'{"method":"DANCE","id":4}', 2, 4),
        (b'{"method":["SUBSCRIBE"],"id":4}', 2, 4),
        (b'{"method":"SUBSCRIBE","params":"a@trade","id":4}', 2, 4),
        (b'{"method":"SUBSCRIBE","params":[1],"id":4}', 2, 4),
        (b'{"method":"SUBSCRIBE","params":[],"id":4}', 2, 4),
        (b'{"method":"SET_PROPERTY","params":["combined",1],"id":"x"}', 1, "x"),
        (b'{"method":"SET_PROPERTY","params":["colour",true],"id":4}', 0, 4),
        (b'{"method":"GET_PROPERTY","params":[3],"id":4}', 2, 4),
    ],
)
def test_wrong_order_is_refused_with_its_code(
    client: venue.Client, server: venue.Server, payload: bytes, code: int, id_: object
) -> None:
    refusal = server.read_order(payload)
    assert isinstance(refusal, venue.Refusal)
    reply = json.loads(refusal.body)
    assert (reply["error"]["code"], reply["id"]) == (code, id_)
    control = client.read_control(refusal.body)
    if isinstance(id_, int):
        assert control is not None
        assert (control.kind, control.id) == ("refused", id_)


def test_properties_and_list_are_read(server: venue.Server) -> None:
    read = server.read_order
    assert read(b'{"method":"LIST_SUBSCRIPTIONS","id":null}') == venue.Order("LIST", "null")
    assert read(b'{"method":"SET_PROPERTY","params":["combined",true],"id":"abc"}') == venue.Order(
        "SET_COMBINED", '"abc"', value=True
    )
    assert read(b'{"method":"GET_PROPERTY","params":["combined"],"id":1}') == venue.Order(
        "GET_COMBINED", "1"
    )


def test_shutdown_is_recognised_raw_and_combined(
    client: venue.Client, server: venue.Server
) -> None:
    notice = server.shutdown(1_700_000_000_000)
    before, after = server.wrapping(server.shutdown_stream())
    for payload in (notice, before + notice + after):
        control = client.read_control(payload)
        assert control is not None
        assert control.kind == "shutdown"


def test_market_data_is_no_control(client: venue.Client, server: venue.Server) -> None:
    level = ("1.5", "2")
    for parts in (
        server.depth("BTCUSDT", (2, 3, 1), '["1.5","2"]', ""),
        server.ticker("BTCUSDT", 3, level, level),
        server.trade("BTCUSDT", 9, level, buyer_is_maker=True),
        server.aggregate_trade("BTCUSDT", 9, level, buyer_is_maker=False),
    ):
        payload = b"1700000000000".join(parts)
        before, after = server.wrapping("btcusdt@x")
        assert client.read_control(payload) is None
        assert client.read_control(before + payload + after) is None
    for noise in (b"", b"{", b"[1]", b"null", b'{"x":1}', b"\xff"):
        assert client.read_control(noise) is None


def test_diff_has_the_fields_of_its_venue(name: str, server: venue.Server) -> None:
    diff = _filled(server.depth("BTCUSDT", (12, 15, 11), '["1.5","2"]', '["1.6","0"]'))
    spot = ["e", "E", "s", "U", "u", "b", "a"]
    usdm = ["e", "E", "T", "s", "U", "u", "pu", "b", "a"]
    assert list(diff) == (spot if name == "binance-spot" else usdm)
    assert (diff["U"], diff["u"], diff["b"]) == (12, 15, [["1.5", "2"]])
    assert diff.get("pu", 11) == 11


def test_ticker_and_trades_have_the_fields_of_their_venue(name: str, server: venue.Server) -> None:
    ticker = _filled(server.ticker("BTCUSDT", 15, ("1.5", "2"), ("1.6", "3")))
    trade = _filled(server.trade("BTCUSDT", 9, ("1.5", "2"), buyer_is_maker=True))
    aggregate = _filled(server.aggregate_trade("BTCUSDT", 9, ("1.5", "2"), buyer_is_maker=True))
    spot = name == "binance-spot"
    assert ({"e", "E", "T"} & set(ticker)) == (set() if spot else {"e", "E", "T"})
    assert set("usbBaA") <= set(ticker)
    assert set(trade) == set("eEsTtpqm") | ({"M"} if spot else {"X"})
    assert set(aggregate) == set("eEsapqflTm") | ({"M"} if spot else set())
    assert trade["m"] is True


def test_snapshot_request_is_understood_with_its_weight(
    name: str, client: venue.Client, server: venue.Server
) -> None:
    for limit, weight in WEIGHTS[name].items():
        request = client.depth_request("BTCUSDT", limit)
        question = server.read_question(request.path)
        assert isinstance(question, venue.Question)
        assert (question.kind, question.symbol) == ("depth", "BTCUSDT")
        assert question.limit >= limit
        assert request.weight == question.weight == weight


def test_other_requests_are_understood(client: venue.Client, server: venue.Server) -> None:
    info = client.exchange_information_request(["BTCUSDT", "ETHUSDT"])
    question = server.read_question(info.path)
    assert isinstance(question, venue.Question)
    assert question.kind == "exchangeInfo"
    assert question.symbols in ((), ("BTCUSDT", "ETHUSDT"))
    assert question.weight == info.weight
    prefix = info.path.partition("/exchangeInfo")[0]
    for name in ("time", "ping"):
        answered = server.read_question(f"{prefix}/{name}")
        assert answered == venue.Question(name, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "query", ["", "symbol=", "symbol=A&limit=0", "symbol=A&limit=-3", "symbol=A&limit=x",
              "symbol=A&limit=99999999999999999999"],
)  # fmt: skip
def test_wrong_depth_request_is_refused(
    client: venue.Client, server: venue.Server, query: str
) -> None:
    path = client.depth_request("A", 5).path.partition("?")[0]
    assert isinstance(server.read_question(f"{path}?{query}"), venue.Refusal)


def test_exchange_info_says_the_exponents(server: venue.Server) -> None:
    for symbol in ("BTCUSDT", "DOGEUSDT", "NEWUSDT"):
        listing = server.listing(symbol)
        (entry,) = json.loads(server.exchange_info(1, [listing]))["symbols"]
        sizes = {each["filterType"]: each for each in entry["filters"]}
        assert float(sizes["PRICE_FILTER"]["tickSize"]) == pytest.approx(10**listing.price_exponent)
        assert float(sizes["LOT_SIZE"]["stepSize"]) == pytest.approx(10**listing.quantity_exponent)


def test_numbers_are_written_exactly(name: str, server: venue.Server) -> None:
    listing = server.listing("BTCUSDT")
    price = server.price_writer(listing)
    expected = {"binance-spot": "61837.63000000", "binance-usdm": "618376.3"}
    assert price(6_183_763) == expected[name]
    whole = server.quantity_writer(server.listing("DOGEUSDT"))
    assert whole(17) == ("17.00000000" if name == "binance-spot" else "17")
