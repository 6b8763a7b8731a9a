import pytest

from tickwork import errors
from tickwork.plan import wiring
from tickwork.plan.plan import End, Group, Link, PlannedComponent, PlannedUnit


def unit(name: str, *components: str) -> PlannedUnit:
    made = [PlannedComponent(name=each, component="idle", settings={}) for each in components]
    return PlannedUnit(name=name, wait="park", flow=0, ports=(), components=tuple(made))


GROUPS = (
    Group(name="near", arm="main", units=(unit("one", "a", "b"), unit("two", "c"))),
    Group(name="far", arm="main", units=(unit("three", "d"),)),
)
A = End(unit="near/one", component="a", port="out")
B = End(unit="near/one", component="b", port="in")
C = End(unit="near/two", component="c", port="in", origin="consumers.0.transport")
D = End(unit="far/three", component="d", port="in")


def link(transport: str, *inlets: End, topology: str = "pipe", listener: str = "outlet") -> Link:
    return Link.model_validate(
        {
            "name": "a.out",
            "transport": transport,
            "topology": topology,
            "listener": listener,
            "capacity_bytes": 64,
            "outlet": A,
            "inlets": inlets,
        }
    )


@pytest.mark.parametrize(
    ("transport", "inlet", "spans"),
    [
        ("memory", B, True),
        ("memory", C, False),
        ("memory", D, False),
        ("shm", B, True),
        ("shm", C, True),
        ("shm", D, False),
        ("tcp", B, True),
        ("tcp", C, True),
        ("tcp", D, True),
        ("udp", D, True),
        ("grpc", D, True),
    ],
)
def test_reach_spans_the_distance_of_the_ends(transport: str, inlet: End, spans: bool) -> None:
    assert (wiring.breaches(GROUPS, [link(transport, inlet)]) == []) is spans


def test_a_breach_names_link_both_ends_and_what_would_do() -> None:
    [breach] = wiring.breaches(GROUPS, [link("shm", D)])
    for word in ("a.out", "near/one:a", "far/three:d", "what would do: tcp, udp, grpc"):
        assert word in breach.text


def test_a_breach_bears_the_place_that_asked_for_it() -> None:
    [breach] = wiring.breaches(GROUPS, [link("memory", C)])
    assert breach.origin == "consumers.0.transport"


def test_all_breaches_come_at_once() -> None:
    with pytest.raises(errors.PlanError, match=r"2 impossible link"):
        wiring.check(GROUPS, [link("memory", C), link("shm", D)])


def test_a_pipe_has_one_inlet() -> None:
    assert wiring.breaches(GROUPS, [link("shm", B, C)])
    assert wiring.breaches(GROUPS, [link("shm")])


def test_a_broadcast_listens_at_its_outlet() -> None:
    assert wiring.breaches(GROUPS, [link("tcp", B, D, topology="broadcast")]) == []
    assert wiring.breaches(GROUPS, [link("tcp", B, topology="broadcast", listener="inlet")])


def test_a_transport_without_the_topology_is_refused() -> None:
    assert wiring.breaches(GROUPS, [link("udp", B, topology="broadcast")])


def test_an_end_that_is_not_in_the_plan_is_refused() -> None:
    lost = End(unit="near/gone", component="x", port="in")
    assert "not in the plan" in wiring.breaches(GROUPS, [link("tcp", lost)])[0].text
