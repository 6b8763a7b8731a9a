"""msgspec's typed decoder, and the strongest thing a person can build by hand around it.

Floats (``strict=False``), the venue's sequence rule, order-book's sorted C dictionaries.
"""

from collections.abc import Callable

import msgspec
import player


class Ticker(msgspec.Struct):
    u: int
    s: str
    b: float
    B: float
    a: float
    A: float


class TickerMessage(msgspec.Struct):
    stream: str
    data: Ticker


class Diff(msgspec.Struct):
    E: int
    s: str
    U: int
    u: int
    b: list[tuple[float, float]]
    a: list[tuple[float, float]]


class DiffMessage(msgspec.Struct):
    stream: str
    data: Diff


read_ticker = msgspec.json.Decoder(TickerMessage, strict=False).decode
read_diff = msgspec.json.Decoder(DiffMessage, strict=False).decode


def parse_ticker(corpus: player.Corpus) -> player.Row:
    payloads = corpus.of(player.TICKER)

    def run() -> int:
        for payload in payloads:
            ticker = read_ticker(payload).data
            (ticker.u, ticker.s, ticker.b, ticker.B, ticker.a, ticker.A)
        return len(payloads)

    return lambda: player.timed(run)


def parse_depth(corpus: player.Corpus) -> player.Row:
    payloads = corpus.of(player.DEPTH)

    def run() -> int:
        for payload in payloads:
            diff = read_diff(payload).data
            (diff.E, diff.U, diff.u, diff.b, diff.a)
        return len(payloads)

    return lambda: player.timed(run)


class Book:
    """order-book 1.1 with the sequence rule of a spot stream."""

    def __init__(self, snapshot: bytes) -> None:
        from order_book import OrderBook

        whole = msgspec.json.decode(snapshot)
        self.book, self.last = OrderBook(), whole["lastUpdateId"]
        self.book.bids = {float(price): float(quantity) for price, quantity in whole["bids"]}
        self.book.asks = {float(price): float(quantity) for price, quantity in whole["asks"]}

    def apply(self, diff: Diff) -> object:
        if diff.u <= self.last:
            return None
        if diff.U > self.last + 1:
            raise ValueError(f"a gap before {diff.U}")
        bids, asks = self.book.bids, self.book.asks
        for price, quantity in diff.b:
            if quantity:
                bids[price] = quantity
            elif price in bids:
                del bids[price]
        for price, quantity in diff.a:
            if quantity:
                asks[price] = quantity
            elif price in asks:
                del asks[price]
        self.last = diff.u
        return bids.index(0), asks.index(0)


def bytes_to_book(*kinds: int) -> Callable[[player.Corpus], player.Row]:
    def make(corpus: player.Corpus) -> player.Row:
        wanted = [(kind, payload) for kind, payload in corpus.messages if kind in kinds]

        def run(book: Book) -> int:
            apply = book.apply
            for kind, payload in wanted:
                if kind == player.TICKER:
                    ticker = read_ticker(payload).data
                    (ticker.u, ticker.b, ticker.B, ticker.a, ticker.A)
                else:
                    apply(read_diff(payload).data)
            return len(wanted)

        def once() -> player.Pass:
            book = Book(corpus.snapshot)
            return player.timed(lambda: run(book))

        return once

    return make


if __name__ == "__main__":
    player.serve(
        {
            "parse-ticker": parse_ticker,
            "parse-depth": parse_depth,
            "bytes-depth": bytes_to_book(player.DEPTH),
            "bytes-mix": bytes_to_book(player.DEPTH, player.TICKER),
        }
    )
