"""Whatever is wired: the rule allows exactly the links whose reach spans their distance."""

import hypothesis
import hypothesis.strategies as st

from tickwork.plan import placement, wiring
from tickwork.plan.plan import End, Group, Link, PlannedComponent, PlannedUnit
from tickwork.unit.transport import REACH, TOPOLOGIES

PLACES = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2))


def end(place: tuple[int, int, int]) -> End:
    return End(unit=f"g{place[0]}/u{place[1]}", component=f"c{place[2]}", port="p")


def groups() -> list[Group]:
    components = tuple(
        PlannedComponent(name=f"c{index}", component="idle", settings={}) for index in range(3)
    )
    units = tuple(
        PlannedUnit(name=f"u{index}", wait="park", flow=0, ports=(), components=components)
        for index in range(3)
    )
    return [Group(name=f"g{index}", arm="main", units=units) for index in range(3)]


GROUPS = groups()


@hypothesis.given(
    transport=st.sampled_from(sorted(REACH)),
    outlet=PLACES,
    inlets=st.lists(PLACES, min_size=1, max_size=5),
)
def test_a_link_stands_exactly_where_its_reach_spans(transport, outlet, inlets) -> None:
    topology = "pipe" if len(inlets) == 1 else "broadcast"
    link = Link(
        name="x.y",
        transport=transport,
        topology=topology,
        listener="outlet",
        capacity_bytes=64,
        outlet=end(outlet),
        inlets=tuple(end(place) for place in inlets),
    )
    farthest = max(placement.distance(link.outlet.unit, each.unit) for each in link.inlets)
    allowed = REACH[transport] >= farthest and topology in TOPOLOGIES[transport]
    assert (wiring.breaches(GROUPS, [link]) == []) is allowed


@hypothesis.given(outlet=PLACES, inlet=PLACES, topology=st.sampled_from(["pipe", "broadcast"]))
def test_what_would_do_does(outlet, inlet, topology) -> None:
    distance = placement.distance(end(outlet).unit, end(inlet).unit)
    for transport in wiring.would_do(distance, topology):
        link = Link(
            name="x.y",
            transport=transport,
            topology=topology,
            listener="outlet",
            capacity_bytes=64,
            outlet=end(outlet),
            inlets=(end(inlet),),
        )
        assert wiring.breaches(GROUPS, [link]) == []
