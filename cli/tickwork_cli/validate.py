"""``tickwork validate FILE…``: all mistakes of all files, each with its line."""

import argparse
import pathlib
import sys

from tickwork import errors
from tickwork.kinds import compiler

EXAMPLES = """\
examples:
  tickwork validate demo.yaml
  tickwork validate experiments/*/*.yaml
  tickwork validate demo.yaml --set durationSeconds=-1     try a change before running it

Paths given to --set start below `spec`. Exit code 2 when any file has a mistake.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE")
    add_set(parser)


def add_set(parser: argparse.ArgumentParser) -> None:
    """Adds ``--set``, which several verbs share."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="sets",
        metavar="PATH=VALUE",
        help="lay a value over the file; the path starts below spec; may be repeated",
    )


def execute(options: argparse.Namespace) -> int:
    """Checks every file to the end; returns 0, or 2 when any has a mistake."""
    code = 0
    for path in options.files:
        try:
            experiment = compiler.load_file(path, options.sets)
            plan = compiler.compile_experiment(experiment)
        except (errors.InputError, errors.PlanError) as error:
            print(f"tickwork: {error}", file=sys.stderr)
            code = error.exit_code
            continue
        units = len(plan.unit_paths())
        blocks = f"{len(plan.blocks)} block{'s' if len(plan.blocks) != 1 else ''}"
        print(f"{path}: valid ({plan.kind}, {units} units, {blocks})")
    return code
