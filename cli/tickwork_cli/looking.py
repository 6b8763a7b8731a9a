"""What `watch` sees of a publication: books, rates, latencies; read-only, out of shared memory.

A look never waits and never sleeps in the segment, so that its writer has nobody to wake. A
publisher that goes away is said to be gone; when it comes back it is followed.
"""

import collections
import dataclasses
import pathlib
import struct
from collections.abc import Mapping
from typing import Any, Final

RECORD_BYTES: Final = 64
BATCH_RECORDS_MAX: Final = 1 << 16
BATCHES_MAX: Final = 8
SAMPLES_MAX: Final = 256
"""Records of a look whose latencies are read; evenly spaced over all of them."""

WINDOW_LOOKS: Final = 5
"""Rates are those of the last looks, so many together."""

ABSENT_LATENCY: Final = 0xFFFFFFFF
_LATENCY = struct.Struct("<12xI40xq")
GONE_STATES: Final = frozenset({"closed", "dead", "moved"})


@dataclasses.dataclass(frozen=True, slots=True)
class BookLine:
    """One book: best levels as decimal text, and how many tops a second it was published."""

    symbol: str
    state: str
    age_ns: int | None
    bid: str
    bid_quantity: str
    ask: str
    ask_quantity: str
    update_id: int
    rate: float


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """One look. ``state`` is the publisher's, or ``absent``; ``events`` tell what has changed.

    ``receive_to_publish_ns`` are p50, p99 and maximum of the tops since the last look,
    ``newest_age_ns`` is how long ago the newest was published. None where nothing came.
    """

    name: str
    state: str
    generation: int
    books: tuple[BookLine, ...]
    rate: float
    lost: int
    receive_to_publish_ns: tuple[int, int, int] | None
    newest_age_ns: int | None
    events: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the look with the keys of JSON: camelCase."""
        latency = self.receive_to_publish_ns or (None, None, None)
        return {
            "name": self.name,
            "state": self.state,
            "generation": self.generation,
            "ratePerSecond": round(self.rate, 1),
            "lost": self.lost,
            "receiveToPublish": dict(zip(("p50Ns", "p99Ns", "maxNs"), latency, strict=True)),
            "newestAgeNs": self.newest_age_ns,
            "books": [_book_json(each) for each in self.books],
            "events": list(self.events),
        }


class Watcher:
    """Looks at one publication as often as it is asked; ``native`` is the module that reads.

    Raises the module's SegmentMissing where there is none when the watching begins.
    """

    def __init__(self, native: Any, path: pathlib.Path) -> None:
        self.path = path
        self.lost = 0
        self._native = native
        self._reader: Any = None
        self._books: Any = None
        self._inode = 0
        self._generation = 0
        self._gone = False
        self._newest_ns: int | None = None
        self._counts: collections.Counter[int] = collections.Counter()
        self._history: collections.deque[tuple[int, collections.Counter[int]]] = collections.deque(
            maxlen=WINDOW_LOOKS + 1
        )
        self._name = ""
        self._open()

    def look(self) -> Look:
        """Returns what there is to see now."""
        now_ns = self._native.monotonic_raw_ns()
        events = self._follow()
        latencies = self._read_tops()
        self._history.append((now_ns, self._counts.copy()))
        age_ns = None if self._newest_ns is None else max(0, now_ns - self._newest_ns)
        return Look(
            name=self._name,
            state=self._state(),
            generation=self._generation,
            books=self._read_books(),
            rate=self._rate(None),
            lost=self.lost,
            receive_to_publish_ns=latencies,
            newest_age_ns=age_ns,
            events=tuple(events),
        )

    def close(self) -> None:
        """Lets go."""
        for each in (self._reader, self._books):
            if each is not None:
                each.close()
        self._reader = self._books = None

    def _open(self) -> None:
        reader = self._native.RingReader.attach(str(self.path))
        books = self._native.Books.open(str(self.path))
        self.close()
        self._reader, self._books = reader, books
        self._inode = self._find_inode()
        self._generation = reader.generation
        self._name = str(reader.header()["name"])
        self._history.clear()

    def _find_inode(self) -> int:
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _state(self) -> str:
        return "absent" if self._reader is None else str(self._reader.state)

    def _follow(self) -> list[str]:
        """Follows a publisher that went and came; returns what has happened, in words."""
        events = []
        state = self._state()
        inode = self._find_inode()
        if state in GONE_STATES or not inode:
            if not self._gone:
                self._gone = True
                why = "ended its stream" if state == "closed" else "is gone"
                events.append(f"the publisher {why}; waiting for it")
            if inode and inode != self._inode:
                self._try_open()
        if self._gone and self._state() not in GONE_STATES and self._find_inode() == self._inode:
            self._gone = False
            events.append("the publisher is back")
        generation = self._reader.generation
        if generation != self._generation:
            events.append(f"generation {generation} (was {self._generation})")
            self._generation = generation
        return events

    def _try_open(self) -> None:
        try:
            self._open()
        except self._native.SegmentError:
            # It is being made right now, or is somebody else's by name: looked at again next time.
            return

    def _read_tops(self) -> tuple[int, int, int] | None:
        samples: list[int] = []
        for _ in range(BATCHES_MAX):
            data, lost = self._reader.read_bytes(BATCH_RECORDS_MAX)
            self.lost += lost
            if not data:
                break
            self._count(data)
            samples += self._sample(data)
        if not samples:
            return None
        samples.sort()
        last = len(samples) - 1
        return samples[last // 2], samples[last * 99 // 100], samples[last]

    def _count(self, data: bytes) -> None:
        """Counts records by instrument, at the speed of the standard library's C."""
        if any(data[11::RECORD_BYTES]):
            wide = memoryview(data).cast("H")
            self._counts.update(wide[5 :: RECORD_BYTES // 2].tolist())
        else:
            self._counts.update(data[10::RECORD_BYTES])

    def _sample(self, data: bytes) -> list[int]:
        records = len(data) // RECORD_BYTES
        step = max(1, records // SAMPLES_MAX)
        places = range(0, records, step)
        found = [_LATENCY.unpack_from(data, place * RECORD_BYTES)[0] for place in places]
        self._newest_ns = _LATENCY.unpack_from(data, (records - 1) * RECORD_BYTES)[1]
        return [latency for latency in found if latency != ABSENT_LATENCY]

    def _rate(self, instrument: int | None) -> float:
        """Returns tops a second over the last looks, of one instrument or of all."""
        if len(self._history) < 2:
            return 0.0
        (first_ns, first), (last_ns, last) = self._history[0], self._history[-1]
        gained = (
            last.total() - first.total()
            if instrument is None
            else last[instrument] - first[instrument]
        )
        return gained * 1e9 / max(1, last_ns - first_ns)

    def _read_books(self) -> tuple[BookLine, ...]:
        return tuple(
            self._read_book(instrument, symbol)
            for instrument, symbol in enumerate(self._books.symbols)
        )

    def _read_book(self, instrument: int, symbol: str) -> BookLine:
        book = self._books[symbol]
        price, quantity = book.price_exponent, book.quantity_exponent
        bid = book.bids[0] if book.bids else None
        ask = book.asks[0] if book.asks else None
        return BookLine(
            symbol=symbol,
            state="GONE" if self._gone else book.state,
            age_ns=book.age_ns,
            bid=decimal_text(bid[0], price) if bid else "-",
            bid_quantity=decimal_text(bid[1], quantity) if bid else "-",
            ask=decimal_text(ask[0], price) if ask else "-",
            ask_quantity=decimal_text(ask[1], quantity) if ask else "-",
            update_id=book.update_id,
            rate=self._rate(instrument),
        )


def decimal_text(mantissa: int, exponent: int) -> str:
    """Returns ``mantissa`` at ``exponent`` with all its digits, so that columns stand still."""
    if exponent >= 0:
        return str(mantissa * 10**exponent)
    sign, digits = ("-" if mantissa < 0 else ""), str(abs(mantissa)).zfill(1 - exponent)
    return f"{sign}{digits[:exponent]}.{digits[exponent:]}"


def _book_json(book: BookLine) -> Mapping[str, Any]:
    return {
        "instrument": book.symbol,
        "state": book.state,
        "ageNs": book.age_ns,
        "bid": book.bid,
        "bidQuantity": book.bid_quantity,
        "ask": book.ask,
        "askQuantity": book.ask_quantity,
        "updateId": book.update_id,
        "ratePerSecond": round(book.rate, 1),
    }
