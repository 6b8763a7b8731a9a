"""The shape of every Python player: rows by name, timed in blocks when the runner asks.

A player reads ``ROW MILLISECONDS`` per line and answers each with one JSON line, as the compiled
ones do. A row is made once, warmed once, and run in passes until the block is long enough.
"""

import gc
import json
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping

# What is measured of ours comes last, so that a peer's own packages stay what they are.
sys.path.extend(filter(None, os.environ.get("BENCH_PATH", "").split(os.pathsep)))

Pass = tuple[float, float, float]
"""Operations done, time they took in ns (or the row's own unit), CPU ns used meanwhile."""
Row = Callable[[], Pass]
SNAPSHOT, DEPTH, TICKER = 0, 1, 2
BLOCK_MILLISECONDS = 200
share = 1.0
"""How long the block is against a usual one; for rows whose pass is a figure of its own."""


def timed(work: Callable[[], int]) -> Pass:
    """Runs ``work``, which says how many operations it did."""
    cpu, began = time.thread_time_ns(), time.perf_counter_ns()
    count = work()
    wall = time.perf_counter_ns() - began
    return count, wall, time.thread_time_ns() - cpu


class Corpus:
    """The messages of one run; ``benchmarks/corpus.py`` says how the file looks."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            head, _, rest = file.read().partition(b"\n")
        self.venue, self.symbol = head.decode().split(" ")
        self.messages = list(_messages(rest))

    def of(self, *kinds: int) -> list[bytes]:
        return [payload for kind, payload in self.messages if kind in kinds]

    @property
    def snapshot(self) -> bytes:
        return self.of(SNAPSHOT)[-1]


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<BI", data, at)
        yield kind, data[at + 5 : at + 5 + length]
        at += 5 + length


def serve(makers: Mapping[str, Callable[[Corpus], Row]]) -> None:
    """Answers until nothing more is asked; the corpus is the first argument."""
    corpus = Corpus(sys.argv[1])
    rows: dict[str, Row] = {}
    for line in sys.stdin:
        name, milliseconds = line.split()
        try:
            answer = _play(rows, makers, corpus, name, int(milliseconds))
        except Exception as error:
            answer = {"row": name, "error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _play(
    rows: dict[str, Row],
    makers: Mapping[str, Callable[[Corpus], Row]],
    corpus: Corpus,
    name: str,
    milliseconds: int,
) -> dict[str, object]:
    global share
    share = milliseconds / BLOCK_MILLISECONDS
    if name not in rows:
        rows[name] = makers[name](corpus)
        rows[name]()
    gc.collect()
    gc.freeze()
    count, wall, cpu = 0.0, 0.0, 0.0
    while wall < milliseconds * 1e6 or count == 0:
        more = rows[name]()
        count, wall, cpu = count + more[0], wall + more[1], cpu + more[2]
        if more[2] < 0:
            # The row tells a figure of its own, not a time: one pass is a block.
            break
    gc.unfreeze()
    return {"row": name, "count": count, "ns": wall, "cpuNs": cpu, "extra": extras.pop(name, {})}


extras: dict[str, dict[str, float]] = {}
"""What a row says beside its figure, by its name; taken with the next answer."""


def pin(core: int) -> None:
    """Pins the calling process to one core where that is permitted."""
    os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})
