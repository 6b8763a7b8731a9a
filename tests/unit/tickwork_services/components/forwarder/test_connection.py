"""A connection over a stream that a test plays, with the server half in memory."""

import json

import pytest
from tickwork_services import venues
from tickwork_services.components.forwarder import (
    channel,
    connection,
    endpoint,
    session,
    subscription,
    unparsed,
)
from websockets import frames, server

SECOND_NS = 1_000_000_000
Stage = connection.Stage


class Stream:
    """A channel without a socket, joined to a server protocol in memory."""

    def __init__(self):
        self.target = endpoint.Endpoint("venue", 80, False, "/stream")
        self.step = channel.Step.CONNECTING
        self.server = server.ServerProtocol()
        self.heard = []
        self.incoming = []
        self.ended = self.closed = False
        self.broken = None

    def advance(self):
        self.step = channel.Step.READY

    def read(self):
        if self.broken:
            raise channel.ChannelError(self.broken)
        data = b"".join(self.incoming)
        self.incoming.clear()
        if not data and not self.ended:
            return None
        return channel.Chunk(data, 100, 200, len(data), self.ended and not data)

    def write(self, data):
        if data:
            self.server.receive_data(data)
            self.heard += self.server.events_received()

    def flush(self):
        pass

    def interest(self):
        return 0

    def fileno(self):
        return 7

    def close(self):
        self.closed = True

    def said(self, opcode):
        return [bytes(e.data) for e in self.heard if getattr(e, "opcode", None) is opcode]


class Bench:
    def __init__(self, streams=("btcusdt@trade",)):
        self.stream = Stream()
        self.delivered, self.opened = [], []
        self.counts = connection.Counts()
        self.connection = connection.Connection(
            id_=3,
            line=1,
            name="b",
            stream=self.stream,
            wanted=subscription.Subscription(streams, 1, 5),
            side=venues.CLIENTS["binance-usdm"],
            limits=connection.Limits(10 * SECOND_NS, 3 * SECOND_NS, SECOND_NS, 4096),
            deliver=lambda *arguments: self.delivered.append(arguments),
            on_open=self.opened.append,
            log=unparsed.UnparsedLog(session.REASONS, 4),
            counts=self.counts,
            now_ns=0,
        )

    def shake_hands(self):
        self.connection.work(0)
        request = self.stream.heard.pop(0)
        self.stream.server.send_response(self.stream.server.accept(request))
        self.receive(b"".join(self.stream.server.data_to_send()))
        return self

    def receive(self, data):
        self.stream.incoming.append(data)
        self.connection.work(0)
        return self

    def text(self, text):
        return self.receive(frames.Frame(frames.Opcode.TEXT, text).serialize(mask=False))

    def live(self):
        self.shake_hands().text(b'{"result":null,"id":1}')
        assert self.connection.stage is Stage.LIVE
        return self


def test_it_is_live_when_every_subscription_was_accepted():
    bench = Bench(("s1", "s2")).shake_hands()
    assert bench.connection.stage is Stage.SUBSCRIBING
    asked = [json.loads(each) for each in bench.stream.said(frames.Opcode.TEXT)]
    assert [each["params"] for each in asked] == [["s1"], ["s2"]]
    bench.text(b'{"result":null,"id":2}')
    assert bench.connection.stage is Stage.SUBSCRIBING
    bench.text(b'{"result":null,"id":1}')
    assert bench.connection.stage is Stage.LIVE
    assert bench.delivered == []
    assert bench.opened == [bench.connection]


def test_messages_carry_line_connection_and_the_stamps_of_their_read():
    bench = Bench().live().text(b'{"stream":"x","data":{}}')
    assert bench.delivered == [(1, 3, 0, 100, 200, b'{"stream":"x","data":{}}')]
    assert bench.counts.messages == 1


def test_it_is_announced_before_a_message_that_comes_with_the_handshake():
    bench = Bench()
    bench.connection.work(0)
    protocol = bench.stream.server
    protocol.send_response(protocol.accept(bench.stream.heard.pop(0)))
    protocol.send_text(b"early")
    bench.connection._deliver = lambda *_: bench.opened.append("message")
    bench.receive(b"".join(protocol.data_to_send()))
    assert bench.opened == [bench.connection, "message"]


@pytest.mark.parametrize("progress", ["none", "connected", "subscribing"])
def test_opening_that_takes_too_long_is_given_up(progress):
    bench = Bench()
    if progress == "connected":
        bench.connection.work(0)
    elif progress == "subscribing":
        bench.shake_hands()
    bench.connection.tick(10 * SECOND_NS)
    assert bench.connection.stage is not Stage.ENDED
    bench.connection.tick(10 * SECOND_NS + 1)
    assert bench.connection.stage is Stage.ENDED
    assert bench.stream.closed
    assert "within 10 s" in bench.connection.reason


def test_a_stall_ends_it_and_is_counted():
    bench = Bench().live()
    bench.connection.tick(3 * SECOND_NS + 200)
    assert bench.connection.stage is Stage.LIVE
    bench.connection.tick(3 * SECOND_NS + 201)
    assert bench.connection.stage is Stage.ENDED
    assert bench.counts.stalls == 1
    assert "no bytes for 3000 ms" in bench.connection.reason


def test_an_announced_shutdown_is_no_data():
    bench = Bench().live().text(b'{"e":"serverShutdown","E":1}')
    assert bench.connection.leaving
    assert bench.delivered == []
    assert bench.counts.shutdowns == 1


def test_a_refused_subscription_ends_it_in_the_venue_s_words():
    bench = Bench().shake_hands().text(b'{"error":{"code":2,"msg":"Invalid symbol"},"id":1}')
    assert bench.connection.stage is Stage.ENDED
    assert "Invalid symbol" in bench.connection.reason
    assert bench.counts.refusals == 1


def test_a_closing_handshake_is_waited_for_and_bounded():
    bench = Bench().live()
    bench.connection.say_goodbye(0)
    assert bench.connection.stage is Stage.CLOSING
    bench.text(b"late")
    assert len(bench.delivered) == 1
    bench.receive(b"".join(bench.stream.server.data_to_send()))
    bench.stream.ended = True
    bench.connection.work(0)
    assert (bench.connection.stage, bench.connection.clean) == (Stage.ENDED, True)


def test_a_server_that_never_says_goodbye_is_left():
    bench = Bench().live()
    bench.connection.say_goodbye(0)
    bench.connection.tick(SECOND_NS)
    assert bench.connection.stage is Stage.CLOSING
    bench.connection.tick(SECOND_NS + 1)
    assert (bench.connection.stage, bench.connection.clean) == (Stage.ENDED, False)


def test_a_goodbye_before_the_handshake_just_ends_it():
    bench = Bench()
    bench.connection.say_goodbye(0)
    assert (bench.connection.stage, bench.connection.opened) == (Stage.ENDED, False)


def test_a_venue_that_closes_says_why():
    bench = Bench().live()
    bench.stream.server.send_close(1008, "banned")
    bench.receive(b"".join(bench.stream.server.data_to_send()))
    assert bench.connection.stage is Stage.ENDED
    assert "banned" in bench.connection.reason


def test_a_broken_stream_ends_it_with_its_words():
    bench = Bench().live()
    bench.stream.broken = "reading from venue:80: reset"
    bench.connection.work(0)
    assert bench.connection.stage is Stage.ENDED
    assert bench.connection.reason == "reading from venue:80: reset"
    bench.connection.work(0)
    bench.connection.tick(10**12)
    bench.connection.say_goodbye(10**12)
    assert bench.counts.stalls == 0


def test_a_refused_handshake_ends_it_unopened():
    bench = Bench()
    bench.connection.work(0)
    protocol = bench.stream.server
    bench.stream.heard.clear()
    protocol.send_response(protocol.reject(418, "teapot"))
    bench.receive(b"".join(protocol.data_to_send()))
    assert (bench.connection.stage, bench.connection.opened) == (Stage.ENDED, False)
    assert "418" in bench.connection.reason
