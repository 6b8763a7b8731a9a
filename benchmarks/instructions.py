"""Instruction counts of the core's rows: what time cannot hide, and noise cannot add.

Counted by callgrind over the twin's messages; the difference between many passes and one leaves
the start of the process out. ``benchmarks/instructions.json`` keeps them with a tolerance.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

from benchmarks import build

KEPT = pathlib.Path(__file__).resolve().parent / "instructions.json"
ROWS = ("parse-ticker", "parse-depth", "book-level", "bytes-depth", "bytes-mix", "fused-mix")
PASSES = 3
TOLERANCE = 0.03
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")
COUNTED = re.compile(r'"count":(\d+)')


def count(row: str, messages: pathlib.Path) -> float:
    """Instructions per operation of one row."""
    few, many = (_collect(row, passes, messages) for passes in (1, 1 + PASSES))
    return (many[0] - few[0]) / (many[1] - few[1])


def _collect(row: str, passes: int, messages: pathlib.Path) -> tuple[int, int]:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(build.BENCH)]
    command += ["once", row, str(passes), str(messages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    collected, counted = COLLECTED.search(done.stderr), COUNTED.search(done.stdout)
    if collected is None or counted is None:
        raise build.BuildError(
            f"counting instructions of {row}: valgrind said {done.stderr[-300:]}"
        )
    return int(collected[1]), int(counted[1])


def run(messages: pathlib.Path, called: str, *, update: bool) -> int:
    """Compares with what is kept, or keeps what is counted now; 1 where a row got worse."""
    if shutil.which("valgrind") is None:
        print("skipped: instruction counts need valgrind, which is not installed")
        return 0
    counts = {row: round(count(row, messages), 1) for row in ROWS}
    if update:
        kept = {"input": called, "tolerance": TOLERANCE, "perOperation": counts}
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        print(json.dumps(counts, indent=1))
        return 0
    kept = json.loads(KEPT.read_text("utf-8"))
    if kept["input"] != called:
        print(f"the twin's messages are others than those counted: {called}; update the counts")
        return 1
    return compare(counts, kept["perOperation"], kept["tolerance"])


def compare(counts: dict[str, float], kept: dict[str, float], tolerance: float) -> int:
    """Says each row's change; 1 where one is above the tolerance."""
    worse = []
    for row, now in counts.items():
        change = now / kept[row] - 1
        print(f"{row:14} {now:10.1f} instructions, kept {kept[row]:10.1f}, {change:+.1%}")
        if change > tolerance:
            worse.append(row)
    if worse:
        print(f"more instructions than kept (tolerance {tolerance:.0%}): {worse}", file=sys.stderr)
    return 1 if worse else 0
