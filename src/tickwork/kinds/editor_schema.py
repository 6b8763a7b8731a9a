"""The JSON schema of an Experiment file, for editors: completion, defaults, mistakes while typing.

It knows what single fields may hold, not the rules across them: those are `tickwork validate`'s.
"""

from typing import Any

import pydantic

from tickwork.kinds import compiler, structural
from tickwork.manifest.envelope import API_VERSION, Head, Shared

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def editor_schema() -> dict[str, Any]:
    """Returns the schema as plain values; kinds are one property each, of which one is needed."""
    definitions: dict[str, Any] = {}
    whole = _taken(Head, definitions)
    spec = _taken(Shared, definitions)
    names = sorted(compiler.KINDS)
    for name in names:
        model = compiler.KINDS[name].spec
        definitions[model.__name__] = _taken(model, definitions)
        spec["properties"][name] = {"$ref": f"#/$defs/{model.__name__}"}
    spec["oneOf"] = [{"required": [name]} for name in names]
    definitions["Spec"] = spec
    whole["properties"]["spec"] = {"$ref": "#/$defs/Spec"}
    whole["required"] = [*whole["required"], "spec"]
    return {
        "$schema": DIALECT,
        "title": f"Experiment ({API_VERSION})",
        **{key: value for key, value in _outside(whole).items() if key != "title"},
        "$defs": {name: _outside(each) for name, each in sorted(definitions.items())},
    }


def _taken(model: type[pydantic.BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema of ``model``; what it refers to goes to ``definitions``."""
    made = model.model_json_schema(by_alias=True)
    definitions.update(made.pop("$defs", {}))
    return made


def _outside(node: Any) -> Any:
    """Returns a schema with descriptions as people outside read them, without Kubernetes' words."""
    if isinstance(node, list):
        return [_outside(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: structural.outside(value)
        if key == "description" and isinstance(value, str)
        else _outside(value)
        for key, value in node.items()
        if not key.startswith("x-kubernetes-")
    }
