"""The lines of a recording put together as the forwarder does it: by the forwarder's own code.

A recording holds every frame of every connection, most of them twice. Here they become the one
stream that a book is made of: first arrival wins, diffs keep their order where they can.
"""

import collections
from collections.abc import Iterable, Iterator, Sequence

import tickwork_native

from tickwork_services.capture import twr
from tickwork_services.record import frame, layout

TICK_NS = 1_000_000


class Basket:
    """Takes frames instead of a pipe; never full."""

    def __init__(self) -> None:
        self.frames: collections.deque[bytes] = collections.deque()

    def try_send(self, record: bytes) -> int:
        """Takes one record."""
        if record[8] == layout.FRAME:
            self.frames.append(record)
        return 1


class Merging:
    """One recording's lines, merged; frames come out with the stamps they came with."""

    def __init__(self, head: twr.Head) -> None:
        self._basket = Basket()
        self._symbols = head.instruments
        self._ids = {symbol: index for index, symbol in enumerate(head.instruments)}
        self._lines: dict[int, int] = {}
        self._lines_max = max(1, head.lines)
        self._ticked_ns = 0
        self._outlet = tickwork_native.FrameOutlet(
            self._basket, head.venue, list(head.instruments), self._lines_max, head.hold_ns
        )

    def take(self, entry: twr.Entry) -> Iterator[twr.Entry]:
        """Takes one entry; yields what may go on by now, in its order."""
        now_ns = entry.received_unix_ns or 0
        if entry.kind == frame.OPENED:
            self._lines[entry.connection] = min(entry.line or 0, self._lines_max - 1)
        if now_ns - self._ticked_ns >= TICK_NS:
            self._ticked_ns = now_ns
            self._outlet.tick(now_ns)
        self._outlet.on_frame(
            self._line_of(entry),
            entry.connection,
            entry.kind,
            layout.ABSENT,
            now_ns,
            entry.payload,
            layout.ABSENT,
            0,
            self._ids.get(entry.symbol or "", layout.ANY_INSTRUMENT),
        )
        if entry.kind == frame.CLOSED:
            self._lines.pop(entry.connection, None)
        return self._flow()

    def end(self) -> Iterator[twr.Entry]:
        """Yields what was held until the end."""
        self._outlet.reset()
        return self._flow()

    def _line_of(self, entry: twr.Entry) -> int:
        if entry.kind in twr.EVENTS and entry.line is not None:
            return min(entry.line, self._lines_max - 1)
        return self._lines.get(entry.connection, 0)

    def _flow(self) -> Iterator[twr.Entry]:
        frames = self._basket.frames
        while frames:
            yield _entry(frame.read_frame(frames.popleft()), self._symbols)


def merge(head: twr.Head, entries: Iterable[twr.Entry]) -> Iterator[twr.Entry]:
    """Yields the merged stream of a recording, connection events and REST answers in place."""
    merging = Merging(head)
    for entry in entries:
        yield from merging.take(entry)
    yield from merging.end()


def _entry(of: frame.Frame, symbols: Sequence[str]) -> twr.Entry:
    is_answer = of.kind == frame.REST and of.instrument < len(symbols)
    symbol = symbols[of.instrument] if is_answer else None
    return twr.Entry(of.received_ns, of.connection, of.kind, of.payload, symbol, of.line)
