import model_cluster
import pytest
from tickwork_operator.objects import addresses, config_map, run

from tickwork import errors


def read(**more: object) -> run.Run:
    body = model_cluster.experiment()
    body["spec"]["pipeline"] |= more
    return run.read(body, 1, model_cluster.OPTIONS)


def test_ports_count_up_in_a_group_and_fixed_ones_are_kept() -> None:
    venue, pipeline = read().plan.groups
    assert list(addresses.ports(venue).values()) == [7000, 7001, 7002, 7003]
    given = addresses.ports(pipeline)
    assert given["publisher", "tcp"] == 9000
    assert given["publisher", "control"] == 7000
    assert len(set(given.values())) == len(given)


def test_a_fixed_port_is_given_to_nobody_else() -> None:
    made = read(publish={"name": "demo", "tcp": {"port": 7001}})
    given = addresses.ports(made.plan.groups[1])
    assert given["publisher", "tcp"] == 7001
    assert given["publisher", "metrics"] == 7002


def test_two_ports_fixed_on_one_number_are_refused() -> None:
    group = read().plan.groups[1]
    unit = group.units[1]
    ports = (*unit.ports[:1], unit.ports[1].model_copy(update={"number": 9000}))
    units = (group.units[0], unit.model_copy(update={"ports": ports}))
    with pytest.raises(errors.PlanError, match="both want 9000"):
        addresses.ports(group.model_copy(update={"units": units}))


def test_units_listen_everywhere_and_dial_by_the_services_name_or_on_loopback() -> None:
    made = read()
    units = {unit.path: unit for unit in config_map.bind_units(made)}
    assert units["venue/twin"].control == "0.0.0.0:7000"
    service = made.services()["venue"]
    forwarder = units["pipeline/forwarder"].components[0]
    assert forwarder.connects["websocket"] == f"{service}.lab.svc:7002"
    reader = units["pipeline/tcp"].components[0].inlets[0]
    assert reader.address == "127.0.0.1:9000"
    assert units["venue/twin"].output_directory == "/run/tickwork/output/twin"
    assert units["venue/twin"].segment_directory == "/run/tickwork/shm"


def test_the_conductor_dials_every_unit() -> None:
    made = read()
    targets = addresses.targets(made.plan, made.services(), "lab")
    assert set(targets) == set(made.plan.unit_paths())
    assert targets["venue/twin"] == f"{made.services()['venue']}.lab.svc:7000"
