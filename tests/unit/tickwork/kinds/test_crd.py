import json
import pathlib
from collections.abc import Iterator
from typing import Any

from tickwork.kinds import crd

GOLDEN = pathlib.Path(__file__).parents[3] / "golden" / "crd.json"


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from nodes(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from nodes(each)


def test_the_definition_is_the_golden_one() -> None:
    golden = json.loads(GOLDEN.read_text())
    remedy = "read the diff of: python tests/golden/regenerate.py"
    assert crd.custom_resource_definition() == golden, remedy


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
    schema = crd.spec_schema()
    # Cores are bounded by a rule, which says more than a schema can.
    del schema["properties"]["pipeline"]["properties"]["cpus"]
    numbers = [node for node in nodes(schema) if node.get("type") in ("integer", "number")]
    assert len(numbers) > 40
    assert all(node["maximum"] <= 1 << 63 for node in numbers)
