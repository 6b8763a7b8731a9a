"""``tickwork logs NAME [UNIT]``: what the units of a run on a cluster logged."""

import argparse
import queue
import threading
from collections.abc import Iterator
from typing import Any

from tickwork import errors
from tickwork_cli import far, wings

EXAMPLES = """\
examples:
  tickwork logs demo                          the last lines of every unit
  tickwork logs demo pipeline/book -f         one unit, as it logs
  tickwork logs demo conductor --tail 100     how the run was driven

exit codes:
  0 printed   2 no such Experiment or unit   5 no cluster, or the package kubernetes is missing
"""

TAIL = 20
UNITS_MAX = 256
LINES_WAITING_MAX = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("name", metavar="NAME", help="the Experiment")
    parser.add_argument("unit", metavar="UNIT", nargs="?", help="group/unit, group, or conductor")
    far.add_place(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    parser.add_argument(
        "--tail", type=int, default=TAIL, metavar="N", help=f"lines of each unit (default: {TAIL})"
    )


def execute(options: argparse.Namespace) -> int:
    """Prints the lines, each behind the unit that wrote it."""
    cluster = wings.load("tickwork_cli.cluster", "logs")
    on = cluster.Cluster(options.context, options.namespace)
    run = on.get(options.name).get("status", {}).get("run")
    pods = on.pods(f"tickwork.dev/run={run}") if run else []
    sources = [each for each in _sources(pods) if _matches(each[0], options.unit)]
    if not sources:
        known = ", ".join(name for name, _, _ in _sources(pods)) or "none: it has no pods"
        raise errors.InputError(f"{options.name} has no unit {options.unit or ''} ({known}).")
    if options.follow:
        _follow(on, sources[:UNITS_MAX], options.tail)
        return 0
    _print(on, sources, options.tail)
    return 0


def _print(on: Any, sources: list[tuple[str, str, str]], tail: int) -> None:
    """Prints the last lines of each; one that has none yet, or on a lost node, hides no other.

    Raises what the first was refused with where no log could be read.
    """
    refused: list[errors.TickworkError] = []
    for name, pod, container in sources:
        try:
            for line in on.log(pod, container, tail=tail):
                print(f"{name}  {line}")
        except errors.MissingError:
            raise
        except errors.TickworkError as error:
            refused.append(error)
            if len(sources) > 1:
                print(f"{name}  (no log: {error.text})")
    if len(refused) == len(sources):
        raise refused[0]


def _sources(pods: list[Any]) -> Iterator[tuple[str, str, str]]:
    """Yields name (``group/unit``), pod and container of all that logs."""
    for pod in pods:
        group = pod.metadata.labels.get("app.kubernetes.io/component", "")
        for container in pod.spec.containers:
            name = container.name if group == "conductor" else f"{group}/{container.name}"
            yield name, pod.metadata.name, container.name


def _matches(name: str, wanted: str | None) -> bool:
    return wanted is None or name == wanted or name.startswith(f"{wanted}/")


def _follow(on: Any, sources: list[tuple[str, str, str]], tail: int) -> None:
    """Prints the lines of all sources as they come; a slow terminal slows the readers."""
    lines: queue.Queue[str | None] = queue.Queue(LINES_WAITING_MAX)

    def read(name: str, pod: str, container: str) -> None:
        try:
            for line in on.log(pod, container, follow=True, tail=tail):
                lines.put(f"{name}  {line}")
        except errors.TickworkError as error:
            lines.put(f"{name}  (the log ended: {error.text})")
        finally:
            lines.put(None)

    for source in sources:
        threading.Thread(target=read, args=source, daemon=True).start()
    open_count = len(sources)
    while open_count:
        line = lines.get()
        if line is None:
            open_count -= 1
        else:
            print(line, flush=True)
