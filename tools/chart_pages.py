"""Writes the chart's table of values and the operator's rules; ``--check`` compares.

A fact is written once: what a value is without being set stands in values.yaml, what it means and
may be in values.schema.json, what the operator may do in ``tickwork_operator.resources``. Prose
around the markers of README.md is written by hand.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from tickwork_operator import resources

CHART = pathlib.Path(__file__).resolve().parents[1] / "charts" / "tickwork"
PAGE = CHART / "README.md"
RULES = CHART / "files" / "operator_rules.yaml"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
DEFAULT_COLUMNS_MAX = 64


def values() -> dict[str, Any]:
    """Returns the chart's default values."""
    read: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    return read


def schema() -> dict[str, Any]:
    """Returns the schema of the values, references resolved."""
    read = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    resolved: dict[str, Any] = resolve(read, read["definitions"])
    return resolved


def resolve(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Returns ``node`` with what it refers to beside its own words."""
    if isinstance(node, list):
        return [resolve(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: resolve(each, definitions) for key, each in node.items() if key != "$ref"}
    if "$ref" in node:
        name = node["$ref"].rsplit("/", maxsplit=1)[-1]
        made = {**resolve(definitions[name], definitions), **made}
    return made


def described(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields (path, schema) of every value that is described, in the schema's order."""
    for name, each in node.get("properties", {}).items():
        below = f"{path}{name}"
        if "description" in each:
            yield below, each
        else:
            yield from described(each, f"{below}.")


def words(node: Mapping[str, Any]) -> str:
    """Returns what a value may be: ``integer, 1024 to 65535``, ``one of …``."""
    if "enum" in node:
        return "one of " + ", ".join(f"`{each}`" for each in node["enum"])
    kind = node.get("type", "object")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "minimum" in node and "maximum" in node:
        text += f", {node['minimum']} to {node['maximum']}"
    return text


def default(path: str, given: Mapping[str, Any]) -> str:
    """Returns the default of the value at ``path`` as it may be written in YAML."""
    found: Any = given
    for part in path.split("."):
        found = found.get(part, {})
    text = json.dumps(found, ensure_ascii=False)
    return f"`{text}`" if len(text) <= DEFAULT_COLUMNS_MAX else "see values.yaml"


def table() -> str:
    """Returns the table of values in Markdown."""
    given = values()
    rows = ["| value | default | may be | means |", "|---|---|---|---|"]
    for path, node in described(schema()):
        if path == "global":
            continue
        cells = (f"`{path}`", default(path, given), words(node), str(node["description"]))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def page() -> str:
    """Returns the whole page with its table made anew."""
    text = PAGE.read_text("utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def rules() -> str:
    """Returns what the operator's account may do, as RBAC writes it."""
    head = "# Generated from tickwork_operator.resources by `make kustomize`.\n"
    return head + yaml.safe_dump(resources.rules(), sort_keys=False, default_flow_style=None)


def pages() -> dict[pathlib.Path, str]:
    """Returns path → text of everything in the chart that repeats a fact of elsewhere."""
    return {PAGE: page(), RULES: rules()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    made = pages()
    if arguments.check:
        differing = [path for path, text in made.items() if path.read_text("utf-8") != text]
        for path in differing:
            print(f"{path.relative_to(CHART)} is not what it repeats; run make kustomize")
        return 1 if differing else 0
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
