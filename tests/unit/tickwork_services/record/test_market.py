import pytest
from tickwork_services.record import layout, market

DELTA = market.Market(
    layout.DELTA,
    venue=2,
    state=layout.LIVE,
    flags=9,
    instrument=3,
    price_exponent=-2,
    quantity_exponent=-5,
    first=100,
    last=110,
    previous=99,
    event_unix_ns=1,
    match_unix_ns=2,
    received_ns=3,
    line=1,
    connection=7,
    frame_id=12,
    kernel_ns=4,
    parsed_ns=5,
    booked_ns=6,
    published_ns=8,
    correlation=11,
    bids=((10, 1), (9, 2)),
    asks=((12, 4),),
    sequence=77,
)


def test_a_market_record_lies_as_the_layout_says():
    data = DELTA.to_bytes()
    assert len(data) == layout.pad_length(128 + 3 * 16) == 192
    word = {0: 77, 16: 100, 24: 110, 32: 99, 56: 3, 80: 12, 88: 4, 96: 5, 104: 6, 112: 8, 120: 11}
    for at, value in word.items():
        assert int.from_bytes(data[at : at + 8], "little") == value
    assert data[8:16] == bytes([3, 2, 2, 9, 3, 0, 254, 251])
    assert [data[64], data[68], data[72], data[76]] == [2, 1, 1, 7]
    assert int.from_bytes(data[128:136], "little") == 10
    assert market.read_market(data) == DELTA
    assert market.read_market(b"\0" * 64 + data, 64) == DELTA


def test_a_top_lies_as_the_layout_says():
    top = market.Top(5, layout.LIVE, 2, 40, 9, 100, 1, 101, 2, 1000)
    data = top.to_bytes()
    assert len(data) == 64
    assert (data[8], data[9], data[10]) == (layout.TOP, layout.LIVE, 2)
    assert market.read_top(data) == top
    assert market.instrument_of_top(data) == 2
    assert top.received_ns == 960
    assert market.Top(latency_ns=market.LATENCY_MORE, published_ns=5).received_ns == layout.ABSENT


def test_what_is_no_market_record_is_refused():
    with pytest.raises(layout.RecordError):
        market.read_market(DELTA.to_bytes()[:128])
    with pytest.raises(layout.RecordError):
        market.read_market(market.Top().to_bytes())
    with pytest.raises(layout.RecordError):
        market.read_top(DELTA.to_bytes())


def test_the_status_of_a_dead_writer_says_stale_for_all():
    status = market.read_market(market.make_stale_status())
    assert (status.type, status.state) == (layout.STATUS, layout.STALE)
    assert status.instrument == layout.ANY_INSTRUMENT
