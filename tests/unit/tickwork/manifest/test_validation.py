from collections.abc import Mapping

import pydantic

from tickwork.manifest import validation
from tickwork.unit.model import Model


class Leaf(Model):
    name: str
    count_max: int = pydantic.Field(default=1, ge=1)


class Tree(Model):
    leaves: tuple[Leaf, ...] = ()
    named: Mapping[str, Leaf] = pydantic.Field(default_factory=dict)
    share: float = 0.5
    one: Leaf | None = None


def test_a_right_value_becomes_its_model() -> None:
    checked = validation.check(Tree, {"leaves": [{"name": "a", "countMax": 2}], "share": 1})
    assert checked.findings == ()
    assert checked.instance == Tree(leaves=(Leaf(name="a", count_max=2),), share=1.0)


def test_every_mistake_is_found_and_the_rest_is_kept() -> None:
    value = {
        "leaves": [{"name": "a"}, {"nam": "b"}, {"name": "c", "countMax": 0}, {"name": "d"}],
        "share": "0.5",
    }
    checked = validation.check(Tree, value)
    assert {finding.path for finding in checked.findings} == {
        ("leaves", 1, "nam"),
        ("leaves", 1, "name"),
        ("leaves", 2, "countMax"),
        ("share",),
    }
    assert checked.instance is not None
    assert [leaf.name for leaf in checked.instance.leaves] == ["a", "c", "d"]


def test_a_place_in_the_rest_leads_back_to_the_given_value() -> None:
    checked = validation.check(Tree, {"leaves": [{}, {"name": "b"}, {}, {"name": "d"}]})
    assert checked.place(("leaves", 0, "name")) == ("leaves", 1, "name")
    assert checked.place(("leaves", 1)) == ("leaves", 3)


def test_an_unknown_field_suggests_the_near_one() -> None:
    checked = validation.check(Tree, {"one": {"name": "a", "countMx": 3}})
    assert checked.findings[0].text == "unknown field; did you mean countMax?"


def test_an_unknown_field_is_suggested_in_lists_and_mappings_too() -> None:
    wrong = {"name": "a", "countMx": 3}
    checked = validation.check(Tree, {"leaves": [wrong], "named": {"x": dict(wrong)}})
    assert [each.text for each in checked.findings] == ["unknown field; did you mean countMax?"] * 2


def test_an_unknown_field_far_from_all_lists_them() -> None:
    checked = validation.check(Tree, {"zzz": 1})
    assert checked.findings[0].text == "unknown field; known here: leaves, named, one, share"


def test_numbers_in_quotes_are_no_numbers() -> None:
    checked = validation.check(Tree, {"share": "1"})
    assert '"1"' in checked.findings[0].text


def test_what_cannot_be_built_is_none() -> None:
    assert validation.check(Leaf, {}).instance is None
    assert validation.check(Leaf, [1]).instance is None


def test_what_is_gone_because_its_inside_was_wrong_is_not_missing_too() -> None:
    class Root(Model):
        leaf: Leaf

    checked = validation.check(Root, {"leaf": {"name": 5}})
    assert [finding.path for finding in checked.findings] == [("leaf", "name")]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    checked = validation.check(Tree, {"share": "x" * 100_000})
    assert len(checked.findings[0].text) < 200
    assert "100002 characters" in checked.findings[0].text
