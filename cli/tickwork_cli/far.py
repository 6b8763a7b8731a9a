"""What every verb of a cluster has: arguments, and a way to warn."""

import argparse
import pathlib
import sys


def add_place(parser: argparse._ActionsContainer) -> None:
    """Adds ``--namespace`` and ``--context``, which default to the kubeconfig's own."""
    parser.add_argument(
        "-n", "--namespace", metavar="NAME", help="namespace (default: the kubeconfig's)"
    )
    parser.add_argument(
        "--context", metavar="NAME", help="context of the kubeconfig (default: the current one)"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds ``-o``, where runs are brought."""
    parser.add_argument(
        "-o",
        "--output",
        type=pathlib.Path,
        default=pathlib.Path("runs"),
        metavar="DIR",
        help="where run directories are brought (default: runs)",
    )


def warn(text: str) -> None:
    """Says on stderr what the person should know though the verb goes on."""
    print(f"tickwork: {text}", file=sys.stderr, flush=True)
