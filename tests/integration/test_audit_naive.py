"""The audit against a book that shares nothing with it: dictionaries of exact decimals."""

import dataclasses
import decimal
import gzip
import json
import os
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
import tickwork_native
from tickwork_services import audit

CAPTURES = {
    "binance-spot": ("btcusdt_20240808.gz",),
    "binance-usdm": ("btcusdt_20240808.gz",),
}
Top = tuple[decimal.Decimal, ...]


@dataclasses.dataclass
class Naive:
    """One book by the venue's written rule, on text and decimals alone."""

    is_spot: bool
    sides: dict[str, dict[decimal.Decimal, decimal.Decimal]] = dataclasses.field(
        default_factory=lambda: {"b": {}, "a": {}}
    )
    waiting: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    last: int | None = None
    is_chained: bool = False
    has_gap: bool = False
    applied: int = 0
    tops: dict[int, Top] = dataclasses.field(default_factory=dict)
    tickers: dict[int, Top] = dataclasses.field(default_factory=dict)

    def take(self, message: dict[str, Any]) -> None:
        if "lastUpdateId" in message:
            self._begin(message)
        elif message.get("e") == "depthUpdate" and self.last is None:
            self.waiting.append(message)
        elif message.get("e") == "depthUpdate":
            self._follow(message)
        elif "A" in message and "u" in message:
            top = tuple(decimal.Decimal(message[key]) for key in ("b", "B", "a", "A"))
            self.tickers.setdefault(message["u"], top)

    def _begin(self, snapshot: dict[str, Any]) -> None:
        if self.last is None:
            self._set({"b": snapshot["bids"], "a": snapshot["asks"]})
            self.last = snapshot["lastUpdateId"]
            for message in self.waiting:
                self._follow(message)

    def _set(self, levels: dict[str, Any]) -> None:
        for side, held in self.sides.items():
            for price, quantity in levels[side]:
                held[decimal.Decimal(price)] = decimal.Decimal(quantity)
            for price in [price for price, quantity in held.items() if not quantity]:
                del held[price]

    def _follow(self, diff: dict[str, Any]) -> None:
        assert self.last is not None
        if self.has_gap or diff["u"] < self.last + (self.is_chained or self.is_spot):
            return
        if self.is_chained:
            joins = diff["U"] == self.last + 1 if self.is_spot else diff["pu"] == self.last
        else:
            joins = diff["U"] <= self.last + self.is_spot
        if not joins:
            self.has_gap = True
            return
        self._set(diff)
        self.last, self.is_chained = diff["u"], True
        self.applied += 1
        bid, ask = max(self.sides["b"]), min(self.sides["a"])
        self.tops[diff["u"]] = (bid, self.sides["b"][bid], ask, self.sides["a"][ask])


@pytest.fixture(scope="module", params=sorted(CAPTURES))
def venue_and_lines(request: pytest.FixtureRequest) -> tuple[str, list[bytes]]:
    """A venue and the lines of its capture."""
    folder = os.environ.get("TICKWORK_RECORDINGS")
    if not folder:
        pytest.skip("TICKWORK_RECORDINGS is not set: no captures on this machine")
    paths = [pathlib.Path(folder) / request.param / name for name in CAPTURES[request.param]]
    return request.param, [line for path in paths for line in gzip.open(path)][:45_000]


def damaged(lines: list[bytes]) -> Iterator[list[bytes]]:
    """Yields the stream whole, ended early, with a diff twice, and with each of many missing."""
    diffs = [index for index, line in enumerate(lines) if b'"depthUpdate"' in line]
    seeded = random.Random(20240808)
    yield lines
    yield lines[: seeded.choice(diffs)]
    twice = seeded.choice(diffs)
    yield lines[: twice + 1] + lines[twice:]
    # The first ones lie around the snapshot, where a missing one is easily overlooked.
    for missing in [*diffs[:6], *seeded.sample(diffs, 2)]:
        yield lines[:missing] + lines[missing + 1 :]


def test_audit_agrees_with_a_naive_book(venue_and_lines: tuple[str, list[bytes]]) -> None:
    venue, lines = venue_and_lines
    messages = {line: json.loads(line.partition(b" ")[2]) for line in lines}
    exit_codes = set()
    for stream in damaged(lines):
        naive = Naive(is_spot=venue == "binance-spot")
        for line in stream:
            message = messages[line]
            naive.take(message.get("data", message))
        native = tickwork_native.Audit(venue)
        native.feed(b"".join(stream))
        native.end_capture()
        finding: Any = native.finish()
        book = finding["books"][0]
        pairs = naive.tops.keys() & naive.tickers.keys()
        assert finding["tickerCompared"] == len(pairs)
        equal = sum(naive.tops[each] == naive.tickers[each] for each in pairs)
        assert finding["tickerEqual"] == equal == len(pairs)
        assert (finding["gaps"], finding["applied"]) == (int(naive.has_gap), naive.applied)
        assert book["gapSinceUpdateId"] == (naive.last if naive.has_gap else None)
        exit_codes.add(audit.judge(finding)[0])
        if naive.applied:
            sides = naive.sides
            assert book["levels"] == {"bids": len(sides["b"]), "asks": len(sides["a"])}
            assert decimal.Decimal(book["bid"]) == max(sides["b"])
            assert decimal.Decimal(book["askQuantity"]) == sides["a"][min(sides["a"])]
            assert book["lastUpdateId"] == naive.last
    assert exit_codes == {audit.GOOD, audit.UNEQUAL}
