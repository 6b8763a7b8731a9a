import json
import pathlib
import types

import pytest
from tickwork_services import clocks, venues
from tickwork_services.capture import twr, writing
from tickwork_services.components.venue_twin import playback, replay_desk
from tickwork_services.record import frame
from tickwork_services.venues import venue

from tickwork import errors
from tickwork.unit.settings import venue_twin

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
SNAPSHOT = b'{"lastUpdateId":11,"bids":[["100.10","2.0"]],"asks":[["100.30","1.0"]]}'


def diff(first: int, last: int, price: str = "100.10") -> bytes:
    head = '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT",'
    return (head + f'"U":{first},"u":{last},"b":[["{price}","3.0"]],"a":[]}}}}').encode()


def write(path: pathlib.Path, *timed: tuple[int, int, bytes]) -> pathlib.Path:
    """Writes (milliseconds, kind, payload) lines."""
    head = twr.Head("binance-spot", ("BTCUSDT",), {}, twr.Clock(0, 0), 2, 20 * MS)
    writer = writing.RecordingWriter(path, head, clocks.now_mono_ns)
    writer.add(twr.Entry(START_NS, 1, frame.OPENED, b"", None, 0))
    for at_ms, kind, payload in timed:
        symbol = "BTCUSDT" if kind == frame.REST else None
        connection = 0 if kind == frame.REST else 1
        writer.add(twr.Entry(START_NS + at_ms * MS, connection, kind, payload, symbol))
    writer.close()
    return path


RECORDED = (
    (0, frame.TEXT, diff(5, 10)),
    (10, frame.TEXT, diff(11, 14)),
    (15, frame.REST, SNAPSHOT),
    (20, frame.TEXT, b"{ this is no message"),
    (40, frame.TEXT, diff(15, 16, "100.20")),
)


class Listeners:
    def __init__(self, count: int) -> None:
        self.lines = [types.SimpleNamespace(unsent_bytes=0) for _ in range(count)]


def make(path: pathlib.Path, listeners: Listeners, **fields: object) -> playback.Playback:
    replay = venue_twin.Replay(capture=str(path), **fields)
    settings = venue_twin.VenueTwinSettings(
        venue="binance-spot", instruments=("BTCUSDT",), seed=1, replay=replay, lines=1
    )
    made = playback.Playback(
        settings,
        replay,
        venues.SERVERS["binance-spot"],
        listeners,  # type: ignore[arg-type]
    )
    made.load()
    made.rewind()
    return made


@pytest.mark.parametrize(("speed", "factor"), [(1, 1), (2, 2), ("0.5", 0.5)])
def test_messages_are_due_at_their_recorded_distance_divided_by_the_speed(
    tmp_path, speed: object, factor: float
) -> None:
    made = make(write(tmp_path / "a.twr", *RECORDED), Listeners(1), speed=speed)
    assert made.due_count(0) == 1
    assert made.due_count(int(10 * MS / factor) - 1) == 1
    assert made.due_count(int(10 * MS / factor)) == 2
    assert made.next().parts[0] == diff(5, 10).partition(b'"data":')[2][:-1]
    assert made.due_count(int(40 * MS / factor)) == 4
    assert [made.next().last for _ in range(3)] == [14, 0, 16]
    assert made.facts()["replay"]["finished"]  # type: ignore[index]


def test_nothing_is_played_before_the_lines_listen(tmp_path) -> None:
    listeners = Listeners(0)
    made = make(write(tmp_path / "a.twr", *RECORDED), listeners)
    assert made.due_count(500 * MS) == 0
    listeners.lines = Listeners(1).lines
    assert made.due_count(600 * MS) == 1
    assert made.due_count(610 * MS) == 2


def test_at_full_speed_the_readers_decide(tmp_path) -> None:
    listeners = Listeners(1)
    made = make(write(tmp_path / "a.twr", *RECORDED), listeners, speed="max")
    assert made.due_count(0) == 4
    listeners.lines[0].unsent_bytes = 8 << 20
    made.next()
    assert made.due_count(1) == 1
    listeners.lines[0].unsent_bytes = 0
    assert made.due_count(2) == 4


def test_what_cannot_be_read_is_played_as_it_is(tmp_path) -> None:
    made = make(write(tmp_path / "a.twr", *RECORDED), Listeners(1), speed="max")
    made.due_count(0)
    messages = [made.next() for _ in range(4)]
    assert (messages[2].instrument, messages[2].parts) == (-1, (b"{ this is no message",))
    assert made.counts["unread"] == 1


def test_a_capture_without_the_instrument_is_refused(tmp_path) -> None:
    path = write(tmp_path / "a.twr", *RECORDED)
    replay = venue_twin.Replay(capture=str(path))
    settings = venue_twin.VenueTwinSettings(
        venue="binance-spot", instruments=("LTCUSDT",), seed=1, replay=replay
    )
    made = playback.Playback(settings, replay, venues.SERVERS["binance-spot"], Listeners(1))  # type: ignore[arg-type]
    with pytest.raises(errors.CaptureError, match=r"no diff of LTCUSDT; it holds BTCUSDT"):
        made.load()


def test_a_capture_of_another_venue_or_without_diffs_is_refused(tmp_path) -> None:
    empty = write(tmp_path / "empty.twr", (0, frame.REST, SNAPSHOT))
    with pytest.raises(errors.CaptureError, match="holds no diff of binance-spot"):
        make(empty, Listeners(1))
    wrong = venue_twin.VenueTwinSettings(
        venue="binance-usdm",
        instruments=("BTCUSDT",),
        seed=1,
        replay=venue_twin.Replay(capture=str(write(tmp_path / "b.twr", *RECORDED))),
    )
    assert wrong.replay is not None
    made = playback.Playback(wrong, wrong.replay, venues.SERVERS["binance-usdm"], Listeners(1))  # type: ignore[arg-type]
    with pytest.raises(errors.CaptureError, match="recorded from binance-spot"):
        made.load()


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "1x"])
def test_what_is_no_speed_is_refused(speed: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        venue_twin.Replay(capture="a", speed=speed)


def test_depth_is_answered_from_the_recording_at_that_instant(tmp_path) -> None:
    made = make(write(tmp_path / "a.twr", *RECORDED), Listeners(1), speed="max")
    settings = venue_twin.VenueTwinSettings(venue="binance-spot", instruments=("BTCUSDT",), seed=1)
    desk = replay_desk.ReplayDesk(settings, venues.SERVERS["binance-spot"], made, lambda: 0)
    question = venue.Question("depth", 5, symbol="BTCUSDT", limit=5)

    def ask() -> bytes:
        answer = desk.answer(question)
        assert not isinstance(answer, venue.Refusal)
        return answer[0]

    assert ask() == SNAPSHOT, "before the book is in step: the recorded answer, to the byte"
    made.due_count(0)
    for _ in range(4):
        made.next()
    assert ask() == SNAPSHOT, "whoever listened from the beginning gets what the book began with"
    assert json.loads(ask()) == {
        "lastUpdateId": 16,
        "bids": [["100.20000000", "3.00000000"], ["100.10000000", "3.00000000"]],
        "asks": [["100.30000000", "1.00000000"]],
    }
    unknown = desk.answer(venue.Question("depth", 5, symbol="NONE", limit=5))
    assert isinstance(unknown, venue.Refusal)


def test_a_recording_without_a_snapshot_has_no_answer(tmp_path) -> None:
    made = make(write(tmp_path / "a.twr", RECORDED[0], RECORDED[1]), Listeners(1))
    settings = venue_twin.VenueTwinSettings(venue="binance-spot", instruments=("BTCUSDT",), seed=1)
    desk = replay_desk.ReplayDesk(settings, venues.SERVERS["binance-spot"], made, lambda: 0)
    answer = desk.answer(venue.Question("depth", 5, symbol="BTCUSDT", limit=5))
    assert isinstance(answer, venue.Refusal)
    assert answer.status == 503
