"""Native stages of one unit as the nodes of one native loop.

A link of the transport ``memory`` between two native stages becomes a direct call; every other
link gives the loop its native pipe end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tickwork import errors
from tickwork_services.host import component
from tickwork_services.link import link

Edge = tuple[str, int, int]


def find_direct(stages: Sequence[component.NativeStage]) -> dict[str, Edge]:
    """Returns the links that become direct calls: link name → ("direct", node, inlet)."""
    edges: dict[str, Edge] = {}
    sources = {
        end.link
        for stage in stages
        for end in stage.context.spec.outlets
        if end.transport == "memory" and end.port in stage.outlet_ports
    }
    for node, stage in enumerate(stages):
        for end in stage.context.spec.inlets:
            if end.link in sources and end.port in stage.inlet_ports:
                edges[end.link] = ("direct", node, stage.inlet_ports.index(end.port))
    return edges


def build_nodes(
    stages: Sequence[component.NativeStage], direct: Mapping[str, Edge]
) -> list[tuple[Any, list[Any], list[Any]]]:
    """Returns (kernel, inlets, outlets) of every stage, as ``NativeLoop`` takes them."""
    return [(stage.kernel, _inlets(stage, direct), _outlets(stage, direct)) for stage in stages]


def _inlets(stage: component.NativeStage, direct: Mapping[str, Edge]) -> list[Any]:
    ends = {end.port: end for end in stage.context.spec.inlets}
    piped: list[Any] = []
    for index, port in enumerate(stage.inlet_ports):
        end = ends.get(port)
        if end is None or end.link in direct:
            continue
        if len(piped) != index:
            raise errors.PlanError(
                f"Building the native loop: inlet {port!r} of {stage.context.spec.name} is a pipe "
                "while an inlet before it is a direct call or absent.",
                "Fuse both writers of this component into its unit, or neither.",
            )
        piped.append(_native_end(stage, stage.context.inlets[port]))
    return piped


def _outlets(stage: component.NativeStage, direct: Mapping[str, Edge]) -> list[Any]:
    ends = {end.port: end for end in stage.context.spec.outlets}
    outlets: list[Any] = []
    for port in stage.outlet_ports:
        end = ends.get(port)
        if end is None or port in stage.own_ports:
            outlets.append(None)
        elif end.link in direct:
            outlets.append(direct[end.link])
        else:
            outlets.append(_native_end(stage, stage.context.outlets[port]))
    return outlets


def _native_end(stage: component.NativeStage, end: link.Inlet | link.Outlet) -> Any:
    native = end.native()
    if native is None:
        raise errors.PlanError(
            f"Building the native loop: {end.name} of {stage.context.spec.name} has no native end.",
            "Use shm or memory for the links of normalizer, book and publisher.",
        )
    return native
