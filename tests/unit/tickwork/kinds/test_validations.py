from typing import Any

from tickwork.kinds import crd, structural, validations
from tickwork.manifest.envelope import Shared


def rules_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    return list(node.get(structural.VALIDATIONS, []))


def test_every_rule_is_refused_by_somebody_and_says_so_in_words() -> None:
    entries = list(validations.table())
    assert len(entries) > 30
    assert all(entry.rule.words for entry in entries)
    only_ours = [entry.rule.words for entry in entries if not entry.rule.cel]
    assert only_ours[0] == "duplicate value"
    unreachable = [each for each in entries if not each.rule.cel and not each.rule.by_schema]
    assert [each.rule.words.split(" set ")[0] for each in unreachable] == ["an arm cannot"]


def test_messages_are_the_words() -> None:
    words = {entry.rule.words for entry in validations.table() if entry.rule.cel}
    spec = crd.object_schema()["properties"]["spec"]
    assert {each["message"] for each in rules_of(spec)} - words == {validations.IMMUTABLE}


def test_every_field_but_one_is_immutable() -> None:
    spec = crd.object_schema()["properties"]["spec"]
    frozen = {
        each["fieldPath"] for each in rules_of(spec) if each["message"] == validations.IMMUTABLE
    }
    names = {f".{field.alias}" for field in Shared.model_fields.values()}
    assert frozen == (names | {".pipeline"}) - {".suspend"}
    for name, node in spec["properties"].items():
        changes = [each for each in rules_of(node) if each["message"] == validations.IMMUTABLE]
        assert bool(changes) == (name != "suspend"), name


def test_the_order_of_keyed_lists_is_kept() -> None:
    spec = crd.object_schema()["properties"]["spec"]["properties"]
    consumers = rules_of(spec["pipeline"]["properties"]["consumers"])
    assert any("each.name == oldSelf[i].name" in each["rule"] for each in consumers)
    arms = rules_of(spec["arms"])
    assert any("each.name == oldSelf[i].name" in each["rule"] for each in arms)
    assert rules_of(spec["arms"]["items"]["properties"]["set"])[0]["rule"] == "self == oldSelf"
