"""``tickwork audit CAPTURE…``: proves or refutes the book that a capture holds."""

import argparse
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from tickwork_cli import wings

EXAMPLES = """\
examples:
  tickwork audit btcusdt_20240808.gz btcusdt_20240809.gz --venue binance-spot
  tickwork audit incident.twr
  tickwork audit usdm.jsonl.zst --venue binance-usdm --json | jq .gaps

Several captures are one stream, in the given order. Read are our own recordings, lines of
`<ns> <payload>`, lines of `<seconds>: <payload>`, and bare JSON lines; plain, gz or zst.

What it does: rebuilds the book by the venue's own sequence rule, and compares it with every
ticker of the same update id. Exit code 0: equal and without a gap; 3: unequal, or a gap left
open; 4: there was nothing to compare.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("captures", nargs="+", type=pathlib.Path, metavar="CAPTURE")
    parser.add_argument(
        "--venue",
        choices=("binance-spot", "binance-usdm"),
        help="whose sequence rule holds; our own recordings say it themselves",
    )
    parser.add_argument("--json", action="store_true", help="print the finding as JSON")


def execute(options: argparse.Namespace) -> int:
    """Audits the captures as one stream; raises CaptureError for what cannot be read."""
    services = wings.load("tickwork_services.audit", "audit")
    audit = services.audit_captures(options.captures, options.venue)
    if options.json:
        print(json.dumps(audit.finding, indent=1))
    else:
        print("\n".join(draw(audit.finding, audit.meaning)))
    return int(audit.exit_code)


def draw(finding: Mapping[str, Any], meaning: str) -> Iterator[str]:
    """Yields the lines of a readable proof."""
    yield meaning
    yield ""
    yield f"  messages            {finding['messages']:>12,}"
    yield f"  diffs               {finding['diffs']:>12,}"
    yield f"    applied           {finding['applied']:>12,}"
    yield f"    before snapshot   {finding['beforeSnapshot']:>12,}"
    yield f"  gaps                {finding['gaps']:>12,}"
    yield f"  crossed books       {finding['crossed']:>12,}"
    yield f"  tickers compared    {finding['tickerCompared']:>12,}"
    yield f"    equal             {finding['tickerEqual']:>12,}"
    yield f"    without a diff    {finding['tickerUnpaired']:>12,}"
    yield f"  unparsed            {finding['unparsed']:>12,}"
    yield from _span(finding["receiveMinusEventMs"])
    for book in finding["books"]:
        yield ""
        yield from _book(book)


def _span(span: Mapping[str, float | None]) -> Iterator[str]:
    if span["min"] is None or span["max"] is None:
        return
    words = f"from {span['min']:,.2f} to {span['max']:,.2f} ms"
    error = "  (negative: the receiving clock was behind; this is no latency)"
    yield f"  receive - event     {words}{error if span['min'] < 0 else ''}"


def _book(book: Mapping[str, Any]) -> Iterator[str]:
    levels = book["levels"]
    yield f"  {book['instrument']}: {book['state']} at update id {book['lastUpdateId']}"
    if book["gapSinceUpdateId"] is not None:
        yield f"    a gap is open since update id {book['gapSinceUpdateId']}"
    yield f"    bid {book['bid'] or '-'} ({book['bidQuantity'] or '-'}), {levels['bids']:,} levels"
    yield f"    ask {book['ask'] or '-'} ({book['askQuantity'] or '-'}), {levels['asks']:,} levels"
