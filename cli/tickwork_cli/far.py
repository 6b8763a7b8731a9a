"""The arguments that every verb of a cluster has."""

import argparse
import pathlib


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
