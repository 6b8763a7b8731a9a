import pytest
from tickwork_services.record import frame, layout, market

FRAME = frame.Frame(
    payload=b'{"e":1}',
    venue=1,
    kind=frame.REST,
    flags=2,
    instrument=4,
    line=1,
    kernel_ns=5,
    received_ns=6,
    connection=7,
    requested_ns=8,
    correlation=9,
    frame_id=10,
    sequence=11,
)


def test_a_frame_lies_as_the_layout_says():
    data = FRAME.to_bytes()
    assert len(data) == 128
    words = {0: 11, 16: 5, 24: 6, 40: 8, 48: 9, 56: 10}
    for at, value in words.items():
        assert int.from_bytes(data[at : at + 8], "little") == value
    assert data[8:14] == bytes([layout.FRAME, 1, 2, 2, 4, 0])
    assert (data[14], data[32], data[36]) == (1, 7, 7)
    assert data[64:71] == FRAME.payload
    assert frame.read_frame(data) == FRAME


def test_what_is_no_frame_is_refused():
    with pytest.raises(layout.RecordError):
        frame.read_frame(market.Top().to_bytes())
    with pytest.raises(layout.RecordError):
        frame.read_frame(FRAME.to_bytes()[:64])
