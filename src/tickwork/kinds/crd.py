"""The schema of the custom resource, generated from the models; nothing of it is written by hand.

The result is structural as Kubernetes wants it: no references, no unions with null, no defaults
(those live in the models), bounds in the words of OpenAPI v3.
"""

from typing import Any

import pydantic

from tickwork.kinds import compiler
from tickwork.manifest.envelope import API_VERSION, Shared

_DROPPED = frozenset({"title", "default", "additionalProperties", "discriminator"})


def custom_resource_definition() -> dict[str, Any]:
    """Returns the whole CustomResourceDefinition as plain values."""
    group, version = API_VERSION.split("/")
    schema = {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": spec_schema(),
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"experiments.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {
                "kind": "Experiment",
                "listKind": "ExperimentList",
                "plural": "experiments",
                "singular": "experiment",
            },
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


def spec_schema() -> dict[str, Any]:
    """Returns the schema of ``spec``: the shared fields, and one property per kind."""
    schema = _structural(Shared)
    names = sorted(compiler.KINDS)
    for name in names:
        schema["properties"][name] = _structural(compiler.KINDS[name].spec)
    schema["oneOf"] = [{"required": [name]} for name in names]
    return schema


def _structural(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    raw = model.model_json_schema(by_alias=True)
    return _convert(raw, raw.get("$defs", {}))


def _convert(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        inside = _convert(definitions[node["$ref"].rsplit("/", maxsplit=1)[-1]], definitions)
        return {**inside, **_described(node)}
    if "anyOf" in node:
        return _nullable(node, definitions)
    made = {key: value for key, value in node.items() if key not in _DROPPED | {"$defs"}}
    if "const" in made:
        made["enum"] = [made.pop("const")]
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if word in made:
            made[bound], made[word] = made[word], True
    if "properties" in made:
        made["properties"] = {
            name: _convert(each, definitions) for name, each in made["properties"].items()
        }
    if "items" in made:
        made["items"] = _convert(made["items"], definitions)
    return _open_map(made, node.get("additionalProperties"), definitions)


def _open_map(made: dict[str, Any], values: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Says what a mapping without fixed keys holds; any value is left to our own validation."""
    if values is True or values == {}:
        made["x-kubernetes-preserve-unknown-fields"] = True
    elif isinstance(values, dict):
        made["additionalProperties"] = _convert(values, definitions)
    return made


def _nullable(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Returns the one schema of a union with null; other unions have no structural form."""
    kinds = [each for each in node["anyOf"] if each.get("type") != "null"]
    if len(kinds) != 1:
        raise TypeError(f"no structural form for the union {node['anyOf']}")
    return {**_convert(kinds[0], definitions), **_described(node), "nullable": True}


def _described(node: dict[str, Any]) -> dict[str, Any]:
    return {"description": node["description"]} if "description" in node else {}
