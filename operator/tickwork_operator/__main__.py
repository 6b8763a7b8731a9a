"""``python -m tickwork_operator --options FILE``: the operator as a process."""

import argparse
import asyncio
import importlib.metadata
import pathlib
import sys
from collections.abc import Sequence

from tickwork import errors
from tickwork_operator import cluster, telemetry
from tickwork_operator.handlers import operator as operators
from tickwork_operator.objects import options as reading


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the operator until it is told to end; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tickwork_operator", description=__doc__)
    parser.add_argument("--options", type=pathlib.Path, required=True, metavar="FILE")
    given = parser.parse_args(arguments)
    logger = telemetry.start_logs()
    version = importlib.metadata.version("tickwork-operator")
    try:
        options = reading.from_json(cluster.read_options(given.options))
        made = operators.Operator(options, telemetry.Metrics(version), logger)
        asyncio.run(made.run())
    except errors.TickworkError as error:
        logger.error("cannot go on", error=str(error))  # noqa: TRY400 — it is a sentence already
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
