"""What takes a while to show: a death, memory over passes, latencies while somebody scrapes.

Each pass is one figure of its own, not a sum of operations.
"""

import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import threading
import time
from typing import Any

import native
import player
import tickwork_native

VENUE_ID = 1
STALE_AFTER_NS = 10**15
IDS = re.compile(rb'(?:(?<="U":)|(?<="u":))(\d+)')
LAST = re.compile(rb'"lastUpdateId":(\d+)')
FRAME = struct.Struct("<QBBBBHHqqIIqQQ")
ABSENT = -(2**63)
MEMORY_PASSES = 4
CHUNK_FRAMES = 512
RATE = 5_000
"""Messages a second of the open loop: one is due every 200 us, whatever happened before."""
SECONDS = 2.0
LATE_NS_MAX = 5_000_000_000
"""So long after the last message a busy machine may bring the tops that are still missing."""
SCRAPES_PER_SECOND = 10
PARTNER_CORE = 1
OWN_FIGURE = -1.0


def framed(payload: bytes, received_ns: int, frame_id: int, kind: int = 0) -> bytes:
    instrument = 0 if kind == 2 else 0xFFFF
    header = FRAME.pack(
        0, 1, VENUE_ID, kind, 0, instrument, 0, ABSENT, received_ns, 0, len(payload), ABSENT, 0,
        frame_id,
    )  # fmt: skip
    whole = header + payload
    return whole + bytes(-len(whole) % 64)


def kernels(corpus: player.Corpus, path: pathlib.Path) -> tuple[Any, Any, Any]:
    instruments = [(corpus.symbol, VENUE_ID)]
    return (
        tickwork_native.NormalizerKernel(corpus.venue, [corpus.symbol]),
        tickwork_native.BookKernel(instruments, 20, STALE_AFTER_NS),
        tickwork_native.PublisherKernel(path, "bench", instruments, 131_072, 16 << 20, 20),
    )


def death_seen(_: player.Corpus) -> player.Row:
    """From SIGKILL of a publisher to the reader's word for it, waiting as a consumer does."""

    def once() -> player.Pass:
        path = native.scratch / "mortal"
        code = (
            "import sys, time, tickwork_native\n"
            "sys.path.insert(0, sys.argv[2])\n"
            "made = tickwork_native.Publication.create("
            "sys.argv[1], 'mortal', [('BTCUSDT', 1)], 64, 4096, 1)\n"
            "print('made', flush=True)\n"
            "time.sleep(60)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path), ""],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        process.stdout.readline()
        reader = tickwork_native.RingReader.attach(path)
        time.sleep(0.15)
        if reader.state != "live":
            raise ValueError(f"the publisher is {reader.state} before it is killed")
        began = time.perf_counter_ns()
        process.send_signal(signal.SIGKILL)
        while reader.state != "dead":
            reader.wait(5_000_000)
        took = time.perf_counter_ns() - began
        process.communicate()
        reader.close()
        return 1, took, OWN_FIGURE

    return once


def anonymous_bytes() -> int:
    for line in pathlib.Path("/proc/self/status").read_text("ascii").split("\n"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    raise ValueError("this kernel tells no RssAnon")


def memory_growth(corpus: player.Corpus) -> player.Row:
    """How much the whole chain grows over passes of the corpus, after a first one."""
    normalizer, book, publisher = kernels(corpus, native.scratch / "memory")
    frames = []
    first = framed(corpus.of(player.DEPTH)[0], 1, 0)
    start = first + framed(corpus.snapshot, 2, 1, kind=2)
    wanted = corpus.of(player.DEPTH, player.TICKER)
    for at in range(0, len(wanted), CHUNK_FRAMES):
        chunk = wanted[at : at + CHUNK_FRAMES]
        frames.append(b"".join(framed(each, 3, at + n) for n, each in enumerate(chunk)))

    def play() -> None:
        book.reset()
        for chunk in (start, *frames):
            publisher.process(book.process(normalizer.process(chunk)))

    play()

    def once() -> player.Pass:
        before = anonymous_bytes()
        for _ in range(MEMORY_PASSES):
            play()
        return 1, anonymous_bytes() - before, OWN_FIGURE

    return once


class Pipeline:
    """The fused loop in a process of its own, and what feeds and reads it."""

    def __init__(self, corpus: player.Corpus) -> None:
        self._directory = native.scratch / "path"
        self._directory.mkdir(exist_ok=True)
        self.writer = tickwork_native.PipeWriter.create(
            self._directory / "frames", 16 << 20, "frames"
        )
        command = [sys.executable, __file__, "--pipeline", sys.argv[1], str(self._directory)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.order("start")
        self.reader = tickwork_native.RingReader.attach(self._directory / "book")
        self.frame_id = 0
        self._diffs = [IDS.split(payload) for payload in corpus.of(player.DEPTH)]
        self._last = int(LAST.search(corpus.snapshot)[1])
        self.send_diff(tickwork_native.monotonic_raw_ns())
        self.send(corpus.snapshot, tickwork_native.monotonic_raw_ns(), kind=2)

    def order(self, word: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            raise ValueError("the pipeline ended by itself")

    def send(self, payload: bytes, received_ns: int, kind: int = 0) -> None:
        self.writer.try_send(framed(payload, received_ns, self.frame_id, kind))
        self.frame_id += 1

    def send_diff(self, due_ns: int) -> None:
        """Sends the next diff with ids that go on for ever, however often it was sent before."""
        before, _, middle, _, after = self._diffs[self.frame_id % len(self._diffs)]
        self._last += 1
        ids = str(self._last).encode()
        self.send(before + ids + middle + ids + after, due_ns)

    def close(self) -> None:
        try:
            self.process.communicate(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.communicate()


pipelines: list[Pipeline] = []


def path(word: str) -> Any:
    """Latency from the instant a diff was due to its top in a reader's hands, p99.9."""

    def make(corpus: player.Corpus) -> player.Row:
        if not pipelines:
            pipelines.append(Pipeline(corpus))
        pipeline = pipelines[0]
        clock = tickwork_native.monotonic_raw_ns

        def once() -> player.Pass:
            count = int(RATE * SECONDS * max(min(player.share, 1.0), 0.02))
            pipeline.order(word)
            latencies = tickwork_native.Histogram("latency")
            slips = tickwork_native.Histogram("slip")
            began = clock() + 1_000_000
            for number in range(count):
                due = began + number * 1_000_000_000 // RATE
                while clock() < due:
                    collect(pipeline.reader, latencies, clock)
                slips.record(clock() - due)
                pipeline.send_diff(due)
            time.sleep(0.05)
            collect(pipeline.reader, latencies, clock)
            late = clock() + LATE_NS_MAX
            while latencies.count < count * 0.99 and clock() < late:
                collect(pipeline.reader, latencies, clock)
            figure = latencies.quantile_ns(0.999)
            if figure is None or latencies.count < count * 0.99:
                raise ValueError(f"only {latencies.count} tops of {count} came")
            player.extras[f"path-{word}"] = {
                "messages": latencies.count,
                "p50Ns": latencies.quantile_ns(0.5) or 0,
                "p99Ns": latencies.quantile_ns(0.99) or 0,
                "slipP50Ns": slips.quantile_ns(0.5) or 0,
                "slipP999Ns": slips.quantile_ns(0.999) or 0,
            }
            return 1, figure, OWN_FIGURE

        return once

    return make


def collect(reader: Any, latencies: Any, clock: Any) -> None:
    """A top says when it was published and how long before that it was due."""
    tops, _ = reader.read_bytes(64)
    now = clock()
    for at in range(0, len(tops), 64):
        (span,) = struct.unpack_from("<I", tops, at + 12)
        (published,) = struct.unpack_from("<q", tops, at + 56)
        latencies.record(now - published + span)


def serve_pipeline(corpus_path: str, directory: str) -> None:
    """The fused loop, parked while nothing comes, and a scraper when it is asked for."""
    player.pin(PARTNER_CORE)
    corpus = player.Corpus(corpus_path)
    normalizer, book, publisher = kernels(corpus, pathlib.Path(directory) / "book")
    reader = tickwork_native.PipeReader.attach(pathlib.Path(directory) / "frames")
    histograms = [*normalizer.histograms(), *book.histograms(), *publisher.histograms()]
    nodes = [
        (normalizer, [reader], [("direct", 1, 0)]),
        (book, [], [("direct", 2, 0), None]),
        (publisher, [], [None, None]),
    ]
    loop = tickwork_native.NativeLoop(nodes, "spin", "path")
    scraped, ended = threading.Event(), threading.Event()

    def scrape() -> None:
        while not ended.wait(1 / SCRAPES_PER_SECOND):
            if scraped.is_set():
                tickwork_native.render_prometheus(histograms * 6, "tickwork_", {"unit": "bench"})

    thread = threading.Thread(target=scrape)
    thread.start()
    for line in sys.stdin:
        word = line.strip()
        if word == "start":
            loop.start()
        elif word == "scraped":
            scraped.set()
        else:
            scraped.clear()
        print(word, flush=True)
    ended.set()
    thread.join()
    loop.stop(100_000_000)
    publisher.close()


if __name__ == "__main__":
    if sys.argv[1] == "--pipeline":
        serve_pipeline(*sys.argv[2:])
    else:
        try:
            player.serve(
                {
                    "death-seen": death_seen,
                    "memory-growth": memory_growth,
                    "path-scraped": path("scraped"),
                    "path-quiet": path("quiet"),
                }
            )
        finally:
            for each in pipelines:
                each.close()
            native.scratch.remove()
