import pathlib

import pytest

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.plan import bind, hosts, plan
from tickwork.unit.unit import Unit

DEMO = pathlib.Path(__file__).parents[4] / "experiments" / "pipeline" / "demo.yaml"


def demo(*sets: str) -> plan.Plan:
    return compiler.compile_experiment(compiler.load_file(DEMO, sets))


def bound(made: plan.Plan) -> dict[str, Unit]:
    return {unit.name: unit for unit in bind.bind(made, hosts.binding(made, "run-1"))}


def test_every_unit_listens_everywhere_and_is_dialled_by_its_name() -> None:
    units = bound(demo())
    assert {unit.control for unit in units.values()} == {"0.0.0.0:7000"}
    assert {unit.metrics for unit in units.values()} == {"0.0.0.0:7001"}
    twin = units["twin"].components[0]
    forwarder = units["forwarder"].components[0]
    assert {name: value.replace("0.0.0.0", "twin") for name, value in twin.listens.items()} == (
        forwarder.connects
    )


def test_a_fixed_port_is_kept_and_given_to_nobody_else() -> None:
    made = demo("pipeline.publish.tcp.port=7001")
    publisher = bound(made)["publisher"]
    numbers = {publisher.control, publisher.metrics}
    assert numbers == {"0.0.0.0:7000", "0.0.0.0:7002"}
    assert publisher.components[0].outlets[2].address == "publisher:7001"


def test_targets_name_every_unit() -> None:
    made = demo()
    assert set(hosts.targets(made)) == set(made.unit_paths())
    assert hosts.targets(made)["venue/twin"] == "twin:7000"


def test_two_units_of_one_name_are_refused() -> None:
    made = demo()
    doubled = made.model_copy(update={"groups": (*made.groups, made.groups[0])})
    with pytest.raises(errors.PlanError, match=r"several are named twin\."):
        hosts.binding(doubled, "run-1")
