"""cryptofeed 3: its own Binance message handler, fed without a network.

The symbol table is preset and the snapshot answers its request; the user's callback reads the top
of the book.
"""

import asyncio
import logging
from collections.abc import Callable

import player
from cryptofeed.defines import L2_BOOK, TICKER
from cryptofeed.exchanges import Binance
from cryptofeed.symbols import Symbols

logging.disable(logging.CRITICAL)
RECEIVED = 1723161253.9


class Snapshot:
    """Answers the handler's request for a snapshot with the recorded one."""

    def __init__(self, body: str) -> None:
        self._body = body

    async def read(self, *_: object, **__: object) -> str:
        return self._body


async def on_ticker(_: object, __: float) -> None:
    pass


async def on_book(book: object, _: float) -> None:
    sides = book.book  # type: ignore[attr-defined]
    sides.bids.index(0), sides.asks.index(0)


def feed(body: str) -> Binance:
    callbacks = {TICKER: on_ticker, L2_BOOK: on_book}
    made = Binance(symbols=["BTC-USDT"], channels=[TICKER, L2_BOOK], callbacks=callbacks)
    made.http_conn = Snapshot(body)
    return made


def bytes_to_book(*kinds: int) -> Callable[[player.Corpus], player.Row]:
    def make(corpus: player.Corpus) -> player.Row:
        Symbols.set(
            "BINANCE",
            {"BTC-USDT": corpus.symbol},
            {"tick_size": {}, "instrument_type": {"BTC-USDT": "spot"}},
        )
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        body = corpus.snapshot.decode()
        texts = [payload.decode() for payload in corpus.of(*kinds)]

        async def go(handler: Binance) -> None:
            for text in texts:
                await handler.message_handler(text, None, RECEIVED)

        async def fresh() -> Binance:
            return feed(body)

        def once() -> player.Pass:
            handler = loop.run_until_complete(fresh())

            def run() -> int:
                loop.run_until_complete(go(handler))
                return len(texts)

            return player.timed(run)

        return once

    return make


if __name__ == "__main__":
    player.serve(
        {
            "bytes-depth": bytes_to_book(player.DEPTH),
            "bytes-mix": bytes_to_book(player.DEPTH, player.TICKER),
        }
    )
