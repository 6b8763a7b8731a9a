import asyncio
import collections
import pathlib
import types
from typing import Any

import pytest
from tickwork_services import clocks
from tickwork_services.capture import manifest, opening
from tickwork_services.components.recorder import recorder
from tickwork_services.host import component
from tickwork_services.link import link
from tickwork_services.record import frame, layout

from tickwork import errors
from tickwork.unit.settings import recorder as recorder_settings

OFFSET_NS = 1_700_000_000_000_000_000


class Pipe(link.Inlet):
    """Gives what a test put in."""

    def __init__(self) -> None:
        self.batches: collections.deque[bytes] = collections.deque()

    def open(self) -> None:
        pass

    def read(self, timeout_ns: int) -> link.Batch:
        assert timeout_ns == 0, "a recorder never sleeps in its pipe"
        if not self.batches:
            return link.Batch(memoryview(b""), 0)
        return link.Batch(memoryview(self.batches.popleft()), 1)

    def pending(self) -> int:
        return len(self.batches)

    def close(self) -> None:
        pass


class Log:
    def warning(self, event: str, **fields: Any) -> None:
        pass


def make(pipe: Pipe, **where: str) -> recorder.Recorder:
    settings = recorder_settings.RecorderSettings(
        venue="binance-usdm", instruments=("BTCUSDT", "ETHUSDT"), lines=2, hold_ms=20, **where
    )
    unit = types.SimpleNamespace(experiment="demo", run="demo-1", path="pipeline/recorder")
    context = types.SimpleNamespace(
        unit=unit, spec=None, inlets={"frames": pipe}, outlets={}, log=Log(), fail=pytest.fail
    )
    return recorder.Recorder(settings, context)  # type: ignore[arg-type]


def stretch(directory: pathlib.Path, block: int = 0) -> component.Stretch:
    unix_map = clocks.UnixMap(OFFSET_NS, 50, 0)
    return component.Stretch(block, "main", f"{block:03d}-main", 0, 0, None, directory, unix_map)


def message(frame_id: int, payload: bytes = b"{}", **fields: Any) -> bytes:
    values = {"received_ns": 1000 + frame_id, "connection": 1, "line": 1, **fields}
    return frame.Frame(payload, frame_id=frame_id, **values).to_bytes()


def record(made: recorder.Recorder, pipe: Pipe, into: component.Stretch, *frames: bytes) -> None:
    async def run() -> None:
        await made.start(into)
        pipe.batches.extend(frames)
        await made.stop(0)

    asyncio.run(run())


def test_frames_events_and_answers_are_recorded_with_their_stamps(tmp_path) -> None:
    pipe = Pipe()
    made = make(pipe, file=str(tmp_path / "a.twr"))
    rest = message(2, b'{"lastUpdateId":1}', kind=frame.REST, instrument=1, connection=0)
    opened = message(0, kind=frame.OPENED)
    record(made, pipe, stretch(tmp_path), opened, message(1, b"x\ny"), rest)
    capture = opening.open_capture(tmp_path / "a.twr")
    assert capture.head is not None
    assert capture.head.origin["run"] == "demo-1"
    first, second, third = capture.entries()
    assert (first.kind, first.line) == (frame.OPENED, 1)
    assert (second.payload, second.received_unix_ns) == (b"x\ny", OFFSET_NS + 1001)
    assert (third.kind, third.symbol) == (frame.REST, "ETHUSDT")
    assert made.facts()["status"] == "complete"
    assert made.counters() == {"frames": 3, "dropped": 0, "unrecorded": 0, "payloadBytes": 3}


def test_holes_in_the_frame_ids_are_counted_and_make_it_partial(tmp_path) -> None:
    pipe = Pipe()
    made = make(pipe, file=str(tmp_path / "a.twr"))
    record(made, pipe, stretch(tmp_path), message(7), message(8), message(12))
    assert made.counters()["dropped"] == 3
    assert made.facts()["status"] == "partial"
    assert not manifest.is_whole(tmp_path / "a.twr")


def test_every_block_gets_its_own_file_and_counts_go_on(tmp_path) -> None:
    pipe = Pipe()
    made = make(pipe, directory=str(tmp_path / "kept"))
    record(made, pipe, stretch(tmp_path, 0), message(0))
    record(made, pipe, stretch(tmp_path, 1), message(1), message(2))
    names = {path.name for path in (tmp_path / "kept").glob("*.twr")}
    assert names == {"demo-1-000-main.twr", "demo-1-001-main.twr"}
    assert made.counters()["frames"] == 3


def test_what_is_no_frame_is_passed_over(tmp_path) -> None:
    pipe = Pipe()
    made = make(pipe, file=str(tmp_path / "a.twr"))
    status = bytearray(128)
    status[8] = layout.STATUS
    record(made, pipe, stretch(tmp_path), bytes(status), message(0))
    assert made.counters()["frames"] == 1


def test_a_file_that_is_there_fails_the_start(tmp_path) -> None:
    (tmp_path / "a.twr").write_text("precious")
    made = make(Pipe(), file=str(tmp_path / "a.twr"))
    with pytest.raises(errors.InputError, match="does not exist yet"):
        asyncio.run(made.start(stretch(tmp_path)))
    assert made.counters()["frames"] == 0
