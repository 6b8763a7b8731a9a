"""Who dials whom in a Plan: the declared pairs between Groups, from links, connects and Control.

What stays inside a Group is on loopback and needs no permission.
"""

import dataclasses
from collections.abc import Iterator
from urllib import parse

from tickwork.plan import placement
from tickwork.plan.plan import CONTROL_PORT, METRICS_PORT, Plan
from tickwork_operator.objects import addresses, names

DEFAULT_PORTS = {"wss": 443, "https": 443, "ws": 80, "http": 80}


@dataclasses.dataclass(frozen=True, order=True)
class Flow:
    """``source`` (a Group, or conductor) dials ``port`` of the Group ``target``."""

    source: str
    target: str
    port: int


def between(plan: Plan) -> tuple[Flow, ...]:
    """Returns every flow between two different pods of the run, sorted."""
    return tuple(sorted({*_control(plan), *_links(plan), *_connects(plan)}))


def metrics_ports(plan: Plan, group: str) -> tuple[int, ...]:
    """Returns the ports of ``group`` that are scraped."""
    return _named_ports(plan, group, METRICS_PORT)


def open_ports(plan: Plan, group: str) -> tuple[int, ...]:
    """Returns the ports on which ``group`` serves readers that are no part of the Plan."""
    numbers = addresses.numbers(plan)
    return tuple(
        sorted(
            numbers[link.endpoint]
            for link in plan.links
            if link.endpoint is not None
            and link.topology == "broadcast"
            and placement.group_of(link.outlet.unit) == group
            and (plan.is_provider or not link.inlets)
        )
    )


def reaches_outside(plan: Plan, group: str) -> bool:
    """Says whether a component of ``group`` dials addresses that the Plan does not know."""
    return any(
        component.outside
        for each, unit in plan.units()
        if each.name == group
        for component in unit.components
    )


def url_ports(plan: Plan, group: str) -> tuple[int, ...]:
    """Returns the ports of the URLs that components of ``group`` dial."""
    urls = {
        url
        for each, unit in plan.units()
        if each.name == group
        for component in unit.components
        for url in component.urls.values()
    }
    return tuple(sorted({_port_of(url) for url in urls}))


def _control(plan: Plan) -> Iterator[Flow]:
    if plan.is_provider:
        return
    for group in plan.groups:
        for port in _named_ports(plan, group.name, CONTROL_PORT):
            yield Flow(names.CONDUCTOR, group.name, port)


def _links(plan: Plan) -> Iterator[Flow]:
    numbers = addresses.numbers(plan)
    for link in plan.links:
        if link.endpoint is None:
            continue
        listening = placement.group_of(link.endpoint)
        for inlet in link.inlets:
            ends = {placement.group_of(link.outlet.unit), placement.group_of(inlet.unit)}
            for dialling in ends - {listening}:
                yield Flow(dialling, listening, numbers[link.endpoint])


def _connects(plan: Plan) -> Iterator[Flow]:
    numbers = addresses.numbers(plan)
    for group, unit in plan.units():
        for component in unit.components:
            for endpoint in component.connects.values():
                listening = placement.group_of(endpoint)
                if listening != group.name:
                    yield Flow(group.name, listening, numbers[endpoint])


def _named_ports(plan: Plan, group: str, port: str) -> tuple[int, ...]:
    return tuple(
        number
        for endpoint, number in addresses.numbers(plan).items()
        if placement.group_of(endpoint) == group and endpoint.endswith(f"/{port}")
    )


def _port_of(url: str) -> int:
    parts = parse.urlsplit(url)
    return parts.port or DEFAULT_PORTS.get(parts.scheme, DEFAULT_PORTS["https"])
