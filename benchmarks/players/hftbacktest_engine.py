"""hftbacktest's hash depth, driven by its engine: the package has no call that updates a depth.

The engine keeps two books and applies each level to both, so a level counts twice; events are
already numbers, and the dispatch of events is in its time.
"""

import json

import hftbacktest
import numpy as np
import player
from hftbacktest import types
from numba import njit

BOTH = types.EXCH_EVENT | types.LOCAL_EVENT


def events(corpus: player.Corpus) -> tuple[np.ndarray, int]:
    snapshot = json.loads(corpus.snapshot)
    diffs = [json.loads(payload)["data"] for payload in corpus.of(player.DEPTH)]
    diffs = [diff for diff in diffs if diff["u"] > snapshot["lastUpdateId"]]
    start = (diffs[0]["E"] - 1000) * 1_000_000
    rows = []
    for side, key in ((types.BUY_EVENT, "bids"), (types.SELL_EVENT, "asks")):
        clear, level = types.DEPTH_CLEAR_EVENT, types.DEPTH_SNAPSHOT_EVENT
        worst = float(snapshot[key][-1][0])
        rows.append((clear | BOTH | side, start, start, worst, 0.0, 0, 0, 0.0))
        for price, quantity in snapshot[key]:
            row = (level | BOTH | side, start, start, float(price), float(quantity), 0, 0, 0.0)
            rows.append(row)
    levels = 0
    for diff in diffs:
        at = diff["E"] * 1_000_000
        for side, key in ((types.BUY_EVENT, "b"), (types.SELL_EVENT, "a")):
            kind = types.DEPTH_EVENT | BOTH | side
            levels += len(diff[key])
            for price, quantity in diff[key]:
                rows.append((kind, at, at + 1000, float(price), float(quantity), 0, 0, 0.0))
    return np.array(rows, types.event_dtype), levels


@njit
def drain(engine):  # type: ignore[no-untyped-def]
    while engine.elapse(100_000_000) == 0:
        pass
    return engine.depth(0).best_bid, engine.depth(0).best_ask


def asset(data: np.ndarray) -> object:
    return (
        hftbacktest.BacktestAsset()
        .data([data])
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(0.01)
        .lot_size(0.00001)
        .last_trades_capacity(0)
    )


def book_level(corpus: player.Corpus) -> player.Row:
    data, levels = events(corpus)

    def once() -> player.Pass:
        engine = hftbacktest.HashMapMarketDepthBacktest([asset(data)])

        def run() -> int:
            bid, ask = drain(engine)
            if not bid < ask:
                raise ValueError(f"the engine's book is crossed: {bid} {ask}")
            return 2 * levels

        return player.timed(run)

    once()
    return once


if __name__ == "__main__":
    player.serve({"book-level": book_level})
