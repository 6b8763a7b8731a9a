"""Lets a peer's client keep a book against the twin, and compares it with the twin's truth.

usage: compare.py PEER_PYTHON [SECONDS]. Prints one line; ends with 1 unless every book is equal.
"""

import asyncio
import decimal
import json
import pathlib
import struct
import sys
import tempfile

from integration import twin
from tickwork_services.components.venue_twin import engine

CLIENT = pathlib.Path(__file__).with_name("python_binance.py")
TRUTH = struct.Struct("<HBBbbHIIQQqqqq")
SYMBOL = "BTCUSDT"
MESSAGES_PER_SECOND = 400
SAMPLES_MIN = 50

Row = tuple[int, ...]


async def run_client(python: str, seconds: float, directory: pathlib.Path) -> tuple[bytes, int]:
    """Returns the client's lines and how many snapshots it asked for."""
    rate = {"messages_per_second": MESSAGES_PER_SECOND, "levels_max": 300}
    async with twin.open_twin(directory, instruments=(SYMBOL, "ETHUSDT"), engine=rate) as rig:
        await rig.start()
        process = await asyncio.create_subprocess_exec(
            python,
            str(CLIENT),
            f"--websocket={rig.twin.addresses['websocket']}",
            f"--rest={rig.twin.addresses['rest']}",
            f"--symbol={SYMBOL}",
            f"--seconds={seconds}",
            stdout=asyncio.subprocess.PIPE,
        )
        lines, _ = await asyncio.wait_for(process.communicate(), seconds + 60)
        await rig.twin.stop(10**9)
        if process.returncode:
            raise SystemExit(f"test-peers: the client ended with {process.returncode}")
        return lines, rig.count("snapshots")


def read_truth(path: pathlib.Path) -> dict[int, Row]:
    rows = TRUTH.iter_unpack(path.read_bytes())
    return {row[8]: row for row in rows if row[0] == 0}


def equals(book: dict[str, list[list[str]]], row: Row) -> bool:
    """Compares level counts, the digest over all levels, and the best four."""
    price_exponent, quantity_exponent = row[3], row[4]
    sides = [
        [
            (_mantissa(price, price_exponent), _mantissa(quantity, quantity_exponent))
            for price, quantity in book[side]
        ]
        for side in ("bids", "asks")
    ]
    total = engine.digest(1, sides[0]) + engine.digest(2, sides[1])
    counts = (len(sides[0]), len(sides[1]))
    best = (*sides[0][0], *sides[1][0])
    return (counts, total % (1 << 64), best) == (row[6:8], row[9], row[10:])


def _mantissa(text: str, exponent: int) -> int:
    scaled = decimal.Decimal(text).scaleb(-exponent)
    if scaled != int(scaled):
        raise SystemExit(f"test-peers: {text} does not fit the exponent {exponent}")
    return int(scaled)


def main() -> int:
    python = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 8.0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        lines, snapshots = asyncio.run(run_client(python, seconds, directory))
        truth = read_truth(directory / "0" / "truth.bin")
    books = [json.loads(line) for line in lines.splitlines()]
    equal = sum(
        book["updateId"] in truth and equals(book, truth[book["updateId"]]) for book in books
    )
    good = equal == len(books) >= SAMPLES_MIN
    levels = sum(len(books[-1][side]) for side in ("bids", "asks")) if books else 0
    print(
        f"test-peers: python-binance kept {SYMBOL} for {seconds:g} s against the twin "
        f"({snapshots} snapshots): {equal} of {len(books)} whole books equal the truth at their "
        f"update id, {levels} levels at the end: {'good' if good else 'NOT GOOD'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
