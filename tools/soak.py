"""Plays one recording fifty times through the stages of the pipeline and watches the memory.

``python tools/soak.py [--capture FILE] [--passes N]``. Without a capture a recording of the twin is
made first. Each pass reads the file, merges its lines, records them again, and drives normalizer,
book and publisher; a Block ends with each. What grows with time, and not with instruments or depth,
is a leak: exit code 1 where RssAnon grew by 1 MiB or more after the first pass.
"""

import argparse
import pathlib
import re
import sys
import tempfile
from collections.abc import Iterator

import tickwork_native
from tickwork_services import clocks, venues
from tickwork_services.capture import merging, opening, twr, writing
from tickwork_services.components.venue_twin import market, session
from tickwork_services.record import frame

from tickwork.unit.settings import venue_twin

GROWTH_BYTES_MAX = 1 << 20
PASSES = 50
MESSAGES = 12_000
SNAPSHOT_AFTER = 400
BATCH_BYTES = 1 << 18
SECONDS_MAX = 170
SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "LTCUSDT")
VENUE = "binance-usdm"


def rss_anon_bytes() -> int:
    found = re.search(r"RssAnon:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())
    return int(found.group(1)) * 1024 if found else 0


def told_by_twin() -> Iterator[twr.Entry]:
    """Yields what a forwarder with one line would have received of the twin."""
    server = venues.SERVERS[VENUE]
    source = session.Session(
        venue_twin.VenueTwinSettings(venue=VENUE, instruments=SYMBOLS, seed=20240808), server
    )
    now_ns = 1_700_000_000_000_000_000
    yield twr.Entry(now_ns, 1, frame.OPENED, b"", None, 0)
    listings = [each.listing for each in source.instruments]
    yield twr.Entry(now_ns, 0, frame.REST, server.exchange_info(now_ns // 1_000_000, listings))
    for number in range(MESSAGES):
        now_ns += 200_000
        message = source.next()
        payload = (b"%d" % (now_ns // 1_000_000)).join(message.parts)
        yield twr.Entry(now_ns, 1, frame.TEXT, payload)
        if number == SNAPSHOT_AFTER:
            yield from (snapshot_of(each, now_ns) for each in source.instruments)
    yield twr.Entry(now_ns, 1, frame.CLOSED, b"the end", None, 0)


def snapshot_of(instrument: market.Instrument, now_ns: int) -> twr.Entry:
    shown = instrument.snapshot(None)
    server = venues.SERVERS[VENUE]
    body = server.snapshot(shown.update_id, now_ns // 1_000_000, shown.bids, shown.asks)
    return twr.Entry(now_ns, 0, frame.REST, body, instrument.symbol)


def make_recording(path: pathlib.Path) -> None:
    head = twr.Head(VENUE, SYMBOLS, {"made by": "soak"}, twr.Clock(0, 0), 2, 20_000_000)
    writer = writing.RecordingWriter(path, head, clocks.now_mono_ns)
    for entry in told_by_twin():
        writer.add(entry)
    writer.close()


class Pipeline:
    """The stages of one unit, driven batch by batch; ``updates`` counts diffs applied."""

    def __init__(self, head: twr.Head, segment: pathlib.Path) -> None:
        venue_id = 1 if head.venue == "binance-spot" else 2
        listed = [(symbol, venue_id) for symbol in head.instruments]
        self.head = head
        self._normalizer = tickwork_native.NormalizerKernel(head.venue, list(head.instruments))
        self._book = tickwork_native.BookKernel(listed, 20, 1 << 60)
        self._publisher = tickwork_native.PublisherKernel(
            str(segment), "soak", listed, 4096, 1 << 22, 20
        )

    def play(self, path: pathlib.Path, copy: pathlib.Path) -> int:
        """Plays one recording as one Block; returns the diffs that were applied."""
        before = self._book.counters()["updates"]
        writer = writing.RecordingWriter(copy, self.head, clocks.now_mono_ns)
        batch = bytearray()
        for entry in merging.merge(self.head, opening.open_capture(path).entries()):
            writer.add(entry)
            batch += self._frame(entry).to_bytes()
            if len(batch) >= BATCH_BYTES:
                self._drive(batch)
                batch = bytearray()
        self._drive(batch)
        writer.close()
        for kernel in (self._normalizer, self._book, self._publisher):
            kernel.reset()
        return self._book.counters()["updates"] - before

    def close(self) -> None:
        self._publisher.close()

    def _frame(self, entry: twr.Entry) -> frame.Frame:
        symbols = self.head.instruments
        instrument = symbols.index(entry.symbol) if entry.symbol in symbols else 0xFFFF
        return frame.Frame(
            entry.payload,
            kind=entry.kind,
            instrument=instrument,
            line=entry.line or 0,
            received_ns=entry.received_unix_ns or 0,
            connection=entry.connection,
        )

    def _drive(self, batch: bytearray) -> None:
        records = self._book.process(self._normalizer.process(batch))
        self._book.take(1)
        self._publisher.process(records)
        self._publisher.take(1)


def soak(path: pathlib.Path, passes: int, directory: pathlib.Path) -> int:
    head = opening.open_capture(path).head
    if head is None:
        print(f"{path} is no recording of ours: make one with `tickwork record`.", file=sys.stderr)
        return 2
    pipeline = Pipeline(head, directory / "book")
    begun_ns = clocks.now_mono_ns()
    sizes: list[int] = []
    print(f"{'pass':>5} {'diffs applied':>14} {'RssAnon KiB':>12} {'grown KiB':>10}")
    for number in range(1, passes + 1):
        copy = directory / "copy.twr"
        applied = pipeline.play(path, copy)
        for left in directory.glob("copy.twr*"):
            left.unlink()
        sizes.append(rss_anon_bytes())
        if number <= 2 or number % 10 == 0 or number == passes:
            grown = (sizes[-1] - sizes[0]) // 1024
            print(f"{number:>5} {applied:>14,} {sizes[-1] // 1024:>12,} {grown:>10,}")
        if (clocks.now_mono_ns() - begun_ns) / 1e9 > SECONDS_MAX:
            print(f"the time is over after {number} passes")
            break
    pipeline.close()
    grown_bytes = slope_bytes(sizes[1:]) * max(0, len(sizes) - 2)
    print(
        f"slope after the first pass: {slope_bytes(sizes[1:]):,.0f} B a pass, "
        f"{grown_bytes / 1024:,.0f} KiB over all (allowed: under {GROWTH_BYTES_MAX // 1024} KiB)"
    )
    return int(grown_bytes >= GROWTH_BYTES_MAX or applied == 0)


def slope_bytes(sizes: list[int]) -> float:
    """Returns the least-squares slope of ``sizes`` a pass."""
    middle = (len(sizes) - 1) / 2
    mean = sum(sizes) / max(1, len(sizes))
    spread = sum((place - middle) ** 2 for place in range(len(sizes)))
    pairs = ((place - middle) * (size - mean) for place, size in enumerate(sizes))
    return sum(pairs) / spread if spread else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Watches the memory over many passes.")
    parser.add_argument("--capture", type=pathlib.Path)
    parser.add_argument("--passes", type=int, default=PASSES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tickwork-soak-") as made:
        directory = pathlib.Path(made)
        path = options.capture or directory / "twin.twr"
        if options.capture is None:
            make_recording(path)
        return soak(path, options.passes, directory)


if __name__ == "__main__":
    sys.exit(main())
