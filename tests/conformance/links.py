"""The variants of the link concept that one suite runs over, and how a test holds one."""

import dataclasses
import functools
import pathlib
import tempfile

import certificates
import ports
from tickwork_services import clocks
from tickwork_services.link import link, secure, transports
from tickwork_services.record import layout, market

from tickwork.unit import unit as units

SYMBOLS = ("BTCUSDT", "ETHUSDT")
SECOND_NS = 1_000_000_000
CAPACITY_BYTES = 1 << 18


@dataclasses.dataclass(frozen=True)
class Variant:
    """One form of one transport."""

    transport: str
    topology: str
    listener: str = "outlet"
    region: str | None = None
    secure: bool = False

    @property
    def is_lossless(self) -> bool:
        return self.topology == "pipe" and self.transport != "udp"

    @property
    def crosses_processes(self) -> bool:
        return self.transport != "memory"

    def __str__(self) -> str:
        region = f"-{self.region}" if self.region else ""
        secure = "-secure" if self.secure else ""
        return f"{self.transport}-{self.topology}-{self.listener}{region}{secure}"


PIPES = (
    Variant("memory", "pipe"),
    Variant("shm", "pipe"),
    Variant("tcp", "pipe", "outlet"),
    Variant("tcp", "pipe", "inlet"),
    Variant("tcp", "pipe", "outlet", secure=True),
    Variant("tcp", "pipe", "inlet", secure=True),
    Variant("udp", "pipe", "inlet"),
)
BROADCASTS = (
    Variant("shm", "broadcast", region="top"),
    Variant("shm", "broadcast", region="depth"),
    Variant("tcp", "broadcast"),
    Variant("tcp", "broadcast", secure=True),
)
ALL = (*PIPES, *BROADCASTS)


@functools.cache
def make_contexts():
    """Certificates for all secured links of this process; the contexts hold what they need."""
    with tempfile.TemporaryDirectory() as folder:
        return secure.make_contexts(certificates.make(pathlib.Path(folder)))


def free_address():
    return f"127.0.0.1:{ports.free_port()}"


class Joint:
    """One link of a variant: makes ends, as often as a test wants, and closes them all."""

    def __init__(self, variant, folder, capacity_bytes=CAPACITY_BYTES):
        self.variant = variant
        is_shm = variant.transport == "shm"
        address = str(pathlib.Path(folder, "segment")) if is_shm else free_address()
        self.end = units.LinkEnd(
            port="port",
            link="link",
            transport=variant.transport,
            topology=variant.topology,
            listener=variant.listener,
            codec="binary" if variant.transport in ("memory", "shm") else "ndjson",
            address=address,
            capacity_bytes=capacity_bytes,
            region=variant.region,
            secure=variant.secure,
            options={"silenceMs": 200} if variant.transport == "udp" else {},
        )
        self.warnings = []
        self.seat = link.Seat(
            "park",
            SYMBOLS,
            transports.make_memory(),
            lambda: 0,
            contexts=make_contexts() if variant.secure else None,
            warn=self.warnings.append,
        )
        self._made = []

    def outlet(self):
        made = transports.make_outlet(self.end, self.seat)
        made.open()
        self._made.append(made)
        return made

    def inlet(self):
        made = transports.make_inlet(self.end, self.seat)
        made.open()
        self._made.append(made)
        return made

    def both(self):
        """Returns (outlet, inlet), connected, with nothing under way."""
        if self.variant.listener == "inlet":
            inlet = self.inlet()
            outlet = self.outlet()
        else:
            outlet = self.outlet()
            inlet = self.inlet()
        self.connect(outlet, inlet)
        return outlet, inlet

    def connect(self, outlet, inlet):
        until(lambda: inlet.attach() and outlet.attach())
        if self.variant.transport == "tcp":
            until(lambda: not look(inlet) and outlet.counters()["clients"] > 0)

    def close(self):
        for each in reversed(self._made):
            each.close()


def until(condition, seconds=10):
    """Waits until ``condition`` holds; fails the test after ``seconds``."""
    deadline_ns = clocks.now_mono_ns() + seconds * SECOND_NS
    while not condition():
        assert clocks.now_mono_ns() < deadline_ns, "the condition never came true"
        clocks.sleep(1_000_000)


def delta(sequence, levels=1):
    """Returns a delta whose last update id is ``sequence``."""
    bids = tuple((1000 - place, 5) for place in range(levels))
    return market.Market(
        layout.DELTA,
        instrument=0,
        price_exponent=-2,
        quantity_exponent=-3,
        first=sequence,
        last=sequence,
        published_ns=sequence,
        bids=bids,
    ).to_bytes()


def image(update_id, instrument=0):
    """Returns an IMAGE of one book."""
    return market.Market(
        layout.SNAPSHOT,
        state=layout.LIVE,
        flags=layout.FLAG_IMAGE,
        instrument=instrument,
        price_exponent=-2,
        quantity_exponent=-3,
        last=update_id,
        received_ns=10,
        published_ns=20,
        bids=((1000, 5),),
        asks=((1001, 7),),
    ).to_bytes()


def record_for(variant, number):
    """Returns a record that this variant carries: a region ``top`` takes images only."""
    if variant.topology == "broadcast" and variant.region != "depth":
        return image(number)
    return delta(number)


def read(inlet, records, seconds=10):
    """Returns at least ``records`` records, or what came within ``seconds``."""
    found = []
    deadline_ns = clocks.now_mono_ns() + int(seconds * SECOND_NS)
    while len(found) < records and clocks.now_mono_ns() < deadline_ns:
        found += [bytes(each) for each in layout.split(inlet.read(5_000_000).data)]
    return found


def look(inlet):
    """Returns what is there now."""
    return [bytes(each) for each in layout.split(inlet.read(5_000_000).data)]


def number_of(record):
    """Returns the number that ``record_for`` put in; None for a status."""
    if record[8] == layout.STATUS:
        return None
    if record[8] == layout.TOP:
        return market.read_top(record).update_id
    return market.read_market(record).last


def numbers(records):
    return [number_of(each) for each in records]
