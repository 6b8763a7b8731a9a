"""Binds a Plan to addresses: endpoints and segments become what ``unit.json`` says. Pure."""

import dataclasses
from collections.abc import Mapping

from tickwork import errors
from tickwork.plan.plan import (
    CONTROL_PORT,
    METRICS_PORT,
    End,
    Group,
    Link,
    Plan,
    PlannedComponent,
    PlannedUnit,
)
from tickwork.unit.transport import CODEC
from tickwork.unit.unit import ComponentSpec, LinkEnd, Unit


@dataclasses.dataclass(frozen=True)
class Directories:
    """Where a unit writes, and where its machine's segments lie; absolute paths."""

    output: str
    segments: str


@dataclasses.dataclass(frozen=True)
class Binding:
    """What an executor knows and a Plan does not.

    ``addresses`` maps every endpoint (``group/unit/port``) to an address, ``directories`` every
    unit (``group/unit``) to its directories. Both hold over a unit's restart.
    """

    run_id: str
    addresses: Mapping[str, str]
    directories: Mapping[str, Directories]


def endpoints(plan: Plan) -> list[tuple[str, int | None]]:
    """Returns every endpoint that needs an address, with its fixed port number if it has one."""
    return [
        (f"{group.name}/{unit.name}/{port.name}", port.number)
        for group, unit in plan.units()
        for port in unit.ports
    ]


def bind(plan: Plan, binding: Binding) -> tuple[Unit, ...]:
    """Returns the units of ``plan`` in its order; raises PlanError where an address is missing."""
    return tuple(_bind_unit(plan, group, unit, binding) for group, unit in plan.units())


def _address(binding: Binding, endpoint: str) -> str:
    try:
        return binding.addresses[endpoint]
    except KeyError:
        raise errors.PlanError(
            f"Binding run {binding.run_id}: the executor gave no address for {endpoint}."
        ) from None


def _bind_unit(plan: Plan, group: Group, unit: PlannedUnit, binding: Binding) -> Unit:
    path = f"{group.name}/{unit.name}"
    directories = binding.directories[path]
    return Unit(
        run=binding.run_id,
        experiment=plan.experiment,
        arm=group.arm,
        group=group.name,
        name=unit.name,
        program=unit.program,
        control=_address(binding, f"{path}/{CONTROL_PORT}"),
        metrics=_address(binding, f"{path}/{METRICS_PORT}"),
        output_directory=directories.output,
        segment_directory=directories.segments,
        wait=unit.wait,
        cpus=unit.cpus,
        real_time_priority=unit.real_time_priority,
        lock_memory=unit.lock_memory,
        auto_start=plan.is_provider,
        restart=plan.restart,
        drain_ms=plan.drain_ms,
        components=tuple(_bind_component(plan, path, each, binding) for each in unit.components),
    )


def _bind_component(
    plan: Plan, path: str, component: PlannedComponent, binding: Binding
) -> ComponentSpec:
    me = (path, component.name)
    inlets = [
        _bind_end(link, end, (link.outlet.component,), binding)
        for link in plan.links
        for end in link.inlets
        if (end.unit, end.component) == me
    ]
    outlets = [
        _bind_end(link, link.outlet, tuple(end.component for end in link.inlets), binding)
        for link in plan.links
        if (link.outlet.unit, link.outlet.component) == me
    ]
    connects = {name: _address(binding, end) for name, end in component.connects.items()}
    return ComponentSpec(
        name=component.name,
        component=component.component,
        settings=component.settings,
        inlets=tuple(inlets),
        outlets=tuple(outlets),
        listens={name: _address(binding, f"{path}/{name}") for name in component.listens},
        connects={**connects, **component.urls},
    )


def _bind_end(link: Link, end: End, peers: tuple[str, ...], binding: Binding) -> LinkEnd:
    return LinkEnd(
        port=end.port,
        link=link.name,
        transport=link.transport,
        topology=link.topology,
        listener=link.listener,
        codec=CODEC[link.transport],
        address=_link_address(link, end, binding),
        capacity_bytes=link.capacity_bytes,
        region=end.region,
        peers=peers,
        options=link.options,
    )


def _link_address(link: Link, end: End, binding: Binding) -> str:
    if link.segment is not None:
        return f"{binding.directories[end.unit].segments}/{link.segment}"
    if link.endpoint is not None:
        return _address(binding, link.endpoint)
    return link.name
