"""The custom resource's definition, generated from the models; nothing of it is written by hand.

What crosses fields comes from the one table of rules (``validations``), in its words.
"""

from typing import Any, NamedTuple

import yaml

from tickwork.kinds import compiler, structural, validations
from tickwork.manifest.envelope import API_VERSION, NAME_CHARACTERS_MAX, NAME_PATTERN, Shared
from tickwork.manifest.status import Status

GROUP, VERSION = API_VERSION.split("/")
NAME = f"experiments.{GROUP}"

ORIGIN = "# Generated from the models of tickwork.manifest and tickwork.kinds by: make pages"


class Column(NamedTuple):
    """A column of `kubectl get`; ``is_wide`` ones are shown by `-o wide` only."""

    name: str
    type: str
    path: str
    says: str
    is_wide: bool = False


COLUMNS = (
    Column("Kind", "string", ".status.kind", "the kind of Experiment"),
    Column("Phase", "string", ".status.phase", "the summary of the conditions"),
    Column("Progress", "number", ".status.progress.percent", "per cent of the run"),
    Column("p50", "string", ".status.p50", "the median of the first figure"),
    Column("p99", "string", ".status.p99", "its 99th percentile"),
    Column("Age", "date", ".metadata.creationTimestamp", "since it was applied"),
    Column("Reason", "string", ".status.reason", "why it is not where it should be", is_wide=True),
    Column("Nodes", "string", ".status.nodes", "where its pods are", is_wide=True),
)
# What `kubectl get --field-selector` may ask for.
SELECTABLE = (".status.phase", ".status.kind", ".spec.suspend")


def custom_resource_definition() -> dict[str, Any]:
    """Returns the whole CustomResourceDefinition as plain values."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": "Experiment",
                "listKind": "ExperimentList",
                "plural": "experiments",
                "singular": "experiment",
                "shortNames": ["exp"],
                "categories": ["tickwork"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": object_schema()},
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [_column(each) for each in COLUMNS],
                    "selectableFields": [{"jsonPath": each} for each in SELECTABLE],
                }
            ],
        },
    }


class _Dumper(yaml.SafeDumper):
    """Quotes the words that Helm's YAML 1.1 reads as true or false, and PyYAML as texts."""


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if value.lower() in {"y", "n"} else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent_text)


def to_yaml() -> str:
    """Returns the definition as `kubectl apply` takes it."""
    made = custom_resource_definition()
    text = yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=100)
    return f"{ORIGIN}\n{text}"


def object_schema() -> dict[str, Any]:
    """Returns the schema of the whole object, with its rules."""
    name = {"type": "string", "pattern": NAME_PATTERN, "maxLength": NAME_CHARACTERS_MAX}
    schema: dict[str, Any] = {
        "type": "object",
        "description": "An Experiment: what to run, and what came of it.",
        "required": ["spec"],
        "properties": {
            "metadata": {"type": "object", "properties": {"name": name}},
            "spec": spec_schema(),
            "status": structural.schema_of(Status),
        },
    }
    validations.add_rules(schema)
    validations.add_immutability(schema["properties"]["spec"])
    return schema


def spec_schema() -> dict[str, Any]:
    """Returns the schema of ``spec`` without rules: shared fields, one property per kind."""
    schema = structural.schema_of(Shared)
    for name in sorted(compiler.KINDS):
        schema["properties"][name] = structural.schema_of(compiler.KINDS[name].spec)
    return schema


def _column(column: Column) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "jsonPath": column.path,
        "description": column.says,
    }
    return {**made, "priority": 1} if column.is_wide else made
