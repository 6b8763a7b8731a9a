from collections.abc import Iterator
from typing import Any

from tickwork.kinds import compiler, editor_schema


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def test_every_reference_leads_somewhere() -> None:
    schema = editor_schema.editor_schema()
    references = {each["$ref"] for each in nodes(schema) if isinstance(each.get("$ref"), str)}
    assert len(references) > 10
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_it_knows_every_kind_and_unknown_keys_are_mistakes() -> None:
    schema = editor_schema.editor_schema()
    spec = schema["$defs"]["Spec"]
    assert set(compiler.KINDS) <= set(spec["properties"])
    assert spec["oneOf"] == [{"required": [name]} for name in sorted(compiler.KINDS)]
    assert spec["additionalProperties"] is False
    assert schema["required"] == ["apiVersion", "kind", "metadata", "spec"]


def test_it_holds_defaults_and_none_of_kubernetes_own_words() -> None:
    schema = editor_schema.editor_schema()
    assert schema["$defs"]["Cluster"]["properties"]["startDeadlineSeconds"]["default"] == 300
    assert not [key for each in nodes(schema) for key in each if key.startswith("x-kubernetes")]
