"""nautilus_trader's Python adapter for Binance and its Rust book, without its engine and cache."""

from collections.abc import Callable

import msgspec
import player
from nautilus_trader.adapters.binance.common.schemas.market import (
    BinanceOrderBookMsg,
    BinanceQuoteMsg,
)
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.enums import BookType
from nautilus_trader.model.identifiers import InstrumentId

RECEIVED_NS = 1723161253937085768
read_quote = msgspec.json.Decoder(BinanceQuoteMsg).decode
read_diff = msgspec.json.Decoder(BinanceOrderBookMsg).decode


def first_deltas(corpus: player.Corpus, instrument: InstrumentId) -> object:
    """The snapshot, put as one diff: the adapter reads it by its own road."""
    whole = msgspec.json.decode(corpus.snapshot)
    data = {"e": "depthUpdate", "E": 1723161255000, "s": corpus.symbol}
    data |= {"U": whole["lastUpdateId"], "u": whole["lastUpdateId"]}
    data |= {"b": whole["bids"], "a": whole["asks"]}
    message = msgspec.json.encode({"stream": "x@depth@100ms", "data": data})
    diff = read_diff(message).data
    return diff.parse_to_order_book_deltas(instrument, RECEIVED_NS, snapshot=True)


def bytes_to_book(*kinds: int) -> Callable[[player.Corpus], player.Row]:
    def make(corpus: player.Corpus) -> player.Row:
        instrument = InstrumentId.from_str(f"{corpus.symbol}.BINANCE")
        start = first_deltas(corpus, instrument)
        last = msgspec.json.decode(corpus.snapshot)["lastUpdateId"]
        wanted = [(kind, payload) for kind, payload in corpus.messages if kind in kinds]

        def run(book: OrderBook) -> int:
            for kind, payload in wanted:
                if kind == player.TICKER:
                    read_quote(payload).data.parse_to_quote_tick(instrument, RECEIVED_NS)
                    continue
                diff = read_diff(payload).data
                if diff.u > last:
                    book.apply_deltas(diff.parse_to_order_book_deltas(instrument, RECEIVED_NS))
                    book.best_bid_price(), book.best_ask_price()
            return len(wanted)

        def once() -> player.Pass:
            book = OrderBook(instrument, BookType.L2_MBP)
            book.apply_deltas(start)
            return player.timed(lambda: run(book))

        return once

    return make


if __name__ == "__main__":
    player.serve(
        {
            "bytes-depth": bytes_to_book(player.DEPTH),
            "bytes-mix": bytes_to_book(player.DEPTH, player.TICKER),
        }
    )
