from tickwork.plan import placement
from tickwork.unit.transport import Reach


def test_distance() -> None:
    assert placement.distance("g/a", "g/a") is Reach.UNIT
    assert placement.distance("g/a", "g/b") is Reach.GROUP
    assert placement.distance("g/a", "h/a") is Reach.ANYWHERE


def test_a_unit_and_an_endpoint_name_their_group() -> None:
    assert placement.group_of("g/a") == placement.group_of("g/a/control") == "g"


def test_fused_components_share_a_unit() -> None:
    placed = placement.place(["a", "b", "c"], ["b", "c"], "engine")
    assert placed == {"a": "a", "b": "engine", "c": "engine"}


def test_the_nearest_transport_inside_a_group() -> None:
    assert placement.nearest("g/a", "g/a") == "memory"
    assert placement.nearest("g/a", "g/b") == "shm"
