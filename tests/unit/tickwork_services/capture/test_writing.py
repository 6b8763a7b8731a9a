import hashlib
import json
import pathlib

import pytest
from tickwork_services.capture import manifest, opening, reading, twr, writing
from tickwork_services.record import frame

from tickwork import errors

HEAD = twr.Head("binance-usdm", ("BTCUSDT",), {"run": "r"}, twr.Clock(0, 40), 2, 20)


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def entries(count: int) -> list[twr.Entry]:
    return [
        twr.Entry(1000 + number, 1 + number % 2, frame.TEXT, b'{"n":%d}' % number, None, None)
        for number in range(count)
    ]


def write(path: pathlib.Path, count: int = 10) -> writing.RecordingWriter:
    writer = writing.RecordingWriter(path, HEAD, Clock())
    for entry in entries(count):
        writer.add(entry)
    return writer


def test_what_was_written_is_read_back(tmp_path) -> None:
    path = tmp_path / "a.twr"
    write(path).close()
    capture = opening.open_capture(path)
    assert capture.head == HEAD
    assert capture.is_whole
    assert list(capture.entries()) == entries(10)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "a.twr",
        "a.twr.manifest.json",
        "a.twr.sha256",
    ]


def test_the_manifest_sums_each_connection(tmp_path) -> None:
    path = tmp_path / "a.twr"
    write(path).close()
    content = manifest.read(path)
    assert content is not None
    assert (content["status"], content["frames"], content["reason"]) == ("complete", 10, None)
    assert content["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    of_first = b"".join(entry.payload for entry in entries(10) if entry.connection == 1)
    assert content["connections"][0] == {
        "id": 1,
        "line": 0,
        "payloads": 5,
        "bytes": len(of_first),
        "sha256": hashlib.sha256(of_first).hexdigest(),
    }


def test_a_crash_leaves_a_readable_prefix(tmp_path) -> None:
    path = tmp_path / "a.twr"
    clock = Clock()
    writer = writing.RecordingWriter(path, HEAD, clock)
    for entry in entries(6):
        writer.add(entry)
        clock.now_ns += 400_000_000
        writer.tick()
    capture = opening.open_capture(path)
    assert not capture.is_whole
    assert list(capture.entries()) == entries(6)[:6]
    # Whatever is lost of the last zstd frame, what is whole before it is read.
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    found = list(opening.open_capture(path).entries())
    assert found == entries(6)[: len(found)]
    assert len(found) >= 3
    writer.close()


def test_a_recording_that_claims_to_be_whole_and_is_cut_is_refused(tmp_path) -> None:
    path = tmp_path / "a.twr"
    write(path).close()
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(errors.CaptureError, match="SHA-256"):
        opening.open_capture(path)
    manifest.sum_beside(path).unlink()
    with pytest.raises(errors.CaptureError, match="ends in the middle of its packing"):
        list(opening.open_capture(path).entries())


def test_what_had_no_room_makes_it_partial(tmp_path) -> None:
    path = tmp_path / "a.twr"
    writer = write(path)
    writer.note_dropped(3)
    writer.close()
    content = json.loads(manifest.beside(path).read_text())
    assert (content["status"], content["dropped"]) == ("partial", 3)
    assert "3 frames had no room" in content["reason"]
    assert list(opening.open_capture(path).entries()) == entries(10)


def test_a_file_that_is_there_is_never_written_over(tmp_path) -> None:
    path = tmp_path / "a.twr"
    path.write_text("precious")
    with pytest.raises(errors.InputError, match="does not exist yet"):
        writing.RecordingWriter(path, HEAD, Clock())
    assert path.read_text() == "precious"


def test_a_disk_that_refuses_ends_the_recording_and_nothing_else(tmp_path, monkeypatch) -> None:
    path = tmp_path / "a.twr"
    writer = write(path)
    writer.flush()
    before = path.stat().st_size

    def refuse(descriptor: int, data: bytes) -> None:
        writing.os.write(descriptor, data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_write_all", refuse)
    writer.add(entries(1)[0])
    writer.flush()
    writer.add(entries(1)[0])
    writer.close()
    content = manifest.read(path)
    assert content is not None
    assert (content["status"], content["frames"], content["unrecorded"]) == ("partial", 10, 2)
    of_first = b"".join(entry.payload for entry in entries(10) if entry.connection == 1)
    assert content["connections"][0]["sha256"] == hashlib.sha256(of_first).hexdigest()
    assert "No space left on device" in content["reason"]
    assert path.stat().st_size == before
    assert list(opening.open_capture(path).entries()) == entries(10)
    assert b"".join(reading.read_chunks(path)).endswith(b'{"n":9}\n')
