"""Prints the units of a run on this machine as targets for Prometheus's ``file_sd_configs``.

``python tools/prometheus_targets.py runs/latest > targets.json``: ports are drawn for every run.
"""

import argparse
import json
import pathlib
import sys
from typing import Any


def targets_of(run: pathlib.Path) -> list[dict[str, Any]]:
    """Returns one group with the metrics address of every unit of ``run``.

    No labels are added: every series says by itself of which experiment, run and unit it is.
    """
    files = sorted(run.glob("units/*/*/unit.json"))
    return [{"targets": [json.loads(each.read_text("utf-8"))["metrics"] for each in files]}]


def main() -> int:
    """Prints the targets; 2 where there is no such run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path, help="a run directory: runs/latest")
    run = parser.parse_args().run
    found = targets_of(run)
    if not found[0]["targets"]:
        print(f"{run} holds no units: give a run directory, such as runs/latest.", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
