import json

import model_cluster
import pytest
from tickwork_operator import reasons
from tickwork_operator.objects import config_map, run

from tickwork.unit.unit import Unit


def read() -> run.Run:
    return run.read(model_cluster.experiment(), 1, model_cluster.OPTIONS)


def test_every_unit_of_a_group_has_its_file() -> None:
    made = read()
    [venue, pipeline] = made.plan.groups
    units = config_map.bind_units(made)
    assert set(config_map.build_units(made, venue, units)["data"]) == {"twin.json"}
    data = config_map.build_units(made, pipeline, units)["data"]
    assert set(data) == {f"{unit.name}.json" for unit in pipeline.units}
    unit = Unit.model_validate_json(data["book.json"])
    assert (unit.path, unit.run) == ("pipeline/book", made.run_id)


def test_the_conductor_is_told_the_experiment_the_plan_and_the_addresses() -> None:
    made = read()
    data = config_map.build_plan(made)["data"]
    assert set(data) == {"experiment.yaml", "plan.json", "addresses.json"}
    assert set(json.loads(data["addresses.json"])["targets"]) == set(made.plan.unit_paths())


def test_what_is_too_large_for_the_store_is_an_invalid_spec(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config_map, "DATA_BYTES_MAX", 9_000)
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.INVALID_SPEC)
    assert "9000 B" in cluster.status["message"]
    assert "fewer arms" in cluster.status["message"]
    assert cluster.children == {}


def test_a_config_map_never_changes() -> None:
    assert config_map.build_plan(read())["immutable"] is True
