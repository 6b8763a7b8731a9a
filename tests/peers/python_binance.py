"""Runs in the peers' own environment: python-binance's depth cache, unmodified, on the twin.

Only addresses are set. After settling, prints one JSON line per sampled book: update id and
levels as the cache holds them.
"""

import argparse
import asyncio
import decimal
import json
import time

import binance
from binance.ws import streams


async def keep_book(options: argparse.Namespace) -> None:
    binance.AsyncClient.API_URL = f"http://{options.rest}/api"
    streams.BinanceSocketManager.STREAM_URL = f"ws://{options.websocket}/"
    client = await binance.AsyncClient.create()
    try:
        cache = binance.DepthCacheManager(
            client, options.symbol, limit=1000, conv_type=decimal.Decimal, ws_interval=100
        )
        async with cache as manager:
            begun = time.monotonic()
            number = 0
            while (elapsed := time.monotonic() - begun) < options.seconds:
                book = await manager.recv()
                number += 1
                if elapsed >= options.settle and number % options.every == 0:
                    show(manager, book)
    finally:
        await client.close_connection()


def show(manager: binance.DepthCacheManager, book: object) -> None:
    sides = [[[str(p), str(q)] for p, q in side] for side in (book.get_bids(), book.get_asks())]
    line = {"updateId": manager._last_update_id, "bids": sides[0], "asks": sides[1]}
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--websocket", required=True)
    parser.add_argument("--rest", required=True)
    parser.add_argument("--symbol", required=True)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--settle", type=float, default=2)
    parser.add_argument("--every", type=int, default=10)
    asyncio.run(keep_book(parser.parse_args()))


if __name__ == "__main__":
    main()
