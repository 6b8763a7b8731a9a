"""Puts the rules across fields into a structural schema, each where its ``self`` is."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tickwork.kinds import compiler
from tickwork.kinds.structural import VALIDATIONS
from tickwork.manifest import shared_rules
from tickwork.manifest.rule import Cel, Rule

IMMUTABLE = (
    "is immutable: only suspend may be changed; delete the Experiment and apply it anew, or give "
    "the other one another name"
)
CHANGEABLE = "suspend"
LIST_TYPE = "x-kubernetes-list-type"


class Entry(NamedTuple):
    """One rule of the table: whose it is (``spec``, or a kind's name), and the rule."""

    owner: str
    rule: Rule[Any]


def table() -> Iterator[Entry]:
    """Yields every rule across fields, in one table."""
    kinds = compiler.KINDS
    one_kind = Rule[Any](
        shared_rules.one_kind_words(kinds), lambda *_: (), (shared_rules.kind_rule(kinds),)
    )
    yield Entry("spec", one_kind)
    for rule in shared_rules.RULES:
        yield Entry("spec", rule)
    for name in sorted(kinds):
        yield Entry("spec", shared_rules.group_rule(kinds[name]))
        for rule in kinds[name].rules:
            yield Entry(name, rule)


def add_rules(schema: dict[str, Any]) -> None:
    """Adds the CEL of every rule to ``schema``, the schema of the whole object."""
    for entry in table():
        for cel in entry.rule.cel:
            _node(schema, cel.at).setdefault(VALIDATIONS, []).append(_written(entry.rule, cel))


def add_immutability(spec: dict[str, Any]) -> None:
    """Makes every property of ``spec`` unchangeable, but one."""
    fields = [name for name in spec["properties"] if name != CHANGEABLE]
    _freeze_presence(spec, fields)
    for name in fields:
        _freeze(spec["properties"][name])


def _freeze_presence(node: dict[str, Any], fields: Iterable[str]) -> None:
    for name in fields:
        rule = {"rule": f"has(self.{name}) == has(oldSelf.{name})", "message": IMMUTABLE}
        node.setdefault(VALIDATIONS, []).append({**rule, "fieldPath": f".{name}"})


def _freeze(node: dict[str, Any]) -> None:
    """Adds the transition rule to a property.

    Lists with keys and sets are equal in any order to an API server; here it has a meaning.
    """
    if node.get(LIST_TYPE) == "map" and _is_open(node["items"]):
        _freeze_order(node)
        _freeze_presence(node["items"], node["items"]["properties"])
        for each in node["items"]["properties"].values():
            _freeze(each)
        return
    node.setdefault(VALIDATIONS, []).append({"rule": "self == oldSelf", "message": IMMUTABLE})
    for each in _below(node):
        if LIST_TYPE in each:
            _freeze_order(each)


def _freeze_order(node: dict[str, Any]) -> None:
    key = "".join(f".{each}" for each in node.get("x-kubernetes-list-map-keys", ()))
    same = f"self.all(i, each, each{key} == oldSelf[i]{key})"
    rule = f"self.size() == oldSelf.size() && {same}"
    node.setdefault(VALIDATIONS, []).append({"rule": rule, "message": IMMUTABLE})


def _is_open(node: dict[str, Any]) -> bool:
    """Says whether something below ``node`` holds any value: to compare it whole has no bound."""
    return any(each.get("x-kubernetes-preserve-unknown-fields") for each in _below(node))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("properties", {}).values():
        yield from _below(each)
    for name in ("items", "additionalProperties"):
        if isinstance(node.get(name), dict):
            yield from _below(node[name])


def _written(rule: Rule[Any], cel: Cel) -> dict[str, Any]:
    made = {"rule": cel.expression, "message": rule.words}
    if cel.detail:
        made["messageExpression"] = f"{json.dumps(rule.words + ': ')} + {cel.detail}"
    if cel.field:
        made["fieldPath"] = cel.field
    return made


def _node(schema: dict[str, Any], at: str) -> dict[str, Any]:
    """Returns the node of ``schema`` at a place; raises KeyError where there is none."""
    node = schema
    for part in at.replace("[]", ".[]").split(".") if at else ():
        if part == "[]":
            node = node["items"]
        elif part == "*":
            node = node["additionalProperties"]
        else:
            node = node["properties"][part]
    return node
