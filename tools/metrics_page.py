"""Writes the tables of docs/reference/metrics.md from the catalogue; ``--check`` compares.

What a metric means is written once, beside the code that shows it. Prose around the markers is
written by hand.
"""

import argparse
import pathlib
import sys
from collections.abc import Iterator

from tickwork_services.telemetry import catalogue, naming

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs/reference/metrics.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
TITLES = {
    "instrument": "Books, by instrument",
    "link": "Links, by link and end",
    "pages": "The unit's own pages",
    "venue_twin": "Venue twin",
}
HEAD = "| metric | type | labels besides those of every unit | meaning |\n|---|---|---|---|"
UNIT_LABELS = {
    "tickwork_unit_info": "`build` `clock_source` `kernel` `wait`",
    "tickwork_unit_state": "`state`",
    "tickwork_unit_block": "`block`",
}
UNIT_COUNTERS = {"tickwork_unit_cpu_seconds"}


def row(name: str, kind: str, labels: str, text: str) -> str:
    """Returns one line of a table."""
    shown = f"{name}_total" if kind == "counter" else name
    return f"| `{shown}` | {kind} | {labels} | {text} |"


def hop_rows() -> Iterator[str]:
    """Yields the histogram of hops and what is counted beside it."""
    labels = "`hop` `component`"
    for name, text in catalogue.HOP.items():
        kind = "histogram" if name == "tickwork_hop_seconds" else "counter"
        yield row(name, kind, labels, text)


def unit_rows() -> Iterator[str]:
    """Yields what every unit tells of itself."""
    for name, text in catalogue.UNIT.items():
        kind = "counter" if name in UNIT_COUNTERS else "gauge"
        yield row(name, kind, UNIT_LABELS.get(name, ""), text)


def owner_rows(owner: str) -> Iterator[str]:
    """Yields the counters of one kind of component, of links, of instruments."""
    labels = {"link": "`link` `end`", "instrument": "`instrument`"}.get(owner, "`component`")
    if owner == "instrument":
        yield row("tickwork_instrument_state", "gauge", labels, catalogue.INSTRUMENT_STATE)
    for counter in catalogue.COUNTERS[owner]:
        metric = naming.metric_of(owner, counter)
        told = f"{labels} `reason`" if metric.reason is not None else labels
        yield row(metric.name, metric.kind, told, metric.help)


def tables() -> str:
    """Returns every table, each under its title."""
    parts = [("Hops", hop_rows()), ("Every unit", unit_rows())]
    parts += [
        (TITLES.get(owner, owner.capitalize()), owner_rows(owner)) for owner in catalogue.COUNTERS
    ]
    return "\n\n".join(f"### {title}\n\n{HEAD}\n" + "\n".join(rows) for title, rows in parts)


def page() -> str:
    """Returns the whole page with its tables made anew."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def pages() -> dict[pathlib.Path, str]:
    """Returns the page as it should be, by its path."""
    return {PAGE: page()}


def main() -> int:
    """Writes the page, or with ``--check`` says whether it is as the catalogue says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if parser.parse_args().check:
        return int(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
