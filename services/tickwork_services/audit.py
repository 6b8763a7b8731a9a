"""A capture in, the proof of its books out: parser and book without links.

Here: which captures, in which order, and what the finding means. Never here: how a line is read
or a book is kept (the native auditor runs the pipeline's own code), how a finding is printed
(the command line).
"""

import dataclasses
import pathlib
import typing
from collections.abc import Sequence

import tickwork_native

from tickwork import errors
from tickwork_services.capture import reading

GOOD: typing.Final = 0
UNEQUAL: typing.Final = 3
NOTHING_PROVEN: typing.Final = 4


class Side(typing.TypedDict):
    """Number of levels on each side."""

    bids: int
    asks: int


class Span(typing.TypedDict):
    """The smallest and the largest, None where nothing was seen."""

    min: float | None
    max: float | None


class Book(typing.TypedDict):
    """One book at the end of the stream; prices and quantities are exact decimal texts."""

    instrument: str
    state: str
    gapSinceUpdateId: int | None
    lastUpdateId: int
    bid: str | None
    bidQuantity: str | None
    ask: str | None
    askQuantity: str | None
    levels: Side


class Finding(typing.TypedDict):
    """What ``audit --json`` writes."""

    messages: int
    diffs: int
    applied: int
    beforeSnapshot: int
    gaps: int
    crossed: int
    tickerCompared: int
    tickerEqual: int
    tickerUnpaired: int
    unparsed: int
    receiveMinusEventMs: Span
    books: list[Book]


@dataclasses.dataclass(frozen=True)
class Audit:
    """A finding and what it means: 0 good, 3 unequal or a gap left open, 4 nothing proven."""

    finding: Finding
    exit_code: int
    meaning: str


def audit_captures(captures: Sequence[pathlib.Path], venue: str) -> Audit:
    """Audits several captures as one stream, in the given order.

    ``venue`` is ``binance-spot`` or ``binance-usdm``. Raises
    :class:`tickwork.errors.CaptureError` when a capture cannot be read or is cut off, and
    :class:`tickwork.errors.InputError` for an unknown venue or no capture at all.
    """
    if not captures:
        raise errors.InputError("Auditing: no capture was given.", "Name at least one file.")
    try:
        native = tickwork_native.Audit(venue)
    except ValueError as error:
        raise errors.InputError(f"{error}.".capitalize(), "Choose one of these.") from error
    for capture in captures:
        for chunk in reading.read_chunks(capture):
            native.feed(chunk)
        if native.end_capture():
            raise errors.CaptureError(
                f"Reading {capture}: its last line is cut off.",
                "Copy it again, or remove the last line and audit what is left.",
            )
    finding = typing.cast("Finding", native.finish())
    exit_code, meaning = judge(finding)
    return Audit(finding, exit_code, meaning)


def judge(finding: Finding) -> tuple[int, str]:
    """The exit code of a finding and a sentence that says why."""
    compared, equal = finding["tickerCompared"], finding["tickerEqual"]
    open_gaps = [book["instrument"] for book in finding["books"] if book["state"] == "GAP"]
    if equal != compared:
        return UNEQUAL, f"{compared - equal} of {compared} compared tickers differ from the book."
    if finding["crossed"]:
        return UNEQUAL, f"The best bid reached the best ask after {finding['crossed']} diffs."
    if open_gaps:
        return UNEQUAL, f"A gap was left open: {', '.join(open_gaps)}."
    if not compared:
        return NOTHING_PROVEN, "No ticker has the update id of an applied diff: nothing is proven."
    return GOOD, f"{equal} of {compared} tickers equal the book at their update id."
