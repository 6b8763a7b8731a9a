import pytest
from hypothesis import given
from hypothesis import strategies as st
from tickwork_services.capture import twr
from tickwork_services.record import frame

from tickwork import errors

HEAD = twr.Head(
    "binance-usdm", ("BTCUSDT",), {"run": "r"}, twr.Clock(1_700_000_000_000_000_000, 40), 4, 20
)
SYMBOLS = st.sampled_from(["BTCUSDT", "ETHUSDT"])


@given(
    st.integers(0, 1 << 62),
    st.integers(0, 1 << 31),
    st.sampled_from([frame.TEXT, frame.BINARY]),
    st.binary(max_size=200),
)
def test_any_payload_comes_back_to_the_byte(
    received_ns: int, connection: int, kind: int, payload: bytes
) -> None:
    entry = twr.Entry(received_ns, connection, kind, payload)
    line = entry.to_line()
    assert line.count(b"\n") == 1
    assert twr.read_entry(line[:-1]) == entry


@given(SYMBOLS, st.integers(0, 7))
def test_answers_say_their_symbol_and_events_their_line(symbol: str, line: int) -> None:
    answer = twr.Entry(5, 0, frame.REST, b"{}", symbol)
    assert twr.read_entry(answer.to_line()[:-1]) == answer
    for kind in (frame.OPENED, frame.CLOSED, frame.ERROR):
        event = twr.Entry(5, 3, kind, b"it ended", None, line)
        assert twr.read_entry(event.to_line()[:-1]) == event


@given(st.binary(max_size=60))
def test_what_is_no_line_is_none_and_never_an_error(line: bytes) -> None:
    found = twr.read_entry(line)
    assert found is None or isinstance(found, twr.Entry)


def test_the_head_comes_back() -> None:
    line = HEAD.to_line()
    assert twr.is_head(line)
    assert twr.read_head(line, "x.twr") == HEAD


def test_another_version_is_refused_in_words() -> None:
    line = HEAD.to_line().replace(b'"twr":1', b'"twr":7')
    with pytest.raises(errors.CaptureError, match=r"x\.twr: it is a recording of version 7"):
        twr.read_head(line, "x.twr")


@pytest.mark.parametrize(
    "line", [b'{"twr":1}', b'{"twr":1,"venue":', b"[]", b'{"twr":1,"clock":3}']
)
def test_a_damaged_head_is_refused(line: bytes) -> None:
    with pytest.raises(errors.CaptureError, match="first line is damaged"):
        twr.read_head(line, "x.twr")
