"""The native book, seen through its records, against dictionaries."""

import struct

import hypothesis
import tickwork_native
from hypothesis import strategies

SNAPSHOT, DELTA, IMAGE = 2, 3, 1
ABSENT = -(2**63)
DEPTH = 200
SPOT = 1
HEADER = struct.Struct("<QBBBBHbbQQQqqqIIHHIQqqqqQ")

Pairs = list[tuple[int, int]]

levels = strategies.lists(
    strategies.tuples(strategies.integers(-30, 60), strategies.integers(0, 3)), max_size=30
)
stated = strategies.dictionaries(
    strategies.integers(-30, 60), strategies.integers(1, 3), max_size=30
)


def record(kind: int, first: int, last: int, bids: Pairs, asks: Pairs) -> bytes:
    """One market record of instrument 0 at exponents -2 and -3."""
    stamps = (ABSENT, ABSENT, 5)
    tail = (len(bids), len(asks), 0, 0, 0, 0, ABSENT, 6, ABSENT, ABSENT, 0)
    head = HEADER.pack(0, kind, SPOT, 0, 0, 0, -2, -3, first, last, 0, *stamps, *tail)
    body = b"".join(struct.pack("<qq", *level) for level in bids + asks)
    return (head + body).ljust(-(-(len(head) + len(body)) // 64) * 64, b"\0")


def sides(batch: bytes) -> tuple[Pairs, Pairs]:
    """Bids and asks of the last image in a batch of records."""
    found: tuple[Pairs, Pairs] = ([], [])
    at = 0
    while at < len(batch):
        head = HEADER.unpack_from(batch, at)
        bids, asks = head[14], head[15]
        if head[1] == SNAPSHOT and head[4] & IMAGE:
            flat = struct.unpack_from(f"<{2 * (bids + asks)}q", batch, at + HEADER.size)
            pairs = list(zip(flat[::2], flat[1::2], strict=True))
            found = (pairs[:bids], pairs[bids:])
        at += -(-(HEADER.size + 16 * (bids + asks)) // 64) * 64
    return found


def put(side: dict[int, int], changes: Pairs) -> None:
    for price, quantity in changes:
        if quantity:
            side[price] = quantity
        else:
            side.pop(price, None)


@hypothesis.given(
    bids=stated,
    asks=stated,
    deltas=strategies.lists(strategies.tuples(levels, levels), max_size=12),
)
def test_book_equals_plain_model(
    bids: dict[int, int], asks: dict[int, int], deltas: list[tuple[Pairs, Pairs]]
) -> None:
    kernel = tickwork_native.BookKernel([("BTCUSDT", SPOT)], DEPTH, 10**15)
    emitted = kernel.process(record(SNAPSHOT, 9, 9, list(bids.items()), list(asks.items())))
    for update_id, (bid_changes, ask_changes) in enumerate(deltas, start=10):
        put(bids, bid_changes)
        put(asks, ask_changes)
        emitted = kernel.process(record(DELTA, update_id, update_id, bid_changes, ask_changes))
    assert sides(emitted) == (sorted(bids.items(), reverse=True), sorted(asks.items()))
    (status,) = kernel.status()
    assert (status["state"], status["bids"], status["asks"]) == ("LIVE", len(bids), len(asks))
    assert kernel.counters()["updates"] == len(deltas)
