"""Ports and addresses of a Plan in a cluster: what ``plan.bind`` needs to make unit files."""

from collections.abc import Mapping

from tickwork import errors
from tickwork.plan import bind, placement
from tickwork.plan.plan import CONTROL_PORT, Group, Plan
from tickwork.unit.unit import Tls

PORT_FIRST = 7000
PORT_LAST = 65_535
LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 — a pod's own address; policies and TLS say who may dial it

RUN_ROOT = "/run/tickwork"
OUTPUT = f"{RUN_ROOT}/output"
SEGMENTS = f"{RUN_ROOT}/shm"
UNITS = "/etc/tickwork/units"
TLS_DIRECTORY = "/etc/tickwork/tls"
TLS = Tls(
    certificate_file=f"{TLS_DIRECTORY}/tls.crt",
    key_file=f"{TLS_DIRECTORY}/tls.key",
    ca_file=f"{TLS_DIRECTORY}/ca.crt",
)


def ports(group: Group) -> dict[tuple[str, str], int]:
    """Returns the number of every (unit, port) of ``group``, unique within it.

    A number that a person fixed is kept; the others count up from 7000 in the order of the Plan.
    Raises PlanError where two ports were fixed on one number.
    """
    wanted = [(unit.name, port) for unit in group.units for port in unit.ports]
    given: dict[tuple[str, str], int] = {}
    for unit, port in wanted:
        if port.number is None:
            continue
        if port.number in given.values():
            raise errors.PlanError(
                f"Giving ports to group {group.name}: {unit}/{port.name} and another port of the "
                f"same pod both want {port.number}.",
                "Choose another number for one of them, or leave it out.",
            )
        given[unit, port.name] = port.number
    taken = set(given.values())
    free = iter(number for number in range(PORT_FIRST, PORT_LAST + 1) if number not in taken)
    return {
        (unit, port.name): next(free) if port.number is None else port.number
        for unit, port in wanted
    }


def binding(
    plan: Plan, run_id: str, services: Mapping[str, str], namespace: str, *, secured: bool
) -> bind.Binding:
    """Returns what ``plan.bind`` needs; ``services`` maps a Group to its Service's name."""
    given = numbers(plan)
    hosts = {group: f"{service}.{namespace}.svc" for group, service in services.items()}
    return bind.Binding(
        run_id=run_id,
        addresses={end: f"{hosts[placement.group_of(end)]}:{port}" for end, port in given.items()},
        directories={
            path: bind.Directories(f"{OUTPUT}/{path.split('/')[1]}", SEGMENTS)
            for path in plan.unit_paths()
        },
        listening={end: f"{EVERYWHERE}:{port}" for end, port in given.items()},
        near={end: f"{LOOPBACK}:{port}" for end, port in given.items()},
        tls=TLS if secured else None,
    )


def targets(plan: Plan, services: Mapping[str, str], namespace: str) -> dict[str, str]:
    """Returns where the Conductor dials each unit's Control: ``group/unit`` → ``host:port``."""
    given = numbers(plan)
    return {
        path: f"{services[placement.group_of(path)]}.{namespace}.svc:"
        f"{given[f'{path}/{CONTROL_PORT}']}"
        for path in plan.unit_paths()
    }


def numbers(plan: Plan) -> dict[str, int]:
    """Returns the port number of every endpoint (``group/unit/port``) of ``plan``."""
    return {
        f"{group.name}/{unit}/{port}": number
        for group in plan.groups
        for (unit, port), number in ports(group).items()
    }
