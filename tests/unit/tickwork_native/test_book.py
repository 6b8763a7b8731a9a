"""The book's kernel from Python: states, counters, proof files, refusals."""

import pathlib
import struct

import pytest
import tickwork_native

SNAPSHOT, DELTA, STATUS, REQUEST = 2, 3, 7, 8
ABSENT = -(2**63)
SPOT = 1
HEADER = struct.Struct("<QBBBBHbbQQQqqqIIHHIQqqqqQ")
Pairs = list[tuple[int, int]]


def _record(kind: int, first: int, last: int, bids: Pairs, asks: Pairs) -> bytes:
    stamps = (ABSENT, ABSENT, 5)
    tail = (len(bids), len(asks), 0, 0, 0, 0, ABSENT, 6, ABSENT, ABSENT, 0)
    head = HEADER.pack(0, kind, SPOT, 0, 0, 0, -2, -3, first, last, 0, *stamps, *tail)
    body = b"".join(struct.pack("<qq", *level) for level in bids + asks)
    return (head + body).ljust(-(-(len(head) + len(body)) // 64) * 64, b"\0")


def _kernel(**changes: object) -> tickwork_native.BookKernel:
    settings = {"depth": 5, "stale_after_ns": 10**15, **changes}
    return tickwork_native.BookKernel([("BTCUSDT", SPOT), ("ETHUSDT", SPOT)], **settings)


def _live(kernel: tickwork_native.BookKernel) -> None:
    kernel.process(_record(DELTA, 8, 10, [(99, 5)], []))
    kernel.process(_record(SNAPSHOT, 9, 9, [(100, 1)], [(110, 2)]))


def test_a_book_shows_its_state_and_its_best() -> None:
    kernel = _kernel()
    _live(kernel)
    first, second = kernel.status()
    now_ns = tickwork_native.fast_clock().now_ns()
    assert (first["instrument"], first["state"], first["updateId"]) == ("BTCUSDT", "LIVE", 10)
    assert (first["bid"], first["bidQuantity"], first["ask"], first["askQuantity"]) == (
        *(100, 1),
        *(110, 2),
    )
    assert (first["bids"], first["asks"], first["priceExponent"]) == (2, 1, -2)
    assert 0 <= now_ns - first["updatedNs"] < 10**11
    assert (second["state"], second["bid"], second["updatedNs"]) == ("EMPTY", None, None)


def test_a_gap_is_counted_and_asked_for() -> None:
    kernel = _kernel()
    _live(kernel)
    kernel.take(1)
    kernel.process(_record(DELTA, 15, 16, [], []))
    request = kernel.take(1)
    assert (len(request), request[8], request[10]) == (128, REQUEST, 0)
    counters = kernel.counters()
    assert (counters["gaps"], counters["openGaps"], counters["updates"]) == (1, 1, 1)
    kernel.process(_record(SNAPSHOT, 15, 15, [(100, 1)], [(110, 2)]))
    assert (kernel.counters()["resyncs"], kernel.counters()["openGaps"]) == (1, 0)
    (took_ns,) = kernel.resyncs_ns()
    assert took_ns >= 0
    book, resync = kernel.histograms()
    assert (book.name, resync.name, resync.count) == ("book", "resync", 1)
    assert kernel.instrument_counters()[1]["updates"] == 0


def test_time_makes_a_book_stale_and_asks_again() -> None:
    kernel = _kernel(stale_after_ns=1_000_000, request_timeout_ns=2_000_000)
    kernel.process(_record(DELTA, 8, 10, [(99, 5)], []))
    kernel.take(1)
    later_ns = tickwork_native.fast_clock().now_ns() + 10**10
    kernel.tick(later_ns)
    assert len(kernel.take(1)) == 128
    _live(kernel)
    emitted = kernel.tick(later_ns + 10**10)
    assert (emitted[8], emitted[10]) == (STATUS, 4)
    assert kernel.status()[0]["state"] == "STALE"


def test_each_stretch_has_its_own_proof_file(tmp_path: pathlib.Path) -> None:
    kernel = _kernel(proof_path=tmp_path / "one.bin")
    _live(kernel)
    kernel.write_proof(tmp_path / "two.bin")
    kernel.process(_record(DELTA, 11, 12, [(98, 1)], []))
    kernel.flush()
    files = [(tmp_path / name).read_bytes() for name in ("one.bin", "two.bin")]
    ids = [struct.unpack_from("<Q", rows, 16)[0] for rows in files]
    assert ([len(rows) for rows in files], ids) == ([64, 64], [10, 12])
    assert kernel.proof_failure is None


def test_a_reset_empties_books_and_keeps_counters() -> None:
    kernel = _kernel()
    _live(kernel)
    kernel.reset()
    (status, _) = kernel.status()
    assert (status["state"], status["bids"], status["bid"]) == ("EMPTY", 0, None)
    assert kernel.counters()["updates"] == 1


def test_numbers_that_do_not_fit_are_said() -> None:
    kernel = _kernel()
    _live(kernel)
    finer = bytearray(_record(DELTA, 11, 11, [(1, 1)], []))
    finer[14:15] = (-40).to_bytes(1, "little", signed=True)
    kernel.process(bytes(finer))
    (status, other) = kernel.status()
    assert status["state"] == "GAP"
    assert "price exponent" in status["failure"]
    assert other["failure"] is None


def test_a_venue_without_a_rule_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="venue id 9 has no sync rule"):
        tickwork_native.BookKernel([("BTCUSDT", 9)], 5, 10**9)
    with pytest.raises(FileNotFoundError):
        _kernel(proof_path=tmp_path / "none" / "proof.bin")
