"""Parses the command line, calls one verb, turns errors into sentences and exit codes."""

import argparse
import errno
import importlib
import importlib.metadata
import sys
from collections.abc import Sequence

from tickwork import errors

INTERRUPTED = 130
UNEXPECTED = 1
REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE)

DESCRIPTION = "Latency that can be trusted: market data, end to end, proven."
EPILOG = """\
examples:
  tickwork run experiments/pipeline/demo.yaml        run it, watch it, read the summary
  tickwork plan experiments/pipeline/demo.yaml       see what would run where
  tickwork validate experiments/*/*.yaml             every mistake of every file, with lines
  tickwork crd | kubectl apply -f -                  what a cluster needs to take Experiments
  tickwork report runs/latest                        make report.html again
  tickwork audit btcusdt.gz --venue binance-spot     prove or refute a recorded book
  tickwork record incident.twr --venue binance-usdm --instruments BTCUSDT
  tickwork replay incident.twr --speed max           the same bytes, through the whole pipeline
  tickwork watch demo                                live books of a run, five times a second
  tickwork run demo.yaml --cluster -n research       the same file on Kubernetes; fetch, list, logs
  tickwork inspect demo                              look into a live segment, read-only

exit codes:
  0 good   1 run failed   2 bad input   3 proof unequal or a gap left open
  4 nothing could be proven   5 a tool or port is missing   6 a unit died   130 interrupted
"""

VERBS: dict[str, str] = {
    "run": "Runs an Experiment on this machine and says what it showed.",
    "plan": "Draws what an Experiment would run, and where.",
    "validate": "Shows every mistake of Experiment files, each with its line.",
    "crd": "Prints the custom resource's definition, or a JSON schema for editors.",
    "report": "Makes the report of a run again, or compares two runs.",
    "audit": "Proves or refutes the book that a capture holds.",
    "record": "Records every frame of a venue, or of an Experiment's twin.",
    "replay": "Plays a capture through the whole pipeline, and proves its book.",
    "watch": "Shows live books, rates and latencies out of shared memory.",
    "fetch": "Brings the run directory of an Experiment home from a cluster.",
    "list": "Lists the Experiments of a cluster.",
    "logs": "Shows what the units of a run on a cluster logged.",
    "conduct": "Drives units that run elsewhere, and leaves their run directory.",
    "keep": "Hands a finished run directory out over HTTP, for a while.",
    "inspect": "Shows a live segment: header, cursors, readers, losses, ages.",
}
"""The one table of verbs; each is the module of its name in this package."""


def build_parser(verb: str | None) -> argparse.ArgumentParser:
    """Returns the parser; only the module of ``verb`` is imported for its own arguments."""
    parser = argparse.ArgumentParser(
        prog="tickwork",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for name, words in VERBS.items():
        below = verbs.add_parser(
            name,
            help=words,
            description=words,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        below.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
        if name == verb:
            module = importlib.import_module(f"tickwork_cli.{name}")
            below.epilog = module.EXAMPLES
            module.add_arguments(below)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; the entry point of ``tickwork``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    verb = next((word for word in given if word in VERBS), None)
    try:
        # Importing a verb takes a second where the machine is busy: Ctrl-C may come already.
        parser = build_parser(verb)
    except KeyboardInterrupt:
        _say("interrupted.")
        return INTERRUPTED
    options = parser.parse_args(given)
    if options.version:
        print(f"tickwork {_version()}")
        return 0
    if options.verb is None:
        parser.print_help()
        return 0
    return call(options)


def call(options: argparse.Namespace) -> int:
    """Calls the verb in ``options``; a person's mistake is a sentence, never a traceback."""
    try:
        return int(importlib.import_module(f"tickwork_cli.{options.verb}").execute(options))
    except errors.TickworkError as error:
        if options.debug:
            raise
        _say(error.text)
        if error.remedy:
            print(error.remedy, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if options.debug:
            raise
        return _explain(error, options.verb)


def _explain(error: Exception, verb: str) -> int:
    """Says what ended ``verb``: the machine's refusal, or a defect; returns the exit code."""
    if isinstance(error, OSError) and error.errno in REFUSALS:
        _say(f"the system refused what {verb} needs: {error}.")
        print("Make room, or choose a place that you may write.", file=sys.stderr)
        return UNEXPECTED
    _say(f"an unexpected error ended {verb}: {type(error).__name__}: {error}")
    print(
        "This is a defect. Repeat the command with --debug and report what it prints "
        "(CONTRIBUTING.md says where).",
        file=sys.stderr,
    )
    return UNEXPECTED


def _say(text: str) -> None:
    print(f"tickwork: {text}", file=sys.stderr)


def _version() -> str:
    return importlib.metadata.version("tickwork-cli")


if __name__ == "__main__":
    sys.exit(main())
