"""Binds a Plan for units that have a host each, named like the unit: containers of one network.

Pure. Whoever starts the units sees to it that each host is found by its name, and that the
segments of a Group are one directory of memory on all of its hosts.
"""

from collections import Counter

from tickwork import errors
from tickwork.plan import bind
from tickwork.plan.plan import CONTROL_PORT, Plan

# Every unit has a host to itself, so that all of them listen on the same few numbers.
PORT_FIRST = 7000
EVERYWHERE = "0.0.0.0"  # noqa: S104 — a container's own address, in a network of its own
OUTPUT = "/run/tickwork/output"
SEGMENTS = "/run/tickwork/shm"


def binding(plan: Plan, run_id: str) -> bind.Binding:
    """Returns what ``plan.bind`` needs; raises PlanError where two units would share a host."""
    _require_names(plan)
    numbers = _numbers(plan)
    addresses = {end: f"{end.split('/')[1]}:{port}" for end, port in numbers.items()}
    return bind.Binding(
        run_id=run_id,
        addresses=addresses,
        directories={path: bind.Directories(OUTPUT, SEGMENTS) for path in plan.unit_paths()},
        listening={end: f"{EVERYWHERE}:{port}" for end, port in numbers.items()},
    )


def targets(plan: Plan) -> dict[str, str]:
    """Returns where the Conductor dials each unit's Control: ``group/unit`` → ``host:port``."""
    numbers = _numbers(plan)
    return {
        path: f"{path.split('/')[1]}:{numbers[f'{path}/{CONTROL_PORT}']}"
        for path in plan.unit_paths()
    }


def _require_names(plan: Plan) -> None:
    shared = [name for name, count in Counter(u.name for _, u in plan.units()).items() if count > 1]
    if shared:
        raise errors.PlanError(
            f"Giving every unit of {plan.experiment} a host: several are named {shared[0]}.",
            "Run an Experiment with one arm this way, or use an executor.",
        )


def _numbers(plan: Plan) -> dict[str, int]:
    """Returns the port of every endpoint: a number that a person fixed, else from 7000 up."""
    given: dict[str, int] = {}
    for group, unit in plan.units():
        fixed = {port.number for port in unit.ports}
        free = iter(number for number in range(PORT_FIRST, 65_536) if number not in fixed)
        for port in unit.ports:
            number = next(free) if port.number is None else port.number
            given[f"{group.name}/{unit.name}/{port.name}"] = number
    return given
