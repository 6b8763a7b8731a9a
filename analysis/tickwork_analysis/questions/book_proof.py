"""Was the book right at every update id? Joins what the twin knew with what the book had.

Both files hold 64-byte rows (docs/reference/records.md; layout in ``ROW``). A LIVE row of the book
counts as compared whether the twin has its update id or not: without it, it is unequal.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tickwork import run_directory
from tickwork_analysis import percentiles, read, results

LIVE = 2
ROW = np.dtype(
    [
        ("instrument", "<u2"),
        ("state", "u1"),
        ("flags", "u1"),
        ("price_exponent", "i1"),
        ("quantity_exponent", "i1"),
        ("reserved", "<u2"),
        ("bids", "<u4"),
        ("asks", "<u4"),
        ("update_id", "<u8"),
        ("digest", "<u8"),
        ("bid", "<i8"),
        ("bid_quantity", "<i8"),
        ("ask", "<i8"),
        ("ask_quantity", "<i8"),
    ]
)
COMPARED = (
    "price_exponent",
    "quantity_exponent",
    "bids",
    "asks",
    "digest",
    "bid",
    "bid_quantity",
    "ask",
    "ask_quantity",
)

Rows = npt.NDArray[np.void]


@dataclasses.dataclass(frozen=True)
class Joined:
    """How many LIVE rows were compared with a truth, and how many were equal to it."""

    compared: int
    equal: int


def read_rows(path: pathlib.Path) -> Rows:
    """Returns the whole rows of ``path``; a torn last row is left out."""
    data = path.read_bytes()
    return np.frombuffer(data[: len(data) - len(data) % ROW.itemsize], ROW)


def join(proof: Rows, truth: Rows) -> Joined:
    """Compares every LIVE row of ``proof`` with the row of ``truth`` that has its update id."""
    live = proof[proof["state"] == LIVE]
    equal = 0
    for instrument in np.unique(live["instrument"]):
        rows = live[live["instrument"] == instrument]
        known = truth[truth["instrument"] == instrument]
        known = known[np.argsort(known["update_id"], kind="stable")]
        if len(known) == 0:
            continue
        places = np.searchsorted(known["update_id"], rows["update_id"])
        found = known[np.minimum(places, len(known) - 1)]
        same = found["update_id"] == rows["update_id"]
        for field in COMPARED:
            same &= found[field] == rows[field]
        equal += int(same.sum())
    return Joined(len(live), equal)


def _rows(units: list[read.UnitBlock], name: str) -> Rows:
    arrays = [read_rows(path) for unit in units for path in unit.files(name)]
    return np.concatenate(arrays) if arrays else np.empty(0, ROW)


def _join_block(block: read.Block) -> Joined:
    """Joins one Block; without any truth (a real exchange) nothing is compared."""
    truths = [unit for unit in block.units if unit.files(run_directory.TRUTH)]
    if not truths:
        return Joined(0, 0)
    books = [unit for unit, _ in block.of_kind("book")]
    return join(_rows(books, run_directory.PROOF), _rows(truths, run_directory.TRUTH))


def answer(run: read.Run) -> results.Book:
    """Returns the proof over all Blocks of ``run``."""
    joins = [_join_block(block) for block in run.blocks]
    pairs = [pair for block in run.blocks for pair in block.of_kind("book")]
    books = [book for _, book in pairs]
    counters = read.add_counters([book.counters for book in books])
    return results.Book(
        instruments=max((_instrument_count(run, *pair) for pair in pairs), default=0),
        updates=counters.get("updates", 0),
        live_share=_live_share(books),
        compared=sum(each.compared for each in joins),
        equal=sum(each.equal for each in joins),
        ticker_compared=counters.get("tickerCompared", 0),
        ticker_equal=counters.get("tickerEqual", 0),
        ticker_unpaired=counters.get("tickerUnpaired", 0),
        gaps=counters.get("gaps", 0),
        resyncs=counters.get("resyncs", 0),
        open_gaps=max(0, counters.get("openGaps", 0)),
        resync_ms=_resyncs([ms for book in books for ms in _resync_durations(book.facts)]),
    )


def _instruments(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the book's facts of each instrument."""
    found: list[Mapping[str, Any]] = facts.get("instruments", [])
    return found


def _instrument_count(run: read.Run, unit: read.UnitBlock, book: read.Component) -> int:
    for spec in run.specs.get(f"{unit.group}/{unit.name}", {}).get("components", []):
        if spec["name"] == book.name:
            return len(spec["settings"].get("instruments", []))
    return len(_instruments(book.facts))


def _live_share(books: list[read.Component]) -> float | None:
    """Returns the share of measured time in LIVE, mean over instruments; None if unmeasured."""
    shares = [
        min(1.0, facts["liveNsMeasured"] / book.facts["measuredNs"])
        for book in books
        if book.facts.get("measuredNs", 0) > 0
        for facts in _instruments(book.facts)
    ]
    return round(sum(shares) / len(shares), 6) if shares else None


def _resync_durations(facts: Mapping[str, Any]) -> list[float]:
    """Returns how long each return to LIVE took, in ms, over all instruments."""
    return [float(ms) for ms in facts.get("resyncMs", [])]


def _resyncs(durations: list[float]) -> results.Resyncs:
    if not durations:
        return results.Resyncs()
    middle = sorted(durations)[percentiles.rank(0.5, len(durations)) - 1]
    return results.Resyncs(n=len(durations), p50=round(middle, 3), max=round(max(durations), 3))
