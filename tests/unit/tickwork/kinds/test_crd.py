import pathlib
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tickwork.kinds import crd, structural

NUMBERS = ("integer", "number")
CHART = pathlib.Path(__file__).parents[4] / "charts" / "tickwork"


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from nodes(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from nodes(each)


def test_the_chart_holds_the_definition() -> None:
    assert (CHART / "files" / "crd.yaml").read_text("utf-8") == crd.to_yaml(), "run make pages"


def test_the_text_reads_back_as_the_definition() -> None:
    assert yaml.safe_load(crd.to_yaml()) == crd.custom_resource_definition()


def test_no_word_of_it_is_a_truth_value_to_helm() -> None:
    """Helm reads YAML 1.1 to the letter: a key ``n`` without quotes is the key ``false``."""
    assert not re.search(r"(?mi)^[ -]*(?:y|n):|:\s(?:y|n)$", crd.to_yaml())


def test_no_text_of_it_is_a_template_to_helm() -> None:
    assert "{{" not in crd.to_yaml()


def test_the_schema_is_structural() -> None:
    for node in nodes(crd.spec_schema()):
        assert not {"$ref", "$defs", "anyOf", "const", "prefixItems", "title"} & set(node)
        assert not ({"properties", "additionalProperties"} <= set(node))
        assert not isinstance(node.get("exclusiveMinimum"), int | float) or isinstance(
            node["exclusiveMinimum"], bool
        )


def test_no_default_is_stored_in_the_cluster() -> None:
    schema = crd.spec_schema()
    assert "default" not in schema["properties"]["durationSeconds"]


def test_fields_are_camel_case_and_bounded() -> None:
    pipeline = crd.spec_schema()["properties"]["pipeline"]
    assert pipeline["properties"]["book"]["properties"]["staleAfterMs"]["minimum"] == 1
    assert pipeline["required"] == ["venue"]


def test_every_number_has_an_upper_bound_that_a_machine_can_hold() -> None:
    numbers = [each for each in nodes(crd.spec_schema()) if each.get("type") in NUMBERS]
    assert len(numbers) > 40
    assert all(each.get("maximum") or each["format"] == "int64" for each in numbers)
    assert all(each.get("maximum", 0) <= structural.EXACT_MAX for each in numbers)


def test_every_text_list_and_mapping_of_the_spec_has_an_end() -> None:
    for each in nodes(crd.spec_schema()):
        kind = each.get("type")
        if kind == "string":
            assert "maxLength" in each or "enum" in each, each
        if kind == "array":
            assert "maxItems" in each, each
        if kind == "object" and "properties" not in each:
            assert "maxProperties" in each, each


def test_what_people_see_of_it() -> None:
    definition = crd.custom_resource_definition()["spec"]
    version = definition["versions"][0]
    columns = version["additionalPrinterColumns"]
    assert [each["name"] for each in columns if "priority" not in each] == [
        "Kind",
        "Phase",
        "Progress",
        "p50",
        "p99",
        "Age",
    ]
    assert [each["name"] for each in columns if "priority" in each] == ["Reason", "Nodes"]
    assert definition["names"]["shortNames"] == ["exp"]
    assert version["subresources"] == {"status": {}}


def test_every_path_of_a_column_is_in_the_schema() -> None:
    schema = crd.object_schema()
    for each in crd.COLUMNS:
        node = schema
        for part in each.path.strip(".").split(".") if "metadata" not in each.path else ():
            node = node["properties"][part]


def test_nothing_that_the_status_may_hold_is_bounded() -> None:
    for each in nodes(crd.object_schema()["properties"]["status"]):
        assert not {"maxLength", "maxItems", "enum", "maximum"} & set(each)
