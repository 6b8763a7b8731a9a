"""``tickwork list``: the Experiments of a cluster, how far they came, and what they showed."""

import argparse
import datetime
from collections.abc import Mapping
from typing import Any

import rich.box
import rich.table

from tickwork import clock
from tickwork_cli import far, report_table, wings

EXAMPLES = """\
examples:
  tickwork list                    the namespace of the kubeconfig
  tickwork list -A                 every namespace
  kubectl get exp -o wide          the same, without tickwork

exit codes:
  0 listed   2 not allowed   5 no cluster, or the package kubernetes is missing
"""

COLUMNS = ("name", "kind", "phase", "progress", "p50", "p99", "age", "reason")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    far.add_place(parser)
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="every namespace")


def execute(options: argparse.Namespace) -> int:
    """Prints one row an Experiment, the newest last."""
    cluster = wings.load("tickwork_cli.cluster", "list")
    on = cluster.Cluster(options.context, options.namespace)
    found = on.experiments(everywhere=options.all_namespaces)
    if not found:
        where = "any namespace" if options.all_namespaces else f"namespace {on.namespace}"
        print(f"no Experiment in {where}")
        return 0
    columns = ("namespace", *COLUMNS) if options.all_namespaces else COLUMNS
    table = rich.table.Table(*columns, box=rich.box.SIMPLE_HEAD)
    now_unix_ns = clock.now_unix_ns()
    for each in sorted(found, key=lambda item: str(item["metadata"]["creationTimestamp"])):
        cells = row(each, now_unix_ns)
        namespace = (each["metadata"]["namespace"],) if options.all_namespaces else ()
        table.add_row(*namespace, *cells)
    report_table.make_console().print(table)
    return 0


def row(experiment: Mapping[str, Any], now_unix_ns: int) -> tuple[str, ...]:
    """Returns the cells of one Experiment; a dash for what is not known."""
    following = wings.load("tickwork_cli.following", "list")
    status = experiment.get("status", {})
    percent = (status.get("progress") or {}).get("percent")
    return (
        experiment["metadata"]["name"],
        status.get("kind", "-"),
        status.get("phase", "Pending"),
        "-" if percent is None else f"{percent} %",
        status.get("p50") or "-",
        status.get("p99") or "-",
        in_age(experiment["metadata"]["creationTimestamp"], now_unix_ns),
        following.reason_of(experiment) or "-",
    )


def in_age(created: str, now_unix_ns: int) -> str:
    """Returns how long ago ``created`` was, in its largest unit: ``45s``, ``12m``, ``3h``."""
    began = datetime.datetime.fromisoformat(created).timestamp()
    seconds = max(0, int(now_unix_ns / 1e9 - began))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
