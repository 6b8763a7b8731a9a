import json

import pytest
from tickwork_services.record import frame, layout, market
from tickwork_services.wire import codec, ndjson

OFFSET_NS = 1_700_000_000_000_000_000
TOP = market.Top(7, layout.LIVE, 0, 40, 99, 6410050, 1500, 6410060, 2000, 1_000_000)


@pytest.fixture
def instruments():
    made = codec.Instruments(["BTCUSDT", "ETHUSDT"])
    made.set(0, -2, -3)
    return made


@pytest.fixture
def made(instruments):
    return ndjson.NdjsonCodec(instruments, lambda: OFFSET_NS, images_as_tops=True)


def test_a_top_has_the_fields_of_the_specification(made):
    assert json.loads(made.encode(TOP.to_bytes())) == {
        "instrument": "BTCUSDT",
        "bid": "64100.5",
        "ask": "64100.6",
        "bid_quantity": "1.5",
        "ask_quantity": "2",
        "state": "LIVE",
        "update_id": 99,
        "sequence": 7,
        "timestamp_ns": OFFSET_NS + 1_000_000,
        "received_ns": 999_960,
        "published_ns": 1_000_000,
    }


def test_an_empty_side_is_null_and_absent_stamps_are_left_out(made):
    top = market.Top(1, layout.EMPTY, 0)
    line = json.loads(made.encode(top.to_bytes()))
    assert line["bid"] is line["ask"] is line["bid_quantity"] is None
    assert not {"timestamp_ns", "received_ns", "published_ns"} & set(line)
    assert made.feed(made.encode(top.to_bytes())) == top.to_bytes()


def test_an_image_is_written_as_a_top_for_readers_of_a_broadcast(made, instruments):
    image = market.Market(
        layout.SNAPSHOT,
        state=layout.GAP,
        flags=layout.FLAG_IMAGE,
        instrument=1,
        price_exponent=-1,
        quantity_exponent=0,
        last=5,
        parsed_ns=3,
        booked_ns=4,
        published_ns=5,
        bids=((11, 2), (10, 1)),
    )
    line = json.loads(made.encode(image.to_bytes()))
    assert (line["instrument"], line["bid"], line["ask"], line["state"]) == (
        "ETHUSDT",
        "1.1",
        None,
        "GAP",
    )
    assert (line["parsed_ns"], line["booked_ns"], line["update_id"]) == (3, 4, 5)
    assert "type" not in line
    assert instruments.exponents(1) == (-1, 0)


def test_a_pipe_writes_an_image_whole(instruments):
    made = ndjson.NdjsonCodec(instruments, lambda: 0)
    image = market.Market(layout.SNAPSHOT, flags=1, instrument=0, bids=((11, 2), (10, 1)))
    line = json.loads(made.encode(image.to_bytes()))
    assert (line["type"], line["bids"]) == ("snapshot", [["11", "2"], ["10", "1"]])


def test_frames_are_text_where_they_can_be(made):
    text = json.loads(made.encode(frame.Frame("é".encode()).to_bytes()))
    assert text["payload"] == "é"
    noise = json.loads(made.encode(frame.Frame(b"\xff").to_bytes()))
    assert noise["payload_base64"] == "/w=="
    assert noise["instrument"] is None


def test_a_top_of_unknown_exponents_is_refused(made):
    with pytest.raises(layout.RecordError, match="exponents of instrument 1 are unknown"):
        made.encode(market.Top(1, layout.LIVE, 1).to_bytes())


@pytest.mark.parametrize(
    "change",
    [
        {"state": "ALIVE"},
        {"bid": 64100.5},
        {"bid": "1e3"},
        {"sequence": -1},
        {"sequence": True},
        {"update_id": 1 << 64},
        {"instrument": "XRPUSDT"},
        {"published_ns": "1"},
        {"type": "top"},
        {"type": "nonsense"},
    ],
)
def test_a_wrong_field_makes_a_line_malformed_and_nothing_else(made, change):
    line = {**json.loads(made.encode(TOP.to_bytes())), **change}
    assert made.feed(json.dumps(line).encode() + b"\n") == b""
    assert (made.malformed, made.records) == (1, 0)
    assert made.feed(made.encode(TOP.to_bytes())) == TOP.to_bytes()


def test_keys_in_any_order_and_unknown_ones_are_accepted(made):
    line = json.loads(made.encode(TOP.to_bytes()))
    shuffled = {"extra": [1], **dict(reversed(line.items()))}
    assert made.feed(json.dumps(shuffled).encode() + b"\r\n\n") == TOP.to_bytes()


def test_a_line_without_end_is_bounded(made, monkeypatch):
    monkeypatch.setattr(ndjson, "LINE_BYTES_MAX", 100)
    assert made.feed(b"x" * 101) == b""
    assert made.feed(b"x" * 150) == b""
    assert made.feed(b"rest\n" + made.encode(TOP.to_bytes())) == TOP.to_bytes()
    assert (made.malformed, made.records) == (1, 1)


def test_a_reader_learns_exponents_from_digits(instruments):
    reader = ndjson.NdjsonCodec(codec.Instruments(["BTCUSDT", "ETHUSDT"]), lambda: 0)
    writer = ndjson.NdjsonCodec(instruments, lambda: 0)
    top = market.read_top(reader.feed(writer.encode(TOP.to_bytes())))
    assert (top.bid, top.ask) == (641005, 641006)
