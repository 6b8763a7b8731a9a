"""How much a unit may use: memory with its segments, cores, and the size of shared memory."""

from typing import Any

from tickwork.manifest.cluster import GroupPlacement
from tickwork.plan.plan import Group, Plan

MIB = 1 << 20
# Headers, tables and readers' files lie beside the regions of a segment.
SEGMENTS_ROOM_PERCENT = 10
SHARED_MEMORY_MIN_MIB = 16


def segments_mib(plan: Plan, unit: str) -> int:
    """Returns how much shared memory ``unit`` (``group/unit``) makes, in MiB, rounded up.

    The end that writes a link makes its segment and touches every page of it first, so that the
    kernel charges all of them to that container.
    """
    made = sum(
        link.capacity_bytes
        for link in plan.links
        if link.segment is not None and link.outlet.unit == unit
    )
    return -(-made * (100 + SEGMENTS_ROOM_PERCENT) // (100 * MIB))


def shared_memory_mib(plan: Plan, group: Group) -> int:
    """Returns the size of the volume that holds the segments of ``group``, in MiB."""
    made = sum(segments_mib(plan, f"{group.name}/{unit.name}") for unit in group.units)
    return max(SHARED_MEMORY_MIN_MIB, made)


def requirements(placement: GroupPlacement, segments: int) -> dict[str, Any]:
    """Returns the resources of one unit that makes ``segments`` MiB of shared memory.

    Guaranteed means requests equal to limits and whole cores: the kubelet's static CPU manager
    then gives each unit cores of its own. Otherwise cores have no limit, since throttling would be
    measured as latency.
    """
    limit = {"memory": f"{placement.memory_mib + segments}Mi"}
    if placement.qos == "guaranteed":
        both = {"cpu": f"{round(placement.cpus)}", **limit}
        return {"requests": both, "limits": dict(both)}
    asked = {
        "cpu": f"{max(1, round(placement.cpus * 1000))}m",
        "memory": f"{placement.memory_request_mib}Mi",
    }
    return {"requests": asked, "limits": limit}
