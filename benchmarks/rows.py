"""The rows: what is compared with whom, in which unit, and what must hold.

A ratio is always above 1 when ours is worse, so a must of 0.25 is met by a ratio of 0.25 or less.
"""

import dataclasses
from collections.abc import Mapping, Sequence

NS_PER_MS = 1e6
NS_PER_S = 1e9


@dataclasses.dataclass(frozen=True)
class Part:
    """A player's row and what people call it."""

    player: str
    row: str
    name: str


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table.

    ``limit`` replaces peers by a fixed figure. ``together`` rows are compared round by round,
    because what they are measured against moves from second to second. ``per_second`` rows tell
    operations a second, ``divisor`` turns a player's figure into the row's unit. ``cores`` are
    those that a round must have for itself: none where a figure is no matter of speed. ``floor``
    names the part of ``beside`` that ours contains whatever it does: where that alone takes nine
    tenths of the must and more, a miss says nothing about ours, and the row says so.
    """

    name: str
    unit: str
    ours: Part
    peers: Sequence[Part] = ()
    must: float | None = None
    stretch: float | None = None
    limit: float | None = None
    limit_name: str = ""
    divisor: float = 1.0
    per_second: bool = False
    together: bool = False
    milliseconds: int = 200
    cores: tuple[int, ...] = (0,)
    beside: Mapping[str, Part] = dataclasses.field(default_factory=dict)
    floor: str = ""

    @property
    def better(self) -> str:
        return "higher" if self.per_second else "lower"

    def players(self) -> list[str]:
        return [part.player for part in (self.ours, *self.peers, *self.beside.values())]


def _core(row: str) -> Part:
    return Part("core", row, "core")


def _composed(row: str) -> list[Part]:
    typed = "msgspec typed" if row.startswith("parse") else "msgspec + order-book"
    return [
        Part(player, row, f"{typed}, Python {version}")
        for player, version in (("composed-313", "3.13"), ("composed-311", "3.11"))
        if not (player == "composed-311" and not row.startswith("parse"))
    ]


LINE = Part("probe", "line-trip", "cache line, C probe")
BOTH = (0, 1)
EXTENSION = "C extension ring"

MARKET = [
    Row("parse-bookTicker-core", "ns/message", _core("parse-ticker"),
        _composed("parse-ticker"), 0.25, 0.15),
    Row("parse-depthUpdate-core", "ns/message", _core("parse-depth"),
        _composed("parse-depth"), 0.25, 0.12),
    Row("parse-bookTicker-python", "ns/message",
        Part("native", "python-ticker", "tickwork_native.Parser.parse"),
        _composed("parse-ticker"), 0.7, 0.5),
    Row("parse-bookTicker-python-numbers", "ns/message",
        Part("native", "python-ticker-numbers", "Parser.parse, five numbers unpacked"),
        _composed("parse-ticker")),
    Row("book-update", "ns/level", _core("book-level"),
        [Part("hftbacktest", "book-level", "hftbacktest hash depth")], 1.0, 0.5),
    Row("bytes-to-top-depth", "ns/message", _core("bytes-depth"),
        _composed("bytes-depth"), 0.25, 0.16),
    Row("bytes-to-top-mix", "ns/message", _core("bytes-mix"),
        _composed("bytes-mix"), 0.25, 0.15),
    Row("bytes-to-top-depth-cryptofeed", "ns/message", _core("bytes-depth"),
        [Part("cryptofeed", "bytes-depth", "cryptofeed 3")]),
    Row("bytes-to-top-mix-cryptofeed", "ns/message", _core("bytes-mix"),
        [Part("cryptofeed", "bytes-mix", "cryptofeed 3")]),
    Row("bytes-to-top-depth-nautilus", "ns/message", _core("bytes-depth"),
        [Part("nautilus", "bytes-depth", "nautilus_trader")]),
    Row("bytes-to-top-mix-nautilus", "ns/message", _core("bytes-mix"),
        [Part("nautilus", "bytes-mix", "nautilus_trader")]),
    Row("fused-bytes-to-published-top-depth", "ns/message", _core("fused-depth"),
        _composed("bytes-depth")),
    Row("fused-bytes-to-published-top-mix", "ns/message", _core("fused-mix"),
        _composed("bytes-mix")),
    Row("fast-clock", "ns/reading", _core("clock-fast"),
        [Part("core", "clock-system", "clock_gettime")], 0.6,
        beside={"the counter alone": _core("clock-counter")}, floor="the counter alone"),
]  # fmt: skip

RINGS = [
    Row("ring-round-trip", "ns", Part("rings", "ring-trip", "broadcast ring"), [LINE],
        1.3, 1.15, together=True, milliseconds=60, cores=BOTH,
        beside={"C broadcast ring": Part("probe", "c-ring-trip", "C broadcast ring")}),
    Row("pipe-round-trip", "ns", Part("rings", "pipe-trip", "pipe"), [LINE],
        together=True, milliseconds=60, cores=BOTH),
    Row("python-round-trip", "ns", Part("trips", "trip-pipe", "pipe"),
        [Part("trips", "trip-iceoryx2", "iceoryx2")], 0.125, together=True, cores=BOTH,
        beside={"our broadcast ring": Part("trips", "trip-ring", "ring"),
                EXTENSION: Part("trips", "trip-extension", EXTENSION)}),
    Row("python-push-pop", "ns/record", Part("native", "push-pop", "pipe"),
        must=1.0, stretch=50 / 90, limit=90.0, limit_name="limit of 90 ns",
        beside={EXTENSION: Part("extension", "push-pop", EXTENSION)}),
    Row("python-batched", "ns/record", Part("native", "batched", "pipe, 64 records a call"),
        must=1.0, stretch=20 / 30, limit=30.0, limit_name="limit of 30 ns",
        beside={EXTENSION: Part("extension", "batched", EXTENSION)}),
    Row("python-throughput-batched", "records/s", Part("trips", "flood-pipe", "pipe"),
        [Part("trips", "flood-extension", EXTENSION)], 1 / 0.9, per_second=True,
        together=True, cores=BOTH),
    Row("python-arrays", "records/s", Part("native", "arrays", "Ring.read_batch, filled ring"),
        stretch=1.0, limit=30e6, limit_name="30 M records/s", per_second=True),
]  # fmt: skip

SCENARIOS = [
    Row("death-seen", "ms", Part("scenarios", "death-seen", "RingReader"), must=1.0,
        limit=250.0, limit_name="limit of 250 ms", divisor=NS_PER_MS, cores=()),
    Row("scraped-p999", "us", Part("scenarios", "path-scraped", "scraped ten times a second"),
        [Part("scenarios", "path-quiet", "not scraped")], divisor=1e3, cores=BOTH),
    Row("memory-growth", "KiB/4 passes", Part("scenarios", "memory-growth", "fused chain"),
        must=1.0, limit=1024.0, limit_name="limit of 1 MiB", divisor=1024.0, cores=()),
]  # fmt: skip

ALL = [*MARKET, *RINGS, *SCENARIOS]
