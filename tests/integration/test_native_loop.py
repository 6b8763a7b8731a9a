"""The native loop in a process whose interpreter is busy."""

import pathlib
import sys
import time

import native_records
import pytest
import tickwork_native

pytestmark = pytest.mark.system


def test_fused_unit_keeps_turning_while_python_holds_the_gil(tmp_path: pathlib.Path) -> None:
    writer, inlet = tickwork_native.anonymous_pipe(1 << 20, "records")
    kernel = tickwork_native.PublisherKernel(
        tmp_path / "book", "demo", [("BTCUSDT", 1)], 1024, 1 << 20, 20
    )
    loop = tickwork_native.NativeLoop([(kernel, [inlet], [None, None])], "park", "fused")
    interval = sys.getswitchinterval()
    ring = tickwork_native.RingReader.attach(tmp_path / "book")
    loop.start()
    sys.setswitchinterval(1000)
    try:
        turns = loop.turns
        writer.try_send(b"".join(native_records.image(number) for number in range(1, 501)))
        began_ns = tickwork_native.monotonic_raw_ns()
        assert sum(range(10_000_000)) > 0
        held_ns = tickwork_native.monotonic_raw_ns() - began_ns
        # Nobody else could run Python meanwhile; the loop sleeps 20 ms at most.
        assert loop.turns - turns >= held_ns // 40_000_000
        assert ring.available == 500
    finally:
        sys.setswitchinterval(interval)
        assert loop.stop(1_000_000_000) == 0
    assert loop.failure is None
    kernel.close()


def test_a_restarted_publisher_keeps_its_table_and_asks_for_images(tmp_path: pathlib.Path) -> None:
    def kernel() -> tickwork_native.PublisherKernel:
        return tickwork_native.PublisherKernel(
            tmp_path / "book", "demo", [("BTCUSDT", 1)], 1024, 1 << 20, 20
        )

    first = kernel()
    first.process(native_records.image(7))
    first.tick(tickwork_native.monotonic_raw_ns())
    assert first.take(1) == b""
    del first  # Without close: as if it had been killed.
    second = kernel()
    book = tickwork_native.Books.open(tmp_path / "book")["BTCUSDT"]
    assert (book.state, book.update_id, len(book.bids)) == ("STALE", 7, 3)
    second.tick(tickwork_native.monotonic_raw_ns())
    request = second.take(1)
    assert (request[8], request[10], request[12:14]) == (8, 1, b"\xff\xff")
    second.process(native_records.image(8))
    later_ns = tickwork_native.monotonic_raw_ns() + 10**10
    second.tick(later_ns)
    assert second.take(1) == b""
    assert tickwork_native.Books.open(tmp_path / "book")["BTCUSDT"].state == "LIVE"
    second.close()


def test_stopping_and_starting_goes_on_with_the_same_ends(tmp_path: pathlib.Path) -> None:
    writer, inlet = tickwork_native.anonymous_pipe(1 << 20, "records")
    kernel = tickwork_native.PublisherKernel(
        tmp_path / "book", "demo", [("BTCUSDT", 1)], 1024, 1 << 20, 20
    )
    loop = tickwork_native.NativeLoop([(kernel, [inlet], [None, None])], "park", "blocks")
    for block in range(3):
        loop.start()
        with pytest.raises(RuntimeError, match="runs in a NativeLoop"):
            kernel.tick(0)
        writer.try_send(native_records.image(block + 1))
        assert loop.stop(5_000_000_000) == 0
        assert not loop.running
        loop.reset()
    assert kernel.counters()["images"] == 3
    assert loop.counters()["node0.inlet0.records"] == 3
    began = time.monotonic()
    kernel.close()
    assert time.monotonic() - began < 1
