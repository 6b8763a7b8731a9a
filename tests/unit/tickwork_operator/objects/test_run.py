import types

import model_cluster
import pytest
from tickwork_operator.objects import run

from tickwork import errors
from tickwork.kinds import compiler

OPTIONS = model_cluster.OPTIONS


def test_the_text_is_an_experiment_that_a_person_could_run() -> None:
    body = model_cluster.experiment()
    body["metadata"] |= {"resourceVersion": "5", "managedFields": []}
    body["status"] = {"phase": "Running"}
    made = run.read(body, 1, OPTIONS)
    again = compiler.compile_experiment(compiler.load(made.text, "experiment.yaml"))
    assert again == made.plan
    assert "resourceVersion" not in made.text


def test_mappings_of_any_class_are_read() -> None:
    body = types.MappingProxyType(model_cluster.experiment())
    assert run.read(body, 1, OPTIONS).plan.experiment == "demo"


def test_the_plan_that_a_run_was_begun_with_holds() -> None:
    body = model_cluster.experiment()
    recorded = run.read(body, 1, OPTIONS).plan
    body["spec"]["seed"] = 5
    body["spec"]["fieldOfTomorrow"] = 1
    body["spec"]["cluster"] = {"startDeadlineSeconds": 7}
    made = run.read(body, 1, OPTIONS, recorded.model_dump_json(by_alias=True))
    assert made.plan == recorded
    assert made.cluster.start_deadline_seconds == 7


def test_mistakes_are_told_by_path_and_the_rest_is_counted() -> None:
    body = model_cluster.experiment()
    body["spec"] |= {f"wrong{index}": 1 for index in range(12)}
    with pytest.raises(errors.ManifestError) as raised:
        run.read(body, 1, OPTIONS)
    text = run.explain(raised.value, body)
    assert "wrong0: " in text
    assert "and 4 more" in text
    assert "\n" not in text


def explain(body: dict) -> str:
    with pytest.raises(errors.ManifestError) as raised:
        run.read(body, 1, OPTIONS)
    return run.explain(raised.value, body)


@pytest.mark.parametrize("place", ["spec", "spec.pipeline", "spec.pipeline.consumers.0"])
def test_a_field_that_the_cluster_took_and_we_do_not_know_is_of_a_newer_definition(
    place: str,
) -> None:
    body = model_cluster.experiment()
    holder = body
    for part in place.split("."):
        holder = holder[int(part)] if part.isdecimal() else holder[part]
    holder["fieldOfTomorrow"] = 1
    text = explain(body)
    assert text.startswith("this operator is older than the definition")
    assert "fieldOfTomorrow: unknown field" in text


def test_a_mistake_is_not_laid_on_the_definition() -> None:
    wrong, arm = model_cluster.experiment(), model_cluster.experiment()
    wrong["spec"]["durationSeconds"] = -1
    arm["spec"]["arms"] = [{"name": "a", "set": {"pipeline.bok": 1}}]
    for body in (wrong, arm):
        assert "older" not in explain(body)


def test_groups_are_placed_by_their_name_without_an_arm() -> None:
    body = model_cluster.experiment(groups={"venue": {"region": "far"}})
    body["spec"]["arms"] = [
        {"name": "a", "set": {"pipeline.placement": "fused"}},
        {"name": "b", "set": {"pipeline.placement": "split"}},
    ]
    body["spec"]["pipeline"]["publish"].pop("tcp")
    body["spec"]["pipeline"]["consumers"].pop()
    made = run.read(body, 1, OPTIONS)
    regions = {group.name: made.placement(group).region for group in made.plan.groups}
    assert regions == {"venue-a": "far", "pipeline-a": None, "venue-b": "far", "pipeline-b": None}


def test_links_are_secured_unless_it_is_written_otherwise() -> None:
    assert run.read(model_cluster.experiment(), 1, OPTIONS).secured
    assert not run.read(model_cluster.experiment(plaintext=True), 1, OPTIONS).secured


@pytest.mark.parametrize("recorded", ["", "{}", '{"groups": 5}'])
def test_a_recorded_plan_that_nobody_understands_is_said(recorded) -> None:
    with pytest.raises(errors.PlanError, match="begun with"):
        run.read(model_cluster.experiment(), 1, OPTIONS, recorded)
