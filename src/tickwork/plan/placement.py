"""Which components share a process, and how far apart the ends of a link are."""

from collections.abc import Sequence

from tickwork.unit.transport import Reach, TransportName


def group_of(path: str) -> str:
    """Returns the Group of a unit (``group/unit``) or of an endpoint (``group/unit/port``)."""
    return path.split("/", maxsplit=1)[0]


def distance(one: str, other: str) -> Reach:
    """Returns the distance between two units, given as ``group/unit``."""
    if one == other:
        return Reach.UNIT
    if group_of(one) == group_of(other):
        return Reach.GROUP
    return Reach.ANYWHERE


def place(components: Sequence[str], fused: Sequence[str], fused_unit: str) -> dict[str, str]:
    """Returns the unit of each component: ``fused_unit`` for those that share it, else its own.

    The order of ``components`` is kept.
    """
    return {each: fused_unit if each in fused else each for each in components}


def nearest(one: str, other: str) -> TransportName:
    """Returns the cheapest transport between two units of one group: memory, else shm."""
    return "memory" if distance(one, other) is Reach.UNIT else "shm"
