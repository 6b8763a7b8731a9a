import pathlib

import pytest

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.plan import bind, plan
from tickwork.unit.unit import Unit

DEMO = pathlib.Path(__file__).parents[4] / "experiments" / "pipeline" / "demo.yaml"


def demo(*sets: str) -> plan.Plan:
    return compiler.compile_experiment(compiler.load_file(DEMO, sets))


def binding_of(made: plan.Plan) -> bind.Binding:
    addresses = {end: f"addr:{index}" for index, (end, _) in enumerate(bind.endpoints(made))}
    directories = {
        path: bind.Directories(f"/out/{path}", "/segments") for path in made.unit_paths()
    }
    return bind.Binding("run-1", addresses, directories)


def bound(*sets: str) -> dict[str, Unit]:
    made = demo(*sets)
    return {unit.path: unit for unit in bind.bind(made, binding_of(made))}


def test_both_ends_of_a_segment_get_one_path() -> None:
    units = bound()
    [frames_in] = units["pipeline/normalizer"].components[0].inlets
    frames_out = units["pipeline/forwarder"].components[0].outlets[0]
    assert frames_in.address == frames_out.address == "/segments/demo/forwarder.frames"
    assert (frames_out.peers, frames_in.peers) == (("normalizer",), ("forwarder",))


def test_venue_addresses_meet() -> None:
    units = bound()
    twin = units["venue/twin"].components[0]
    forwarder = units["pipeline/forwarder"].components[0]
    assert forwarder.connects == twin.listens
    assert set(twin.listens) == {"websocket", "rest"}


def test_broadcasts_have_one_address_for_all_readers() -> None:
    units = bound()
    publisher = units["pipeline/publisher"].components[0]
    assert [end.port for end in publisher.outlets] == ["images", "book", "tcp"]
    assert units["pipeline/shm"].components[0].inlets[0].address == "/segments/demo/book"
    tcp = units["pipeline/tcp"].components[0].inlets[0]
    assert tcp.address == publisher.outlets[2].address
    assert tcp.region == "top"


def test_the_book_has_its_ports() -> None:
    book = bound()["pipeline/book"].components[0]
    assert [end.port for end in book.inlets] == ["records", "images"]
    assert [end.port for end in book.outlets] == ["records", "requests"]


def test_links_inside_a_unit_are_memory() -> None:
    units = bound("pipeline.placement=fused")
    engine = units["pipeline/engine"]
    assert [each.name for each in engine.components] == ["normalizer", "book", "publisher"]
    inside = {end.link for each in engine.components for end in each.inlets}
    assert inside == {"forwarder.frames", "normalizer.records", "book.records", "publisher.images"}
    assert engine.components[1].inlets[0].transport == "memory"
    assert engine.components[1].inlets[0].address == "normalizer.records"


def test_a_provider_starts_itself() -> None:
    sets = ["durationSeconds=null"]
    assert all(unit.auto_start and unit.restart == "onFailure" for unit in bound(*sets).values())
    assert not any(unit.auto_start for unit in bound().values())


def test_a_missing_address_is_named() -> None:
    made = demo()
    full = binding_of(made)
    short = {end: each for end, each in full.addresses.items() if end != "venue/twin/rest"}
    with pytest.raises(errors.PlanError, match="venue/twin/rest"):
        bind.bind(made, bind.Binding("run-1", short, full.directories))


def test_a_fixed_port_is_asked_for() -> None:
    assert dict(bind.endpoints(demo()))["pipeline/publisher/tcp"] == 9000
