"""Binds a Plan to addresses: endpoints and segments become what ``unit.json`` says. Pure."""

import dataclasses
from collections.abc import Mapping

from tickwork import errors
from tickwork.plan import placement
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
from tickwork.unit.transport import CODEC, SECURED
from tickwork.unit.unit import ComponentSpec, LinkEnd, Tls, Unit


@dataclasses.dataclass(frozen=True)
class Directories:
    """Where a unit writes, and where its machine's segments lie; absolute paths."""

    output: str
    segments: str


@dataclasses.dataclass(frozen=True)
class Binding:
    """What an executor knows and a Plan does not.

    ``addresses`` maps every endpoint (``group/unit/port``) to where anybody dials it, ``listening``
    to where its own unit listens, ``near`` to where units of the same Group dial it and where a
    link that stays inside its Group listens; without the latter two, ``addresses`` serves for
    both. ``directories`` maps every unit (``group/unit``) to its directories. All of it holds over
    a unit's restart. ``tls`` are the files of every unit, where links between Groups are secured.
    """

    run_id: str
    addresses: Mapping[str, str]
    directories: Mapping[str, Directories]
    listening: Mapping[str, str] | None = None
    near: Mapping[str, str] | None = None
    tls: Tls | None = None


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


def stays_inside(plan: Plan, link: Link) -> bool:
    """Says whether nobody outside the outlet's Group can be at an end of ``link``.

    A broadcast of a provider, and one that nobody in the Plan reads, are there for outsiders.
    """
    if link.topology == "broadcast" and (plan.is_provider or not link.inlets):
        return False
    group = placement.group_of(link.outlet.unit)
    return all(placement.group_of(end.unit) == group for end in link.inlets)


def _address(binding: Binding, endpoint: str, addresses: Mapping[str, str] | None = None) -> str:
    try:
        return (binding.addresses if addresses is None else addresses)[endpoint]
    except KeyError:
        raise errors.PlanError(
            f"Binding run {binding.run_id}: the executor gave no address for {endpoint}."
        ) from None


def _dial(binding: Binding, endpoint: str, path: str) -> str:
    """Returns where the unit ``path`` dials ``endpoint``."""
    inside = placement.group_of(endpoint) == placement.group_of(path)
    return _address(binding, endpoint, binding.near if inside else None)


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
        control=_address(binding, f"{path}/{CONTROL_PORT}", binding.listening),
        metrics=_address(binding, f"{path}/{METRICS_PORT}", binding.listening),
        output_directory=directories.output,
        segment_directory=directories.segments,
        tls=binding.tls,
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
        _bind_end(plan, link, end, binding)
        for link in plan.links
        for end in link.inlets
        if (end.unit, end.component) == me
    ]
    outlets = [
        _bind_end(plan, link, link.outlet, binding)
        for link in plan.links
        if (link.outlet.unit, link.outlet.component) == me
    ]
    connects = {name: _dial(binding, end, path) for name, end in component.connects.items()}
    listens = {
        name: _address(binding, f"{path}/{name}", binding.listening) for name in component.listens
    }
    return ComponentSpec(
        name=component.name,
        component=component.component,
        settings=component.settings,
        inlets=tuple(inlets),
        outlets=tuple(outlets),
        listens=listens,
        connects={**connects, **component.urls},
    )


def _bind_end(plan: Plan, link: Link, end: End, binding: Binding) -> LinkEnd:
    is_outlet = end is link.outlet
    others = link.inlets if is_outlet else (link.outlet,)
    inside = stays_inside(plan, link)
    return LinkEnd(
        port=end.port,
        link=link.name,
        transport=link.transport,
        topology=link.topology,
        listener=link.listener,
        codec=CODEC[link.transport],
        address=_link_address(link, end, binding, inside=inside),
        capacity_bytes=link.capacity_bytes,
        region=end.region,
        secure=binding.tls is not None and link.transport in SECURED and not inside,
        peers=tuple(each.component for each in others),
        options=link.options,
    )


def _link_address(link: Link, end: End, binding: Binding, *, inside: bool) -> str:
    if link.segment is not None:
        return f"{binding.directories[end.unit].segments}/{link.segment}"
    if link.endpoint is None:
        return link.name
    if (link.listener == "outlet") != (end is link.outlet):
        return _dial(binding, link.endpoint, end.unit)
    # A plain link has no business outside its Group: it listens where only the Group can dial.
    return _address(binding, link.endpoint, binding.near if inside else binding.listening)
