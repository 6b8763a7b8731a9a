"""The C extension ring in one process: the floor of a native ring behind Python."""

import mmap

import player
import ring_extension

SLOTS = 4096
SIZE = 64
CALLS = 20_000
BATCH = 64


def _ring() -> ring_extension.Ring:
    return ring_extension.Ring(mmap.mmap(-1, 4096 + SLOTS * SIZE), SLOTS, SIZE)


def push_pop(_: player.Corpus) -> player.Row:
    ring, record = _ring(), bytes(SIZE)
    push, pop = ring.push, ring.pop

    def run() -> int:
        for _ in range(CALLS):
            push(record)
            pop()
        return CALLS

    return lambda: player.timed(run)


def batched(_: player.Corpus) -> player.Row:
    ring, records = _ring(), [bytes(SIZE)] * BATCH
    push, pop = ring.push_many, ring.pop_many

    def run() -> int:
        for _ in range(CALLS // BATCH):
            push(records)
            pop(BATCH)
        return CALLS // BATCH * BATCH

    return lambda: player.timed(run)


if __name__ == "__main__":
    player.serve({"push-pop": push_pop, "batched": batched})
