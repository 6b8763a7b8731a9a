"""What is timed: one instrument's messages, from a recording or from the twin's own renderer.

A corpus is a file: ``venue symbol`` and a line feed, then per message one byte (0 snapshot, 1 diff,
2 book ticker), its length as u32 little endian, and the payload as it was received.
"""

import gzip
import hashlib
import pathlib
import struct
from collections.abc import Iterator

from tickwork_services import venues
from tickwork_services.components.venue_twin import session

from tickwork.unit.settings import venue_twin

SNAPSHOT, DEPTH, TICKER = 0, 1, 2
RECORDING = pathlib.Path("binance-spot") / "btcusdt_20240808.gz"
"""346 seconds of one spot stream: one REST snapshot, diffs of 36 levels, book tickers."""
SYMBOL = "BTCUSDT"
VENUE = "binance-spot"
SMOKE_MESSAGES = 1200
SMOKE_START_MESSAGE = 20
"""The snapshot of the smoke corpus stands behind this many messages."""
STAMP = b"1700000000000"

Message = tuple[int, bytes]


def from_recording(directory: pathlib.Path) -> list[Message]:
    """Reads ``<receive ns> <payload>`` lines; trades are left out, as the peers' scripts do."""
    messages = []
    with gzip.open(directory / RECORDING, "rb") as lines:
        for line in lines:
            payload = line.rstrip(b"\n").partition(b" ")[2]
            kind = _kind_of(payload)
            if kind is not None:
                messages.append((kind, payload))
    return messages


def _kind_of(payload: bytes) -> int | None:
    stream = payload[: payload.find(b",")]
    if b"@depth" in stream:
        return DEPTH
    if b"@bookTicker" in stream:
        return TICKER
    return SNAPSHOT if payload.startswith(b'{"lastUpdateId"') else None


def from_twin() -> list[Message]:
    """Renders messages as the twin would send them: the same bytes for the same seed."""
    settings = venue_twin.VenueTwinSettings.model_validate(
        {"venue": VENUE, "instruments": [SYMBOL], "seed": 4, "channels": ["depth", "bookTicker"]}
    )
    server = venues.SERVERS[settings.venue]
    source = session.Session(settings, server)
    messages: list[Message] = []
    for number in range(SMOKE_MESSAGES):
        if number == SMOKE_START_MESSAGE:
            image = source.instruments[0].snapshot(1000)
            body = server.snapshot(image.update_id, int(STAMP), image.bids, image.asks)
            messages.append((SNAPSHOT, body))
        message = source.next()
        is_ticker = message.channel == "bookTicker"
        stream = f"{SYMBOL.lower()}@{'bookTicker' if is_ticker else 'depth@100ms'}"
        before, after = server.wrapping(stream)
        payload = before + STAMP.join(message.parts) + after
        messages.append((TICKER if is_ticker else DEPTH, payload))
    return messages


def write(messages: list[Message], path: pathlib.Path) -> str:
    """Writes a corpus and returns its digest."""
    data = b"".join(_chunks(messages))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()[:16]


def _chunks(messages: list[Message]) -> Iterator[bytes]:
    yield f"{VENUE} {SYMBOL}\n".encode()
    for kind, payload in messages:
        yield struct.pack("<BI", kind, len(payload)) + payload
