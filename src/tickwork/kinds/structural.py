"""Models as structural schemas, the form of JSON Schema that Kubernetes wants.

No references, no unions with null, no defaults (those live in the models and are never stored),
bounds in the words of OpenAPI v3. What that form cannot say of a mapping's keys is said in CEL.
"""

import json
import re
from typing import Any

import pydantic
import pydantic.alias_generators

VALIDATIONS = "x-kubernetes-validations"
PRESERVE = "x-kubernetes-preserve-unknown-fields"

# An API server holds bounds as binary floating point, exact up to here; int64 is its own bound.
EXACT_MAX = 1 << 53

_DROPPED = frozenset(
    {
        "$defs",
        "additionalProperties",
        "default",
        "discriminator",
        "patternProperties",
        "propertyNames",
        "title",
    }
)
_EXCLUSIVE = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def schema_of(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Returns the structural schema of ``model``; raises TypeError for what has none."""
    raw = model.model_json_schema(by_alias=True)
    return _convert(raw, raw.get("$defs", {}))


def outside(text: str) -> str:
    """Returns a docstring as people outside read it: fields in camelCase, on one line."""
    words = " ".join(text.split())
    return re.sub("``([a-z0-9_]+)``", lambda m: _field(m.group(1)), words).replace("``", "`")


def _field(name: str) -> str:
    return f"`{pydantic.alias_generators.to_camel(name).replace('Mib', 'MiB')}`"


def _convert(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        inside = definitions[node["$ref"].rsplit("/", maxsplit=1)[-1]]
        return {**_convert(inside, definitions), **_described(node)}
    if "anyOf" in node:
        return _union(node, definitions)
    made = {key: value for key, value in node.items() if key not in _DROPPED}
    if "description" in made:
        made["description"] = outside(made["description"])
    if "const" in made:
        made["enum"] = [made.pop("const")]
    for word, bound in _EXCLUSIVE:
        if word in made:
            made[bound], made[word] = made[word], True
    if made.get("maximum", 0) > EXACT_MAX:
        made = {**made, "format": "int64"}
        del made["maximum"]
        made.pop("exclusiveMaximum", None)
    if "properties" in made:
        made["properties"] = {
            name: {**_convert(each, definitions), **_told(each)}
            for name, each in made["properties"].items()
        }
    if "items" in made:
        made["items"] = _convert(made["items"], definitions)
    return _mapping(made, node, definitions)


def _told(field: dict[str, Any]) -> dict[str, Any]:
    """Says in words what a field is without being written; nothing stores it."""
    default = field.get("default")
    if default is None or isinstance(default, dict | list):
        return {}
    return {"description": f"Default: {json.dumps(default)}."}


def _mapping(
    made: dict[str, Any], node: dict[str, Any], definitions: dict[str, Any]
) -> dict[str, Any]:
    """Says what a mapping holds; values of any type are left to our own validation."""
    values = node.get("additionalProperties")
    for pattern, inside in node.get("patternProperties", {}).items():
        values = inside
        keys = f"self.all(k, k.matches({json.dumps(pattern)}))"
        made[VALIDATIONS] = [{"rule": keys, "message": f"keys should match '{pattern}'"}]
    if values is True or values == {}:
        made[PRESERVE] = True
    elif isinstance(values, dict):
        made["additionalProperties"] = _convert(values, definitions)
    return made


def _union(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Returns the one schema of a union with null, or of scalars; others have no such form.

    A union of scalars has no type; each bound holds for values of the type that it is meant for.
    """
    kinds = [each for each in node["anyOf"] if each.get("type") != "null"]
    if len(kinds) == 1:
        nullable = {**_convert(kinds[0], definitions), **_described(node)}
        extra = {key: value for key, value in node.items() if key == "format"}
        return {**nullable, **extra, "nullable": True}
    if any(each.get("type") not in ("integer", "number", "string") for each in kinds):
        raise TypeError(f"no structural form for the union {node['anyOf']}")
    made: dict[str, Any] = {PRESERVE: True}
    for each in kinds:
        made |= {k: v for k, v in _convert(each, definitions).items() if k != "type"}
    return made


def _described(node: dict[str, Any]) -> dict[str, Any]:
    return {"description": outside(node["description"])} if "description" in node else {}
