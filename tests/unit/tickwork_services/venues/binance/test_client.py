import json

import pytest
from tickwork_services import venues
from tickwork_services.venues import venue

from tickwork import errors

SPOT = venues.CLIENTS["binance-spot"]
USDM = venues.CLIENTS["binance-usdm"]


def test_streams_are_lower_case_names_of_symbol_and_channel():
    assert USDM.streams("BTCUSDT", ("depth", "bookTicker", "trade"), 0) == (
        "btcusdt@depth@0ms",
        "btcusdt@bookTicker",
        "btcusdt@trade",
    )
    assert SPOT.streams("ETHUSDT", ("depth",), 1000) == ("ethusdt@depth",)


def test_an_interval_that_the_venue_lacks_is_refused_with_those_it_has():
    with pytest.raises(errors.InputError, match=r"\[100, 1000\]"):
        SPOT.streams("BTCUSDT", ("depth",), 0)


def test_a_subscription_names_its_streams_and_id():
    said = json.loads(SPOT.subscribe_message(7, ["a@trade", "b@trade"]))
    assert said == {"method": "SUBSCRIBE", "params": ["a@trade", "b@trade"], "id": 7}


@pytest.mark.parametrize(
    ("payload", "control"),
    [
        (b'{"result":null,"id":3}', venue.Control("accepted", 3)),
        (b'{"id":4,"result":null}', venue.Control("accepted", 4)),
        (
            b'{"error":{"code":2,"msg":"no"},"id":5}',
            venue.Control("refused", 5, '{"code": 2, "msg": "no"}'),
        ),
        (b'{"e":"serverShutdown","E":1}', venue.Control("shutdown")),
        (
            b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
            venue.Control("shutdown"),
        ),
        (b'{"stream":"btcusdt@trade","data":{"e":"trade","t":1}}', None),
        (b'{"id":"text","result":null}', None),
        (b'{"id":', None),
        (b'["id"]', None),
        (b"", None),
    ],
)
def test_control_messages_are_told_from_market_data(payload, control):
    assert SPOT.read_control(payload) == control
    assert SPOT.read_control(bytearray(payload)) == control


@pytest.mark.parametrize(
    ("client", "levels", "path", "weight"),
    [
        (SPOT, 1000, "/api/v3/depth?symbol=BTCUSDT&limit=1000", 50),
        (SPOT, 101, "/api/v3/depth?symbol=BTCUSDT&limit=500", 25),
        (SPOT, 5000, "/api/v3/depth?symbol=BTCUSDT&limit=5000", 250),
        (USDM, 1000, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 20),
        (USDM, 5000, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 20),
        (USDM, 1, "/fapi/v1/depth?symbol=BTCUSDT&limit=50", 2),
    ],
)
def test_a_depth_request_costs_what_the_venue_says(client, levels, path, weight):
    assert client.depth_request("BTCUSDT", levels) == venue.RestRequest(path, weight)


def test_exchange_information_is_asked_by_symbol_where_the_venue_can():
    spot = SPOT.exchange_information_request(["BTCUSDT", "BNBUSDT"])
    assert spot.path == "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22,%22BNBUSDT%22%5D"
    assert USDM.exchange_information_request(["BTCUSDT"]).path == "/fapi/v1/exchangeInfo"


def test_every_venue_of_the_contract_is_in_the_table():
    assert {name: client.name for name, client in venues.CLIENTS.items()} == {
        "binance-spot": "binance-spot",
        "binance-usdm": "binance-usdm",
    }
