"""The two ends of a pipe: one record, several, errors, and a thread that waits meanwhile."""

import threading

import native_records
import pytest
import tickwork_native

WAIT_NS = 5_000_000_000


def images(*numbers: int) -> list[bytes]:
    return [native_records.image(number) for number in numbers]


def test_one_record_goes_through_and_carries_its_sequence() -> None:
    writer, reader = tickwork_native.anonymous_pipe(1 << 16, "one")
    (record,) = images(7)
    assert reader.read_record() is None
    assert writer.try_send(record) == 1
    copy = reader.read_record()
    assert copy is not None
    assert (int.from_bytes(copy[:8], "little"), copy[8:]) == (1, record[8:])
    assert (writer.pending_bytes, reader.received, writer.sent) == (0, 1, 1)


def test_several_records_and_other_buffers_are_sent_the_same_way() -> None:
    writer, reader = tickwork_native.anonymous_pipe(1 << 16, "several")
    records = b"".join(images(1, 2, 3))
    assert writer.try_send(records) == 3
    assert writer.try_send(bytearray(records)) == 3
    assert writer.try_send(b"") == 0
    batch = reader.read_batch()
    assert batch is not None
    assert (len(batch), reader.received) == (2 * len(records), 6)


def test_a_full_pipe_takes_what_fits_and_goes_on_at_its_beginning() -> None:
    writer, reader = tickwork_native.anonymous_pipe(4096, "full")
    (record,) = images(1)
    for _ in range(50):
        room = 4096 // len(record)
        assert room - 1 <= writer.try_send(record * 100) <= room
        assert writer.try_send(record) == 0
        while reader.read_record() is not None:
            pass
    assert (writer.sent, writer.pending_bytes) == (reader.received, 0)


def test_what_is_no_record_is_refused_and_nothing_is_sent() -> None:
    writer, reader = tickwork_native.anonymous_pipe(4096, "refused")
    (record,) = images(1)
    with pytest.raises(ValueError, match="are no whole record"):
        writer.try_send(record[:-1])
    with pytest.raises(ValueError, match="are no whole record"):
        writer.try_send(record + bytes(64))
    with pytest.raises(TypeError):
        writer.try_send("text")  # type: ignore[arg-type]
    assert reader.read_record() is None
    writer.close()
    with pytest.raises(RuntimeError, match="it is closed"):
        writer.try_send(record)
    reader.close()
    with pytest.raises(RuntimeError, match="it is closed"):
        reader.read_record()


def test_an_end_can_be_used_while_another_thread_waits_on_it() -> None:
    writer, reader = tickwork_native.anonymous_pipe(1 << 16, "waiting")
    (record,) = images(1)
    said: list[bool] = []
    waiting = threading.Thread(target=lambda: said.append(reader.wait(WAIT_NS)))
    waiting.start()
    for _ in range(5):
        assert reader.read_record() is None
    assert not reader.in_loop
    assert writer.try_send(record) == 1
    waiting.join()
    assert said == [True]
    assert reader.read_record() is not None


def test_an_end_that_is_closed_ends_the_wait_of_another_thread() -> None:
    _, reader = tickwork_native.anonymous_pipe(1 << 16, "closing")
    failed: list[str] = []

    def wait() -> None:
        try:
            reader.wait(WAIT_NS)
        except RuntimeError as error:
            failed.append(str(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    reader.close()
    waiting.join()
    assert "it is closed" in failed[0]
