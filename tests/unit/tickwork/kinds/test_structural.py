from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic
import pytest

from tickwork.kinds import structural
from tickwork.unit.model import Model


class Inner(Model):
    """Has ``size_max`` and ``memory_mib``; says `more` and ``"quoted"``."""

    size_max: int = pydantic.Field(default=1, gt=0, lt=9)


Key = Annotated[str, pydantic.Field(pattern="^[a-z]+$")]


class Outer(Model):
    inner: Inner | None = None
    named: Mapping[Key, Inner] = pydantic.Field(default_factory=dict, max_length=2)
    free: Mapping[str, Any] = pydantic.Field(default_factory=dict)
    one: Literal["a"] = "a"


def test_bounds_are_those_of_openapi() -> None:
    inside = structural.schema_of(Inner)["properties"]["sizeMax"]
    assert inside == {
        "type": "integer",
        "description": "Default: 1.",
        "minimum": 0,
        "exclusiveMinimum": True,
        "maximum": 9,
        "exclusiveMaximum": True,
    }


def test_null_is_said_by_nullable_and_constants_are_enums() -> None:
    fields = structural.schema_of(Outer)["properties"]
    assert fields["inner"]["nullable"] is True
    assert fields["inner"]["type"] == "object"
    assert fields["one"]["enum"] == ["a"]


def test_keys_of_a_mapping_are_checked_in_cel() -> None:
    named = structural.schema_of(Outer)["properties"]["named"]
    assert named["maxProperties"] == 2
    assert named["additionalProperties"]["properties"]["sizeMax"]["type"] == "integer"
    assert named[structural.VALIDATIONS] == [
        {"rule": 'self.all(k, k.matches("^[a-z]+$"))', "message": "keys should match '^[a-z]+$'"}
    ]


def test_values_of_any_type_are_preserved() -> None:
    assert structural.schema_of(Outer)["properties"]["free"][structural.PRESERVE] is True


def test_a_union_of_scalars_has_no_type_but_its_bounds() -> None:
    class Speed(Model):
        speed: Annotated[
            str,
            pydantic.WithJsonSchema(
                {"anyOf": [{"type": "number", "minimum": 1}, {"type": "string", "pattern": "a"}]}
            ),
        ] = "a"

    made = structural.schema_of(Speed)["properties"]["speed"]
    assert made.pop("description") == 'Default: "a".'
    assert made == {structural.PRESERVE: True, "minimum": 1, "pattern": "a"}


def test_other_unions_have_no_form() -> None:
    class Either(Model):
        one: Inner | list[int]

    with pytest.raises(TypeError, match="no structural form"):
        structural.schema_of(Either)


def test_words_for_people_are_in_camel_case() -> None:
    assert structural.outside(Inner.__doc__ or "") == (
        'Has `sizeMax` and `memoryMiB`; says `more` and `"quoted"`.'
    )
