"""The product as a Python program sees it: one parse, one ring operation, arrays from a ring."""

import pathlib
import shutil
import struct
import tempfile

import player
import tickwork_native

NUMBERS = struct.Struct("<QQ")
CALLS = 20_000
BATCH = 64
RECORD = 64
PIPE_BYTES = 4 << 20
RING_SLOTS = 131_072


class Scratch:
    """A directory in shared memory that goes with the player; made when it is first needed."""

    def __init__(self) -> None:
        self._path: pathlib.Path | None = None

    def __truediv__(self, name: str) -> pathlib.Path:
        if self._path is None:
            self._path = pathlib.Path(tempfile.mkdtemp(prefix="tickwork-bench-", dir="/dev/shm"))
        return self._path / name

    def remove(self) -> None:
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)


scratch = Scratch()


def status_record() -> bytes:
    """One 64-byte record: a frame header without payload, the shortest thing a pipe carries."""
    record = bytearray(RECORD)
    record[8] = 1
    record[9] = 1
    record[10] = 3
    struct.pack_into("<HH", record, 12, 0xFFFF, 0)
    return bytes(record)


def image_record() -> bytes:
    """An IMAGE snapshot with one level a side: 192 bytes, shown as one 64-byte top."""
    record = bytearray(192)
    record[8], record[9], record[10], record[11] = 2, 1, 2, 1
    struct.pack_into("<H", record, 12, 0)
    struct.pack_into("<II", record, 64, 1, 1)
    struct.pack_into("<qqqq", record, 128, 6_000_000, 5, 6_000_001, 7)
    return bytes(record)


def python_ticker(corpus: player.Corpus) -> player.Row:
    payloads = corpus.of(player.TICKER)
    parse = tickwork_native.Parser(corpus.venue, [corpus.symbol]).parse

    def run() -> int:
        for payload in payloads:
            parse(payload)
        return len(payloads)

    return lambda: player.timed(run)


def python_ticker_numbers(corpus: player.Corpus) -> player.Row:
    payloads = corpus.of(player.TICKER)
    parse = tickwork_native.Parser(corpus.venue, [corpus.symbol]).parse
    levels = struct.Struct("<qqqq").unpack_from
    ids = struct.Struct("<Q").unpack_from

    def run() -> int:
        for payload in payloads:
            record = parse(payload)
            ids(record, 24), levels(record, 128)
        return len(payloads)

    return lambda: player.timed(run)


def _pipe(name: str) -> tuple[tickwork_native.PipeWriter, tickwork_native.PipeReader]:
    writer = tickwork_native.PipeWriter.create(scratch / name, PIPE_BYTES, name)
    return writer, tickwork_native.PipeReader.attach(scratch / name)


def push_pop(_: player.Corpus) -> player.Row:
    writer, reader = _pipe("push-pop")
    record, push, pop = status_record(), writer.try_send, reader.read_record

    def run() -> int:
        for _ in range(CALLS):
            push(record)
            pop()
        return CALLS

    def once() -> player.Pass:
        made = player.timed(run)
        if writer.pending_bytes or reader.received == 0:
            raise ValueError("records went astray")
        return made

    return once


def batched(_: player.Corpus) -> player.Row:
    writer, reader = _pipe("batched")
    records, push, pop = status_record() * BATCH, writer.try_send, reader.read_batch

    def run() -> int:
        for _ in range(CALLS // BATCH):
            push(records)
            pop()
        reader.release()
        return CALLS // BATCH * BATCH

    return lambda: player.timed(run)


def arrays(_: player.Corpus) -> player.Row:
    """Tops as NumPy arrays out of a ring that was filled before."""
    publication = tickwork_native.Publication.create(
        scratch / "arrays", "arrays", [("BTCUSDT", 1)], RING_SLOTS, 1 << 20, 1
    )
    images = image_record() * 1024
    ring = tickwork_native.Ring.open(scratch / "arrays")

    def run() -> int:
        count = 0
        while True:
            tops, lost = ring.read_batch(16_384)
            if lost:
                raise ValueError(f"{lost} tops lost from a ring that was not full")
            if len(tops) == 0:
                return count
            count += len(tops)

    def once() -> player.Pass:
        for _ in range(RING_SLOTS // 1024 - 1):
            publication.send(images)
        return player.timed(run)

    return once


if __name__ == "__main__":
    try:
        player.serve(
            {
                "python-ticker": python_ticker,
                "python-ticker-numbers": python_ticker_numbers,
                "push-pop": push_pop,
                "batched": batched,
                "arrays": arrays,
            }
        )
    finally:
        scratch.remove()
