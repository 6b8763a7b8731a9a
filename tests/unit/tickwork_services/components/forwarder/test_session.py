"""A session fed by bytes: what a server may send, whole, in pieces, and wrong."""

import hypothesis
import pytest
from hypothesis import strategies
from tickwork_services.components.forwarder import endpoint, limits, session
from websockets import frames, server

TARGET = endpoint.Endpoint("venue", 80, False, "/stream")
BYTES_MAX = 4096


class Pair:
    """A session and the server half of its connection, joined by bytes in memory."""

    def __init__(self, bytes_max=BYTES_MAX):
        self.messages = []
        self.unusable = []
        self.session = session.Session(
            TARGET,
            bytes_max,
            lambda kind, payload: self.messages.append((kind, bytes(payload))),
            lambda reason, head, length: self.unusable.append((reason, head, length)),
        )
        self.server = server.ServerProtocol()
        self.heard = []

    def open(self):
        self.hear()
        request = self.server.events_received() or self.heard
        self.server.send_response(self.server.accept(request[0]))
        self.session.receive(self.said())
        assert self.session.phase is session.Phase.OPEN
        self.heard.clear()
        return self

    def hear(self):
        data = self.session.take_output()
        if data:
            self.server.receive_data(data)
        self.heard.extend(self.server.events_received())

    def said(self):
        return b"".join(self.server.data_to_send())

    def send(self, opcode, payload, fin=True):
        return frames.Frame(opcode, payload, fin).serialize(mask=False)


TEXT, BINARY, CONT, PING = (
    frames.Opcode.TEXT,
    frames.Opcode.BINARY,
    frames.Opcode.CONT,
    frames.Opcode.PING,
)


def test_a_message_is_delivered_as_it_came():
    pair = Pair().open()
    pair.session.receive(pair.send(TEXT, "ä".encode()) + pair.send(BINARY, b"\xff"))
    assert pair.messages == [(session.TEXT, "ä".encode()), (session.BINARY, b"\xff")]


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    strategies.lists(strategies.binary(max_size=300), max_size=8),
    strategies.lists(strategies.integers(1, 40), min_size=1, max_size=20),
)
def test_however_the_bytes_are_cut_the_messages_are_the_same(payloads, cuts):
    pair = Pair().open()
    data = b"".join(pair.send(BINARY, payload) for payload in payloads)
    at = number = 0
    while at < len(data):
        step = cuts[number % len(cuts)]
        pair.session.receive(data[at : at + step])
        at, number = at + step, number + 1
    assert [payload for _, payload in pair.messages] == payloads


def test_half_a_message_is_none_when_the_stream_ends():
    pair = Pair().open()
    pair.session.receive(pair.send(TEXT, b"whole") + pair.send(TEXT, b"half of it")[:-3])
    pair.session.receive_end()
    assert [payload for _, payload in pair.messages] == [b"whole"]
    assert pair.session.phase is session.Phase.CLOSED
    assert pair.session.broken


def test_fragments_are_put_together_with_a_ping_between():
    pair = Pair().open()
    pair.session.receive(
        pair.send(TEXT, b"one ", fin=False)
        + pair.send(PING, b"beat")
        + pair.send(CONT, b"two ", fin=False)
        + pair.send(CONT, b"three")
    )
    assert pair.messages == [(session.TEXT, b"one two three")]
    assert pair.session.counts.fragmented == 1


def test_a_character_may_be_cut_by_a_fragment():
    pair = Pair().open()
    euro = "€".encode()
    pair.session.receive(pair.send(TEXT, euro[:1], fin=False) + pair.send(CONT, euro[1:]))
    assert pair.messages == [(session.TEXT, euro)]
    assert pair.unusable == []


@pytest.mark.parametrize("payload", [b"", b"1234", bytes(range(125))])
def test_a_ping_is_answered_with_its_own_payload(payload):
    pair = Pair().open()
    pair.session.receive(pair.send(PING, payload))
    pair.hear()
    assert [(each.opcode, bytes(each.data)) for each in pair.heard] == [
        (frames.Opcode.PONG, payload)
    ]
    assert pair.session.counts.pings == 1


def test_text_that_is_no_utf8_is_counted_and_the_session_goes_on():
    pair = Pair().open()
    bad = b'{"s":"\xff\xfe"}'
    pair.session.receive(pair.send(TEXT, bad) + pair.send(TEXT, b"good"))
    assert pair.unusable == [(session.NOT_UTF8, bad, len(bad))]
    assert [payload for _, payload in pair.messages] == [b"good"]


def test_a_message_at_the_bound_passes_and_one_above_is_counted_once():
    pair = Pair().open()
    pair.session.receive(pair.send(TEXT, b"x" * BYTES_MAX))
    assert len(pair.messages) == 1
    big = pair.send(TEXT, b"y" * (BYTES_MAX + 1))
    for at in range(0, len(big), 1000):
        pair.session.receive(big[at : at + 1000])
    assert [(reason, length) for reason, _, length in pair.unusable] == [
        (session.TOO_LARGE, BYTES_MAX + 1)
    ]
    assert pair.session.broken
    assert "exceeds" in pair.session.ending
    assert len(pair.messages) == 1


def test_fragments_are_bounded_as_a_whole():
    pair = Pair().open()
    pair.session.receive(pair.send(TEXT, b"z" * BYTES_MAX, fin=False) + pair.send(CONT, b"zz"))
    assert [reason for reason, _, _ in pair.unusable] == [session.TOO_LARGE]
    assert pair.messages == []


def test_a_goodbye_is_said_once_and_what_still_comes_is_delivered():
    pair = Pair().open()
    pair.session.say_goodbye()
    pair.session.say_goodbye()
    assert pair.session.phase is session.Phase.CLOSING
    pair.session.receive(pair.send(TEXT, b"late"))
    pair.hear()
    assert [each.opcode for each in pair.heard] == [frames.Opcode.CLOSE]
    pair.session.receive(pair.said())
    pair.session.receive_end()
    assert pair.messages == [(session.TEXT, b"late")]
    assert pair.session.phase is session.Phase.CLOSED
    assert not pair.session.broken


def test_a_server_that_refuses_the_handshake_is_told_in_words():
    pair = Pair()
    pair.hear()
    pair.server.send_response(pair.server.reject(403, "forbidden"))
    with pytest.raises(session.SessionError, match="403"):
        pair.session.receive(pair.said())


@pytest.mark.parametrize(
    ("status", "header", "wait_ns"),
    [
        (429, "7", 7_000_000_000),
        (418, "120", 120_000_000_000),
        (418, "soon", limits.RETRY_AFTER_DEFAULT_NS),
        (429, None, limits.RETRY_AFTER_DEFAULT_NS),
        (403, "7", 0),
    ],
)
def test_a_ban_says_how_long_to_stay_away(status, header, wait_ns):
    pair = Pair()
    pair.hear()
    response = pair.server.reject(status, "no")
    if header is not None:
        response.headers["Retry-After"] = header
    pair.server.send_response(response)
    with pytest.raises(session.SessionError) as caught:
        pair.session.receive(pair.said())
    assert caught.value.wait_ns == wait_ns


@pytest.mark.parametrize("noise", [b"SSH-2.0-x\r\n", b"HTTP/1.1 101 x\r\n\r\n", b"\x00" * 20_000])
def test_a_server_that_speaks_something_else_is_told_in_words(noise):
    with pytest.raises(session.SessionError):
        Pair().session.receive(noise)


def test_a_broken_frame_breaks_the_session_with_its_reason():
    pair = Pair().open()
    pair.session.receive(b"\xf1\x00")
    assert pair.session.broken
    assert "reserved" in pair.session.ending


def test_what_is_said_reaches_the_server():
    pair = Pair().open()
    pair.session.say(b"hello")
    pair.hear()
    assert [bytes(each.data) for each in pair.heard] == [b"hello"]
