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
from tickwork_services.capture import merging, opening, reading, twr
from tickwork_services.record import frame

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


def audit_captures(captures: Sequence[pathlib.Path], venue: str | None = None) -> Audit:
    """Audits several captures as one stream, in the given order.

    ``venue`` is ``binance-spot`` or ``binance-usdm``; our own recordings say it themselves. Raises
    :class:`tickwork.errors.CaptureError` when a capture cannot be read or is cut off, and
    :class:`tickwork.errors.InputError` for an unknown venue or no capture at all.
    """
    if not captures:
        raise errors.InputError("Auditing: no capture was given.", "Name at least one file.")
    if venue is not None:
        make_native(venue)
    opened = [opening.open_capture(each) for each in captures]
    native = make_native(venue_of(opened, venue))
    for capture in opened:
        feed(native, capture)
    finding = typing.cast("Finding", native.finish())
    exit_code, meaning = judge(finding)
    return Audit(finding, exit_code, meaning)


def venue_of(captures: Sequence[opening.Capture], venue: str | None) -> str:
    """Returns the venue of all ``captures``; raises InputError where it is not known or not one."""
    said = {each.head.venue for each in captures if each.head is not None}
    said |= {venue} if venue is not None else set()
    if len(said) == 1:
        return said.pop()
    if not said:
        raise errors.InputError(
            f"Reading {captures[0].path}: it does not say from which venue it is.",
            "Name it: --venue binance-spot or --venue binance-usdm.",
        )
    raise errors.InputError(
        f"The captures are from different venues: {', '.join(sorted(said))}.",
        "Give captures of one venue, and its name or none.",
    )


def make_native(venue: str, *, keep_rows: bool = False) -> tickwork_native.Audit:
    """Returns the native auditor of ``venue``; raises InputError for an unknown one."""
    try:
        return tickwork_native.Audit(venue, keep_rows)
    except ValueError as error:
        raise errors.InputError(f"{error}.".capitalize(), "Choose one of these.") from error


def feed(native: tickwork_native.Audit, capture: opening.Capture) -> None:
    """Gives a whole capture to the auditor; the lines of a recording merged as in the pipeline."""
    if capture.head is None:
        for chunk in reading.read_chunks(capture.path):
            native.feed(chunk)
    else:
        for symbol in capture.head.instruments:
            native.expect(symbol)
        for entry in merging.merge(capture.head, capture.entries()):
            native.feed(_plain(entry))
    if native.end_capture():
        raise errors.CaptureError(
            f"Reading {capture.path}: its last line is cut off.",
            "Copy it again, or remove the last line and audit what is left.",
        )


def _plain(entry: twr.Entry) -> bytes:
    """Returns one line as the auditor reads it: no symbol, no newline inside."""
    kind = frame.KIND_NAMES[entry.kind].encode()
    payload = b" ".join(entry.payload.splitlines())
    return b"%d %d %b %b\n" % (entry.received_unix_ns or 0, entry.connection, kind, payload)


def judge(finding: Finding) -> tuple[int, str]:
    """The exit code of a finding and a sentence that says why."""
    compared, equal = finding["tickerCompared"], finding["tickerEqual"]
    open_gaps = [
        book["instrument"]
        for book in finding["books"]
        if book["state"] == "GAP" or book["gapSinceUpdateId"] is not None
    ]
    if equal != compared:
        return UNEQUAL, f"{compared - equal} of {compared} compared tickers differ from the book."
    if finding["crossed"]:
        return UNEQUAL, f"The best bid reached the best ask after {finding['crossed']} diffs."
    if open_gaps:
        return UNEQUAL, f"A gap was left open: {', '.join(open_gaps)}."
    if not compared:
        return NOTHING_PROVEN, "No ticker has the update id of an applied diff: nothing is proven."
    return GOOD, f"{equal} of {compared} tickers equal the book at their update id."
