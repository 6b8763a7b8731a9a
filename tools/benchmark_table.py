"""Writes the benchmark tables of README.md and docs/reference/performance.md; ``--check`` compares.

The figures stand once, in benchmarks/results.json, as ``make bench`` wrote them.
"""

import argparse
import json
import pathlib
import sys
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
README, PERFORMANCE = ROOT / "README.md", ROOT / "docs" / "reference" / "performance.md"
HEADLINES = {
    "parse-bookTicker-core": "parse a book ticker",
    "parse-depthUpdate-core": "parse a diff of 36 levels",
    "parse-bookTicker-python": "parse a book ticker from Python",
    "book-update": "change one level of a book",
    "bytes-to-top-depth": "bytes → checked book → top, a diff",
    "bytes-to-top-mix": "bytes → checked book → top, recorded mix",
    "bytes-to-top-mix-cryptofeed": "the same mix",
    "bytes-to-top-mix-nautilus": "the same mix",
    "ring-round-trip": "broadcast ring, there and back",
    "python-round-trip": "pipe from Python, there and back",
    "death-seen": "death of a publisher seen",
}


def number(value: float | None) -> str:
    """Three figures, with a letter where there are many."""
    if value is None:
        return "-"
    for size, letter in ((1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return f"{value / (1e6 if letter == ' M' else 1e3):.3g}{letter}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def unit_of(row: dict[str, Any]) -> str:
    """The unit without what a row is about."""
    return str(row["unit"]).partition("/")[0] if row["better"] == "lower" else row["unit"]


def verdict(row: dict[str, Any]) -> str:
    """Whether must and stretch hold, in few words."""
    if row.get("notMeasurable"):
        return f"notMeasurable: {row['notMeasurable']}"
    if not row["met"]:
        return "**must missed**"
    if row["stretch"] is not None and row["stretchMet"]:
        return "stretch"
    if row["must"] is not None:
        return "must" if row["stretch"] is None else "must, stretch missed"
    return "stretch missed" if row["stretch"] is not None else ""


def ratio(row: dict[str, Any]) -> str:
    """The ratio with its interval."""
    if row["ratio"] is None:
        return "-"
    return f"{row['ratio']:.3g} ({row['low']:.3g} to {row['high']:.3g})"


def caption(results: dict[str, Any]) -> str:
    """Machine, date and input."""
    machine = results["machine"]
    return (
        f"{machine['cpu']}, {machine['cpus']} cores, Linux {machine['kernel']}, "
        f"{results['date']}; input: {results['input']}. Made by `make bench`."
    )


def headlines(results: dict[str, Any]) -> str:
    """The table of the README: the rows that people ask for, times against times."""
    lines = ["| | Tickwork | best peer | ratio (95 %) |", "|---|---:|---:|---:|"]
    rows = {row["name"]: row for row in results["rows"]}
    for name, words in HEADLINES.items():
        row = rows.get(name)
        if row is None:
            continue
        unit = unit_of(row)
        peer = f"{number(row['peer'])} {unit}, {row['peerName']}"
        peer = peer if row["peer"] is not None else row["peerName"]
        ours = f"{number(row['ours'])} {unit}"
        lines.append(f"| {words} | {ours} | {peer} | {ratio(row)} |")
    return "\n".join([*lines, "", caption(results)])


def everything(results: dict[str, Any]) -> str:
    """The table of the reference page: all rows with must, stretch and what stands beside."""
    lines = [
        "| row | unit | ours | peer | ratio (95 %) | must / stretch | blocks | holds | beside |",
        "|---|---|---:|---:|---:|---:|---:|---|---|",
    ]
    for row in results["rows"]:
        limits = " / ".join("-" if x is None else f"{x:.3g}" for x in (row["must"], row["stretch"]))
        beside = ", ".join(f"{name} {number(x)}" for name, x in row["beside"].items())
        peer = f"{number(row['peer'])}, {row['peerName']}"
        lines.append(
            f"| {row['name']} | {row['unit']} | {number(row['ours'])} | {peer} | {ratio(row)} | "
            f"{limits} | {row['blocks']} | {verdict(row)} | {beside} |"
        )
    return "\n".join([*lines, "", caption(results)])


def page(path: pathlib.Path, table: str) -> str:
    """Returns the page with what stands between its markers replaced by ``table``."""
    text = path.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def pages() -> dict[pathlib.Path, str]:
    """Every page that repeats figures, as it should be."""
    results = json.loads(RESULTS.read_text("utf-8"))
    return {
        README: page(README, headlines(results)),
        PERFORMANCE: page(PERFORMANCE, everything(results)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether a page is old")
    check = parser.parse_args().check
    old = [path for path, text in pages().items() if path.read_text("utf-8") != text]
    if check:
        print("\n".join(f"{path.name} is older than results.json" for path in old))
        return 1 if old else 0
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
