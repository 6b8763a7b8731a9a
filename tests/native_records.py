"""Records for tests of the native wing, packed by hand: another hand than the code's."""

import struct

ABSENT = -(2**63)
SNAPSHOT, DELTA, TRADE, STATUS = 2, 3, 5, 7
LIVE = 2
IMAGE = 1


def frame(frame_id: int, payload: bytes = b"") -> bytes:
    """Returns one frame record with ``payload``."""
    header = struct.pack(
        "<QBBBBHHqqIIqQQ",
        *(0, 1, 1, 0, 0, 0xFFFF, 0, 900, 1000, 3, len(payload), ABSENT, 0, frame_id),
    )
    return header + payload + bytes(-len(payload) % 64)


def market(
    kind: int,
    last: int,
    *,
    instrument: int = 0,
    state: int = LIVE,
    flags: int = 0,
    levels: int = 1,
    received_ns: int = ABSENT,
) -> bytes:
    """Returns one market record; every level says ``last``, so that a torn one mixes two."""
    header = struct.pack(
        "<QBBBBHbbQQQqqqIIHHIQqqqqQ",
        *(0, kind, 1, state, flags, instrument, -2, -3, last, last, last - 1),
        *(5, ABSENT, received_ns, levels, levels, 0, 0, 0, last, ABSENT, ABSENT, ABSENT, ABSENT, 0),
    )
    bids = [struct.pack("<qq", 1000 * last - 1 - index, last) for index in range(levels)]
    asks = [struct.pack("<qq", 1000 * last + 1 + index, last) for index in range(levels)]
    record = header + b"".join(bids + asks)
    return record + bytes(-len(record) % 64)


def image(last: int, *, instrument: int = 0, levels: int = 3) -> bytes:
    """Returns a snapshot of the top levels, as a book sends it after every update."""
    return market(SNAPSHOT, last, instrument=instrument, flags=IMAGE, levels=levels)
