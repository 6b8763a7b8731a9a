import pathlib

from tickwork.kinds import compiler
from tickwork.plan import plan as plans

DEMO = pathlib.Path(__file__).parents[5] / "experiments" / "pipeline" / "demo.yaml"
REAL = ["pipeline.venue.twin=null", "pipeline.book.proof=[ticker]"]


def demo(*sets: str) -> plans.Plan:
    return compiler.compile_experiment(compiler.load_file(DEMO, sets))


def component(made: plans.Plan, name: str) -> plans.PlannedComponent:
    found = [each for _, unit in made.units() for each in unit.components if each.name == name]
    return found[0]


def test_every_value_is_written_out() -> None:
    settings = component(demo(), "book").settings
    assert settings["staleAfterMs"] == 1000
    assert settings["snapshotRetryMs"] == 2000
    assert settings["proof"] == ["ticker", "truth"]


def test_the_twin_and_the_forwarder_share_what_is_asked() -> None:
    made = demo("pipeline.venue.twin.corruptTruthEvery=1000")
    twin, forwarder = component(made, "twin").settings, component(made, "forwarder").settings
    assert twin["corruptTruthEvery"] == 1000
    assert twin["instruments"] == forwarder["instruments"]
    assert len(twin["faults"]) == 9
    assert forwarder["tls"] is False


def test_without_a_twin_it_is_the_real_exchange() -> None:
    made = demo(*REAL)
    forwarder = component(made, "forwarder")
    assert [group.name for group in made.groups] == ["pipeline"]
    assert (forwarder.connects, forwarder.urls) == ({}, {})
    assert forwarder.settings["tls"] is True


def test_an_endpoint_of_ones_own() -> None:
    endpoint = "{websocket: 'ws://127.0.0.1:5', rest: '127.0.0.1:6', tls: false, proxy: 'http://p'}"
    forwarder = component(demo(*REAL, f"pipeline.venue.endpoint={endpoint}"), "forwarder")
    assert forwarder.urls == {"websocket": "ws://127.0.0.1:5", "rest": "http://127.0.0.1:6"}
    assert forwarder.settings["tls"] is False
    assert forwarder.settings["proxy"] == "http://p"


def test_fused_is_one_unit() -> None:
    made = demo("pipeline.placement=fused")
    assert made.unit_paths() == [
        "venue/twin",
        "pipeline/engine",
        "pipeline/forwarder",
        "pipeline/shm",
        "pipeline/tcp",
    ]
    ports = {unit.name: [port.name for port in unit.ports] for _, unit in made.units()}
    assert ports["engine"] == ["control", "metrics", "tcp"]
    assert made.stop_order()[:2] == ["pipeline/forwarder", "pipeline/engine"]


def test_only_loops_that_can_spin_do() -> None:
    waits = {unit.name: unit.wait for _, unit in demo("pipeline.wait=spin").units()}
    assert [name for name, wait in waits.items() if wait == "spin"] == [
        "publisher",
        "book",
        "normalizer",
        "shm",
    ]


def test_arms_have_no_fixed_port() -> None:
    made = demo("arms=[{name: a}, {name: b, set: {pipeline.placement: fused}}]")
    assert {port.number for _, unit in made.units() for port in unit.ports} == {None}
    connects = component(made, "forwarder").connects
    assert connects["rest"] == "venue-a/twin/rest"


def test_cores_go_to_their_units() -> None:
    made = demo(
        "pipeline.cpus={book: [1]}", "pipeline.realTimePriority=5", "pipeline.lockMemory=true"
    )
    units = {unit.name: unit for _, unit in made.units()}
    assert (units["book"].cpus, units["normalizer"].cpus) == ((1,), ())
    assert units["book"].real_time_priority == 5
    assert units["book"].lock_memory


def test_without_consumers_it_still_publishes() -> None:
    made = demo("pipeline.consumers=[]")
    assert [link.name for link in made.links][-2:] == ["publisher.book", "publisher.tcp"]


def test_a_recorder_is_fed_by_a_pipe_of_its_own_and_stops_after_the_forwarder() -> None:
    made = demo("pipeline.record={file: a.twr}")
    [link] = [each for each in made.links if each.name == "forwarder.record"]
    assert (link.topology, link.transport) == ("pipe", "shm")
    assert link.inlets[0].unit == "pipeline/recorder"
    assert component(made, "recorder").settings["lines"] == 4
    assert component(made, "twin").settings["sumPayloads"] is True
    order = made.stop_order()
    assert order.index("pipeline/forwarder") < order.index("pipeline/recorder")
    assert component(demo(), "twin").settings["sumPayloads"] is False


def test_a_replay_waits_for_as_many_lines_as_the_forwarder_has() -> None:
    replay = ["pipeline.venue.twin={replay: {capture: a.twr, speed: 2}}"]
    twin = component(demo(*replay), "twin").settings
    assert twin["replay"] == {"capture": "a.twr", "speed": "2"}
    assert twin["lines"] == 2
