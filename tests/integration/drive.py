"""Runs a small plan as a process of its own, so that a test can interrupt or kill it.

``python drive.py RUNS SECONDS [SCRATCH]``: prints the run directory, then one line per event.
Sockets lie below SCRATCH, where only the caller cleans up.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import control_plans

from tickwork.conductor import conduct
from tickwork.local import execution, runs


def main() -> int:
    if len(sys.argv) > 3:
        execution.SCRATCH_PARENT = pathlib.Path(sys.argv[3])
    plan = control_plans.small_plan("a", "b", seconds=float(sys.argv[2]))
    run = runs.make(pathlib.Path(sys.argv[1]), "small", "text\n")
    print(run.root, flush=True)

    def drive(fleet: execution.LocalFleet) -> int:
        for name, pid in fleet.pids().items():
            print(f"pid {name} {pid}", flush=True)
        outcome = conduct.conduct(
            plan, fleet, run, lambda event: print(type(event).__name__, flush=True)
        )
        return outcome.exit_code

    return execution.execute(plan, run, drive, program=control_plans.IDLE)


if __name__ == "__main__":
    sys.exit(main())
