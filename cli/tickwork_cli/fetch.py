"""``tickwork fetch NAME``: the run directory of an Experiment, from a cluster to this machine."""

import argparse

from tickwork_cli import far, wings

EXAMPLES = """\
examples:
  tickwork fetch demo -n research           into runs/<run>; runs/latest names it
  tickwork fetch demo --keep                the cluster goes on keeping it
  tickwork report runs/latest               what a run directory is good for

What comes is verified (SHA-256) before it is there; an interrupted fetch leaves nothing and may be
repeated. Afterwards the cluster is told that it need not keep the run any longer. A run in a claim
(spec.cluster.sink.kind pvc) stays in it.

exit codes:
  0 fetched   1 what came is not what was sent   2 nothing to fetch (yet, or any more)
  5 no cluster, or the package kubernetes is missing
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("name", metavar="NAME", help="the Experiment")
    far.add_place(parser)
    far.add_output(parser)
    parser.add_argument("--keep", action="store_true", help="leave it on the cluster as well")


def execute(options: argparse.Namespace) -> int:
    """Fetches the run and says where it is."""
    cluster = wings.load("tickwork_cli.cluster", "fetch")
    fetching = wings.load("tickwork_cli.fetching", "fetch")
    on = cluster.Cluster(options.context, options.namespace)
    root = fetching.fetch(
        on, options.name, options.output, release=not options.keep, say=print, warn=far.warn
    )
    print(f"run in {root}")
    return 0
