import dataclasses
import pathlib

import pytest

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.plan import bind, plan
from tickwork.unit.unit import Tls, Unit

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


FAR = "pipeline.consumers=[{name: near, transport: tcp}, {name: far, transport: tcp, group: far}]"
TLS = Tls(certificate_file="/tls/tls.crt", key_file="/tls/tls.key", ca_file="/tls/ca.crt")


def far_binding(made: plan.Plan, tls: Tls | None = TLS) -> bind.Binding:
    ports = {end: 7000 + index for index, (end, _) in enumerate(bind.endpoints(made))}
    return bind.Binding(
        "run-1",
        {end: f"{end.split('/')[0]}.ns.svc:{port}" for end, port in ports.items()},
        binding_of(made).directories,
        listening={end: f"0.0.0.0:{port}" for end, port in ports.items()},
        near={end: f"127.0.0.1:{port}" for end, port in ports.items()},
        tls=tls,
    )


def far_bound(*sets: str, tls: Tls | None = TLS) -> dict[str, Unit]:
    made = demo(*sets)
    return {unit.path: unit for unit in bind.bind(made, far_binding(made, tls))}


def host_of(address: str) -> str:
    return address.rsplit(":", maxsplit=1)[0]


def test_a_unit_listens_for_others_and_dials_them_by_name() -> None:
    units = far_bound()
    twin, forwarder = units["venue/twin"], units["pipeline/forwarder"]
    assert {host_of(twin.control), host_of(twin.metrics)} == {"0.0.0.0"}
    assert {host_of(each) for each in twin.components[0].listens.values()} == {"0.0.0.0"}
    assert {host_of(each) for each in forwarder.components[0].connects.values()} == {"venue.ns.svc"}
    assert twin.tls == TLS


def test_a_link_inside_its_group_is_plain_and_on_loopback() -> None:
    units = far_bound()
    outlet = units["pipeline/publisher"].components[0].outlets[2]
    inlet = units["pipeline/tcp"].components[0].inlets[0]
    assert outlet.address == inlet.address
    assert host_of(outlet.address) == "127.0.0.1"
    assert not outlet.secure
    assert not inlet.secure


def test_a_link_that_crosses_groups_is_secured_at_every_end() -> None:
    units = far_bound(FAR)
    outlet = units["pipeline/publisher"].components[0].outlets[2]
    near = units["pipeline/near"].components[0].inlets[0]
    far = units["far/far"].components[0].inlets[0]
    assert [host_of(end.address) for end in (outlet, near, far)] == [
        "0.0.0.0",
        "127.0.0.1",
        "pipeline.ns.svc",
    ]
    assert outlet.secure
    assert near.secure
    assert far.secure


def test_without_certificates_nothing_is_secured() -> None:
    units = far_bound(FAR, tls=None)
    assert not units["pipeline/publisher"].components[0].outlets[2].secure
    assert units["pipeline/publisher"].tls is None


def test_a_broadcast_of_a_provider_is_there_for_outsiders() -> None:
    outlet = far_bound("durationSeconds=null")["pipeline/publisher"].components[0].outlets[2]
    assert host_of(outlet.address) == "0.0.0.0"
    assert outlet.secure


def test_a_missing_near_address_is_named() -> None:
    made = demo(FAR)
    full = far_binding(made)
    short = {end: each for end, each in full.near.items() if end != "pipeline/publisher/tcp"}
    with pytest.raises(errors.PlanError, match="pipeline/publisher/tcp"):
        bind.bind(made, dataclasses.replace(full, near=short))
