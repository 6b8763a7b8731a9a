"""The chart against itself and the project: versions, values, schema, README; no tool needed."""

import importlib.util
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml

from architecture import tree
from tickwork.kinds import compiler

CHART = tree.ROOT / "charts" / "tickwork"


def _chart() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    return read


def _schema() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    return read


def test_versions_of_chart_and_project_are_one() -> None:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert _chart()["version"] == _chart()["appVersion"] == project["version"]


def test_readme_and_rules_repeat_what_they_are_made_from() -> None:
    path = tree.ROOT / "tools" / "chart_pages.py"
    spec = importlib.util.spec_from_file_location("chart_pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for page, text in module.pages().items():
        assert page.read_text("utf-8") == text, f"run make kustomize for {page.name}"


def _described(node: dict[str, Any]) -> bool:
    return "description" in node


def _mismatches(given: Any, node: dict[str, Any], path: str) -> Iterator[str]:
    """Yields values without schema and schemas without a value, down to what is described."""
    if _described(node):
        return
    known = node.get("properties", {})
    for name in given.keys() ^ known.keys() - {"global"}:
        yield f"{path}{name} is in {'values' if name in given else 'the schema'} only"
    for name in given.keys() & known.keys():
        yield from _mismatches(given[name], known[name], f"{path}{name}.")


def test_every_value_has_a_default_and_is_described() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    assert list(_mismatches(values, _schema(), "")) == []


def _loose(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _loose(each, path)
    if not isinstance(node, dict):
        return
    fixed = node.get("type") == "object" and "properties" in node
    if fixed and node.get("additionalProperties") is not False and not path.endswith("/spec"):
        yield path
    for name, each in node.items():
        yield from _loose(each, f"{path}/{name}")


def test_schema_refuses_unknown_keys_everywhere() -> None:
    assert list(_loose(_schema(), "")) == []


def test_artifact_hub_is_told_the_images_and_examples_that_hold() -> None:
    notes = _chart()["annotations"]
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))["image"]
    named = {each["name"]: each["image"] for each in yaml.safe_load(notes["artifacthub.io/images"])}
    version = _chart()["appVersion"]
    wanted = {name: f"{values['registry']}/tickwork/{name}:{version}" for name in values["digest"]}
    assert named == wanted
    (crd,) = yaml.safe_load(notes["artifacthub.io/crds"])
    held = yaml.safe_load((CHART / "files" / "crd.yaml").read_text("utf-8"))
    assert crd["name"] == held["metadata"]["name"]
    assert crd["kind"] == held["spec"]["names"]["kind"]


def test_experiments_of_the_chart_are_valid() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    examples = yaml.safe_load(_chart()["annotations"]["artifacthub.io/crdsExamples"])
    for spec in (values["test"]["spec"], values["venueTwin"]["spec"]):
        examples.append(
            {
                "apiVersion": "tickwork.dev/v1alpha1",
                "kind": "Experiment",
                "metadata": {"name": "of-the-chart"},
                "spec": spec,
            }
        )
    for example in examples:
        assert compiler.compile_experiment(compiler.load(yaml.safe_dump(example), "chart"))


def test_the_chart_names_no_kind_in_its_templates() -> None:
    """Kinds come and go; what the chart runs stands in its values."""
    kinds = re.compile(r"\b(?:pipeline|route|echo|clock)\b")
    named = [
        str(path)
        for path, text in tree.texts()
        if path.is_relative_to("charts/tickwork/templates")
        if path.suffix == ".yaml" and kinds.search(text)
    ]
    assert named == []
