"""Deaths and restarts of the ends of segments, in processes of their own."""

import os
import pathlib
import signal
import subprocess
import time

import native_records
import pytest
import tickwork_native
from integration.ring import acting, actor

SECOND_NS = 1_000_000_000


def _await_state(ring: tickwork_native.RingReader, state: str) -> float:
    """Waits for ``state``; returns after how many seconds a look last saw another one.

    A test that is kept from looking for a while learns of the state later, not the reader.
    """
    began, last = time.monotonic(), 0.0
    while (looked := time.monotonic() - began) < 10:
        if ring.state == state:
            return last
        last = looked
        time.sleep(0.005)
    raise AssertionError(f"{ring.state} instead of {state}")


def test_a_dead_writer_is_seen_within_250_ms_and_its_book_is_stale(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "book"
    with acting.acting("hold", path) as writer:
        ring = tickwork_native.RingReader.attach(path)
        books = tickwork_native.Books.open(path)
        assert (ring.state, books["BTCUSDT"].state) == ("live", "LIVE")
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert _await_state(ring, "dead") < 0.25
        assert (books["BTCUSDT"].state, books["BTCUSDT"].update_id) == ("STALE", 1)


def test_a_restarted_writer_is_followed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "book"
    with acting.acting("publish", path):
        ring = tickwork_native.RingReader.attach(path)
        assert ring.wait(5 * SECOND_NS)
        last = actor.checked_tops(ring.read_bytes()[0])
    _await_state(ring, "dead")
    generation = ring.generation
    with acting.acting("publish", path):
        assert ring.wait(5 * SECOND_NS)
        while actor.checked_tops(ring.read_bytes()[0]) <= last:
            assert ring.wait(5 * SECOND_NS)
        assert ring.state == "live"
        assert ring.generation > generation


def test_leftovers_of_another_shape_are_replaced_and_readers_follow(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "book"
    with acting.acting("hold", path):
        ring = tickwork_native.RingReader.attach(path)
        generation = ring.generation
        with pytest.raises(tickwork_native.SegmentBusy):
            actor.publication(path)
    changed = tickwork_native.Publication.create(path, "demo", [("SOLUSDT", 1)], 32, 4096, 5)
    changed.send(native_records.image(2))
    assert ring.wait(5 * SECOND_NS)
    tops, lost = ring.read_bytes()
    assert (len(tops) // 64, lost, ring.state) == (1, 0, "live")
    assert ring.generation > generation
    changed.close()


def test_a_killed_reader_is_resumed_where_it_was(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "frames"
    with acting.acting("send", path), acting.acting("receive", path) as reader:
        assert reader.stdout is not None
        first = reader.stdout.readline().split()
        reader.send_signal(signal.SIGKILL)
        said = [*first, *reader.stdout.read().split()]
        reader.wait()
        resumed = tickwork_native.PipeReader.attach(path)
        batch = resumed.read_batch(timeout_ns=5 * SECOND_NS)
        assert batch is not None
        ids = actor.checked_frames(bytes(batch))
        # The batch in hand was not given back: it comes again, and nothing before or after it.
        assert ids[0] <= int(said[-1]) + 1
        assert ids == list(range(ids[0], ids[0] + len(ids)))


def test_what_a_writer_killed_in_mid_write_left_is_never_seen(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "frames"
    expected = 0
    for _ in range(8):
        with acting.acting("send", path):
            reader = tickwork_native.PipeReader.attach(path)
            for _ in range(5):
                batch = reader.read_batch(4096, 5 * SECOND_NS)
                assert batch is not None
                ids = actor.checked_frames(bytes(batch))
                assert ids == list(range(expected, expected + len(ids)))
                expected += len(ids)
            reader.close()


def test_a_lapped_reader_counts_what_it_lost(tmp_path: pathlib.Path) -> None:
    writer = actor.publication(tmp_path / "book")
    ring = tickwork_native.RingReader.attach(tmp_path / "book")
    depth = tickwork_native.DepthReader.open(tmp_path / "book")
    for number in range(1, 1001):
        writer.send(
            native_records.image(number) + native_records.market(native_records.DELTA, number)
        )
    tops, lost = ring.read_bytes()
    assert (len(tops) // 64, lost, ring.laps) == (1, 999, 1)
    assert depth.read_batch()[0] == b""
    assert depth.laps == 1
    writer.send(native_records.market(native_records.DELTA, 1001))
    records, lost = depth.read_batch()
    assert (len(records), lost, depth.received + depth.lost) == (192, 1000, 1001)
    report = tickwork_native.inspect_segment(tmp_path / "book")
    assert {entry["lost"] for entry in report["readers"]} == {999, 1000}
    writer.close()


def test_ctrl_c_ends_a_wait(tmp_path: pathlib.Path) -> None:
    with (
        acting.acting("hold", tmp_path / "book"),
        acting.acting("follow", tmp_path / "book") as reader,
    ):
        time.sleep(0.2)
        reader.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert reader.wait(5) != 0
        assert time.monotonic() - began < 2


def test_writer_death_is_seen_across_pid_namespaces(tmp_path: pathlib.Path) -> None:
    unshare = ("unshare", "--pid", "--fork", "--mount", "--kill-child")
    probe = subprocess.run([*unshare, "true"], check=False, capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"namespaces are not permitted here: {probe.stderr.strip()}")
    path = tmp_path / "book"
    with acting.acting("hold", path, before=unshare) as writer:
        ring = tickwork_native.RingReader.attach(path)
        assert ring.header()["writer_held"]
        time.sleep(0.3)
        assert ring.state == "live"
        # The one inside is killed: who started it ends once it is gone, and not before.
        children = pathlib.Path(f"/proc/{writer.pid}/task/{writer.pid}/children")
        [inside] = children.read_text().split()
        os.kill(int(inside), signal.SIGKILL)
        writer.wait()
        assert _await_state(ring, "dead") < 0.25
