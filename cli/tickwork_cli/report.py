"""``tickwork report DIR``: the page of a run, made again from what the run left."""

import argparse
import pathlib

from tickwork_cli import wings

EXAMPLES = """\
examples:
  tickwork report runs/latest                    results.json, report.html, figures/ made again
  tickwork report runs/latest -o /tmp/demo.html  one file elsewhere; the run stays as it is

exit codes:
  0 written   2 no run directory, or one that cannot be read   5 the analysis is not installed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("directory", type=pathlib.Path, metavar="DIR", help="a run's directory")
    parser.add_argument(
        "-o", "--output", type=pathlib.Path, metavar="FILE", help="write the page there instead"
    )


def execute(options: argparse.Namespace) -> int:
    """Makes the report and says where it is."""
    summary = wings.load("tickwork_analysis.summary", "report")
    write = wings.load("tickwork_analysis.report.write", "report")
    found = summary.summarise(options.directory)
    if options.output is None:
        summary.write(found, options.directory)
        path = write.write(found)
    else:
        path = write.write_to(found, options.output)
    print(found.results.verdict)
    print(f"report in {path}")
    return 0
