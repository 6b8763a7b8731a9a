"""The forwarder's way out from Python: ids, merging, drops, errors of the writer."""

import pathlib
import struct

import pytest
import tickwork_native


class Writer:
    """Stands in for a pipe: takes records while it has room."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.room = 1_000_000

    def try_send(self, records: bytes) -> int:
        if self.room == 0:
            return 0
        self.room -= 1
        self.records.append(bytes(records))
        return 1

    def frame_ids(self) -> list[int]:
        return [int.from_bytes(record[56:64], "little") for record in self.records]


def _diff(first: int, last: int) -> bytes:
    return b'{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":%d,"u":%d,"b":[],"a":[]}' % (first, last)


def _outlet(writer: object, lines: int = 2) -> tickwork_native.FrameOutlet:
    return tickwork_native.FrameOutlet(writer, "binance-spot", ["BTCUSDT"], lines, hold_ns=100)


def test_two_lines_are_merged() -> None:
    writer = Writer()
    outlet = _outlet(writer)
    assert [outlet.on_frame(line, line, 3, 1, 1, b"") for line in (0, 1)] == [0, 0]
    assert outlet.on_frame(0, 0, 0, 1, 10, _diff(1, 2)) == 0
    assert outlet.on_frame(1, 1, 0, 1, 13, bytearray(_diff(1, 2))) == 1
    assert outlet.on_frame(0, 0, 0, 1, 20, _diff(5, 6)) == 2
    assert outlet.counters()["holding"] == 1
    outlet.tick(120)
    assert writer.frame_ids() == [0, 1, 2, 4]
    first, second = outlet.line_statistics()
    assert (first["wins"], first["held"], first["lead"].maximum_ns) == (2, 1, 3)
    assert (second["duplicates"], second["connections"]) == (1, 1)
    assert outlet.counters()["released"] == 1


def test_a_frame_carries_what_it_was_given() -> None:
    writer = Writer()
    outlet = _outlet(writer, lines=1)
    outlet.on_frame(0, 9, 2, -5, 6, b"{}", requested_ns=3, correlation=77, instrument=0)
    header = struct.unpack_from("<QBBBBHHqqIIqQQ", writer.records[0])
    assert header == (0, 1, 1, 2, 0, 0, 0, -5, 6, 9, 2, 3, 77, 0)
    assert writer.records[0][64:66] == b"{}"
    assert len(writer.records[0]) == 128


def test_without_room_frames_are_dropped_and_a_gap_follows() -> None:
    writer = Writer()
    outlet = _outlet(writer, lines=1)
    writer.room = 0
    assert outlet.on_frame(0, 0, 0, 1, 1, _diff(1, 2)) == 3
    assert outlet.on_frame(0, 0, 0, 1, 1, _diff(3, 4)) == 3
    writer.room = 10
    assert outlet.on_frame(0, 0, 0, 1, 1, _diff(5, 6)) == 0
    gap, frame = writer.records
    assert (gap[8], gap[10], int.from_bytes(gap[120:128], "little")) == (7, 3, 2)
    assert int.from_bytes(frame[56:64], "little") == 2
    assert outlet.counters()["dropped"] == 2


def test_frames_go_straight_into_a_pipe(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "frames"
    writer = tickwork_native.PipeWriter.create(path, 1 << 16, "frames")
    reader = tickwork_native.PipeReader.attach(path)
    outlet = _outlet(writer, lines=1)
    assert outlet.on_frame(0, 0, 0, 1, 1, _diff(1, 2)) == 0
    assert outlet.on_frame(0, 0, 0, 1, 1, b" " * (1 << 15)) == 3
    assert outlet.on_frame(0, 0, 0, 1, 1, _diff(3, 4)) == 0
    counters = outlet.counters()
    assert (counters["tooLong"], counters["dropped"], counters["gapsSent"]) == (1, 1, 1)
    batch = reader.read_batch()
    assert batch is not None
    # Two frames of 192 bytes, and between them the status that says GAP.
    assert [batch[at + 8] for at in (0, 192, 320)] == [1, 7, 1]
    assert len(batch) == 512
    batch.release()
    verdict = 0
    while verdict == 0:
        verdict = outlet.on_frame(0, 0, 0, 1, 1, _diff(5, 6))
    assert (verdict, outlet.counters()["dropped"]) == (3, 2)
    reader.close()
    writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        outlet.on_frame(0, 0, 0, 1, 1, b"{}")


def test_an_error_of_the_writer_is_raised() -> None:
    class Broken:
        def try_send(self, records: bytes) -> int:
            raise OSError("no such pipe")

    with pytest.raises(OSError, match="no such pipe"):
        _outlet(Broken()).on_frame(0, 0, 0, 1, 1, b"{}")


def test_wrong_lines_and_kinds_are_refused() -> None:
    outlet = _outlet(Writer())
    with pytest.raises(ValueError, match="lines 0 to 1"):
        outlet.on_frame(2, 0, 0, 1, 1, b"{}")
    with pytest.raises(ValueError, match="kinds are 0"):
        outlet.on_frame(0, 0, 6, 1, 1, b"{}")
    with pytest.raises(ValueError, match="at least 1"):
        _outlet(Writer(), lines=0)


def test_server_shutdowns_are_counted_per_line() -> None:
    outlet = _outlet(Writer())
    outlet.on_frame(1, 0, 0, 1, 1, b'{"e":"serverShutdown","E":1770123456789}')
    assert [line["serverShutdowns"] for line in outlet.line_statistics()] == [0, 1]


def test_a_tap_gets_every_line_and_never_stands_in_the_way() -> None:
    writer, tap = Writer(), Writer()
    outlet = tickwork_native.FrameOutlet(
        writer, "binance-spot", ["BTCUSDT"], 2, hold_ns=100, tap=tap
    )
    for line in (0, 1):
        outlet.on_frame(line, line, 3, 1, 1, b"")
        outlet.on_frame(line, line, 0, 1, 10, _diff(1, 2))
    assert len(tap.records) == 4
    assert tap.frame_ids() == [0, 1, 2, 3]
    assert len(writer.records) == 3
    tap.room = 0
    assert outlet.on_frame(0, 0, 0, 1, 20, _diff(3, 4)) == 0
    assert (outlet.counters()["tapped"], outlet.counters()["tapDropped"]) == (4, 1)

    def break_down(records: bytes) -> int:
        raise OSError("gone")

    tap.try_send = break_down  # type: ignore[method-assign]
    assert outlet.on_frame(0, 0, 0, 1, 30, _diff(5, 6)) == 0
    assert outlet.counters()["tapDropped"] == 2
    assert outlet.counters()["dropped"] == 0
