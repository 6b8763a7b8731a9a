"""``tickwork report DIR [DIR]``: the page of a run made again, or two runs side by side."""

import argparse
import pathlib
from typing import Any

from tickwork import errors
from tickwork_cli import wings

NOT_COMPARABLE = 4

EXAMPLES = """\
examples:
  tickwork report runs/latest                    results.json, report.html, figures/ made again
  tickwork report runs/latest -o /tmp/demo.html  one file elsewhere; the run stays as it is
  tickwork report runs/a runs/b                  B against A, in comparison.html of B's directory

Two runs may be compared where kind, kernel, CPUs, build, wait and clock source are the same; their
settings that differ are listed. Otherwise the page is written all the same, and says it.

exit codes:
  0 written   2 no run directory, or one that cannot be read   4 the runs may not be compared
  5 the analysis is not installed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument(
        "directories", type=pathlib.Path, nargs="+", metavar="DIR", help="one run's, or two"
    )
    parser.add_argument(
        "-o", "--output", type=pathlib.Path, metavar="FILE", help="write the page there instead"
    )


def execute(options: argparse.Namespace) -> int:
    """Makes the report of one run or of two and says where it is."""
    if len(options.directories) > 2:
        raise errors.InputError(
            f"{len(options.directories)} run directories were given.",
            "Give one, or two to compare.",
        )
    summary = wings.load("tickwork_analysis.summary", "report")
    write = wings.load("tickwork_analysis.report.write", "report")
    found = [summary.summarise(directory) for directory in options.directories]
    if len(found) == 2:
        return _compare(write, found, options.output)
    if options.output is None:
        summary.write(found[0], options.directories[0])
        path = write.write(found[0])
    else:
        path = write.write_to(found[0], options.output)
    print(found[0].results.verdict)
    print(f"report in {path}")
    return 0


def _compare(write: Any, found: list[Any], output: pathlib.Path | None) -> int:
    """Compares two runs; returns 4 where they may not be compared."""
    comparison = wings.load("tickwork_analysis.report.comparison", "report")
    pair = comparison.compare(*found)
    path = write.replace_text(output or write.comparison_path(found[1]), comparison.render(pair))
    print(pair.verdict)
    for row in pair.differences:
        print(f"  {comparison.sentence(row)}")
    print(f"comparison in {path}")
    return NOT_COMPARABLE if pair.obstacles else 0
