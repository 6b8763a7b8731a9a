"""The reach rule: a link's reach must span the distance between its ends.

One rule covers all cases, for every transport and kind. A breach names the link, both ends, and
what would do.
"""

import dataclasses
from collections.abc import Iterator, Sequence

from tickwork import errors
from tickwork.plan import placement
from tickwork.plan.plan import End, Group, Link
from tickwork.unit.transport import REACH, TOPOLOGIES, Reach, TransportName

_DISTANCE_WORDS: dict[Reach, str] = {
    Reach.UNIT: "share a process",
    Reach.GROUP: "share a machine but not a process",
    Reach.ANYWHERE: "may be on different machines",
}
REACH_WORDS: dict[Reach, str] = {
    Reach.UNIT: "inside one process",
    Reach.GROUP: "inside one group",
    Reach.ANYWHERE: "anywhere",
}


@dataclasses.dataclass(frozen=True)
class Breach:
    """A link that cannot be: its name, the place in the manifest that asked for it, and why."""

    link: str
    origin: str
    text: str


def breaches(groups: Sequence[Group], links: Sequence[Link]) -> list[Breach]:
    """Returns every breach of the rules of wiring among ``links``, in their order."""
    components = {
        (f"{group.name}/{unit.name}", component.name)
        for group in groups
        for unit in group.units
        for component in unit.components
    }
    found = []
    for link in links:
        found += [Breach(link.name, origin, text) for origin, text in _problems(link, components)]
    return found


def check(groups: Sequence[Group], links: Sequence[Link]) -> None:
    """Raises PlanError with every breach among ``links``."""
    found = breaches(groups, links)
    if found:
        lines = "\n".join(f"  {breach.text}" for breach in found)
        raise errors.PlanError(f"The plan has {len(found)} impossible link(s):\n{lines}")


def would_do(distance: Reach, topology: str) -> list[TransportName]:
    """Returns the transports that span ``distance`` in ``topology``, nearest first."""
    return [
        name for name, reach in REACH.items() if reach >= distance and topology in TOPOLOGIES[name]
    ]


def _problems(link: Link, components: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    origin = link.inlets[0].origin if link.inlets else ""
    for end in (link.outlet, *link.inlets):
        if (end.unit, end.component) not in components:
            yield end.origin, f"link {link.name}: its end {_show(end)} is not in the plan"
    if link.topology == "pipe" and len(link.inlets) != 1:
        yield origin, f"link {link.name}: a pipe has one inlet, this one has {len(link.inlets)}"
    if link.topology == "broadcast" and link.listener != "outlet":
        yield origin, f"link {link.name}: the listener of a broadcast is its outlet"
    for inlet in link.inlets:
        if text := _reach_problem(link, inlet):
            yield inlet.origin, text
    if link.topology not in TOPOLOGIES[link.transport]:
        yield origin, f"link {link.name}: {link.transport} cannot be a {link.topology}"


def _reach_problem(link: Link, inlet: End) -> str:
    distance = placement.distance(link.outlet.unit, inlet.unit)
    reach = REACH[link.transport]
    if reach >= distance:
        return ""
    return (
        f"link {link.name}: {link.transport} reaches {REACH_WORDS[reach]}, but its ends "
        f"{_show(link.outlet)} and {_show(inlet)} {_DISTANCE_WORDS[distance]}; what would do: "
        f"{', '.join(would_do(distance, link.topology))}"
    )


def _show(end: End) -> str:
    name = end.unit.rsplit("/", maxsplit=1)[-1]
    return end.unit if name == end.component else f"{end.unit}:{end.component}"
