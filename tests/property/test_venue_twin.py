"""Nothing that a client sends raises in the twin, however its bytes are cut."""

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integration import twin
from tickwork_services import venues
from tickwork_services.components.venue_twin import desk, exchange, rest, session

HEAD = (
    b"GET /stream?streams=btcusdt@depth HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
QUESTIONS = [
    b"GET /api/v3/depth?symbol=BTCUSDT&limit=5 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/v3/exchangeInfo HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /api/v3/time HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
]
MASK = b"\x01\x02\x03\x04"


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


def _masked(opcode: int, payload: bytes) -> bytes:
    body = bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))
    return bytes((0x80 | opcode, 0x80 | len(payload))) + MASK + body


ORDERS = st.one_of(
    st.binary(max_size=100),
    st.sampled_from(
        [
            b'{"method":"SUBSCRIBE","params":["ethusdt@trade"],"id":1}',
            b'{"method":"SET_PROPERTY","params":["combined",false],"id":null}',
            b'{"method":"LIST_SUBSCRIPTIONS","id":"x"}',
            b'{"method":"UNSUBSCRIBE","params":["\xc3\x28"],"id":1}',
            b'{"id":1e400,"method":{}}',
        ]
    ),
)
FRAMES = st.builds(_masked, st.sampled_from([0, 1, 2, 3, 8, 9, 10, 15]), ORDERS)
CHUNKS = st.lists(st.one_of(FRAMES, st.binary(max_size=60)), max_size=8)


def _feed(reader: asyncio.Protocol, data: bytes, cuts: list[int]) -> Wire:
    wire = Wire()
    reader.connection_made(wire)
    edges = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for low, high in itertools.pairwise(edges):
        if not wire.closed:
            reader.data_received(data[low:high])
    if not wire.closed:
        reader.eof_received()
    reader.connection_lost(None)
    return wire


@settings(max_examples=300)
@given(CHUNKS, st.booleans(), st.lists(st.integers(0, 900), max_size=6))
def test_no_bytes_of_a_reader_raise(chunks: list[bytes], polite: bool, cuts: list[int]) -> None:
    hub = exchange.Exchange(twin.make_settings(), venues.SERVERS["binance-spot"], lambda: 0)
    data = (HEAD if polite else b"") + b"".join(chunks)
    wire = _feed(hub.accept(), data, cuts)
    assert wire.written.startswith(b"HTTP/1.1 101 ") or not polite
    assert hub.empty


@pytest.fixture(scope="module")
def answering() -> rest.Rest:
    chosen = twin.make_settings()
    server = venues.SERVERS[chosen.venue]
    source = session.Session(chosen, server)
    return rest.Rest(desk.Desk(chosen, server, source, lambda: 0), server)


@settings(max_examples=300)
@given(
    st.lists(st.one_of(st.sampled_from(QUESTIONS), st.binary(max_size=60)), max_size=5),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_no_bytes_of_a_rest_client_raise(
    answering: rest.Rest, chunks: list[bytes], cuts: list[int]
) -> None:
    _feed(answering.accept(), b"".join(chunks), cuts)
    assert not answering.calls
