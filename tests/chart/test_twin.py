"""The venue twin of the chart, and the Experiment of its test: what comes before the kind does."""

from typing import Any

import yaml
from tickwork_operator.objects import names

from chart import rendering
from tickwork.kinds import compiler

HOOK = "helm.sh/hook"


def _experiments(made: str) -> list[dict[str, Any]]:
    read = yaml.load_all(made, Loader=yaml.CSafeLoader)
    return [each for each in read if each and each["kind"] == "Experiment"]


def _twin(*arguments: str, **values: Any) -> list[dict[str, Any]]:
    return _experiments(rendering.text({"venueTwin": {"enabled": True, **values}}, *arguments))


def test_a_first_install_brings_the_twin_after_the_kind() -> None:
    brought, removed = _twin()
    assert "post-install" in brought["metadata"]["annotations"][HOOK]
    assert removed["metadata"]["annotations"][HOOK] == "pre-delete"
    assert removed["spec"]["suspend"] is True
    assert brought["metadata"]["name"] == removed["metadata"]["name"]


def test_the_next_upgrade_takes_it_over() -> None:
    (managed,) = _twin("--api-versions", rendering.KIND)
    brought, _ = _twin()
    assert managed["spec"] == brought["spec"]
    assert managed["metadata"]["name"] == brought["metadata"]["name"]
    marks = brought["metadata"]["annotations"]
    assert marks["meta.helm.sh/release-name"] == "tickwork"
    assert marks["meta.helm.sh/release-namespace"] == "tickwork"
    assert "annotations" not in managed["metadata"]


def test_another_spec_is_another_experiment() -> None:
    (one,) = _twin("--api-versions", rendering.KIND)
    (other,) = _twin("--api-versions", rendering.KIND, spec={"seed": 2})
    assert one["metadata"]["name"] != other["metadata"]["name"]


def test_the_twin_is_a_provider_whose_service_finds_its_ports() -> None:
    made = rendering.text({"venueTwin": {"enabled": True}}, "--api-versions", rendering.KIND)
    (value,) = _experiments(made)
    planned = compiler.compile_experiment(compiler.load(yaml.safe_dump(value), "twin"))
    assert planned.is_provider
    group = next(each for each in planned.groups if each.name == "venue")
    ports = [(unit.name, port.name) for unit in group.units for port in unit.ports]
    service = rendering.objects(made)["Service", "tickwork", "venue-twin"]
    wanted = {port["targetPort"] for port in service["spec"]["ports"]}
    assert wanted <= set(names.port_names(ports).values())


def test_without_it_nothing_of_it_is_made(defaults: rendering.Objects) -> None:
    assert not [key for key in defaults if key[0] == "Experiment" or key[2] == "venue-twin"]
