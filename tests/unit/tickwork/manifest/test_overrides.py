import pytest

from tickwork import errors
from tickwork.manifest import document, overrides


def laid(text: str, *sets: str) -> document.Document:
    read = document.read(text)
    for each in sets:
        path, value = overrides.parse_set(each)
        read = overrides.lay_over(read, path, value, 0)
    return read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=5", 5),
        ("a.b=on", "on"),
        ("a.b=[x, 1]", ["x", 1]),
        ("a.b='5'", "5"),
        ("a.b=null", None),
    ],
)
def test_values_are_read_as_the_manifest_is(text: str, value: object) -> None:
    assert overrides.parse_set(text) == (("a", "b"), value)


@pytest.mark.parametrize("text", ["a", "=5", "a=", "a= ", "a=&x 1", "a=[1"])
def test_what_is_not_path_and_value_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(errors.InputError) as refused:
        overrides.parse_set(text)
    assert refused.value.remedy


def test_sets_below_spec_and_leaves_the_original() -> None:
    read = document.read("spec: {a: {b: 1}}")
    over = overrides.lay_over(read, ("a", "b"), 2, 0)
    assert over.value == {"spec": {"a": {"b": 2}}}
    assert read.value == {"spec": {"a": {"b": 1}}}


def test_missing_mappings_are_made() -> None:
    assert laid("spec: {}", "a.b.c=1").value == {"spec": {"a": {"b": {"c": 1}}}}


def test_numbers_are_indices_of_lists() -> None:
    assert laid("spec: {a: [{b: 1}, {b: 2}]}", "a.1.b=5").value["spec"]["a"][1] == {"b": 5}


@pytest.mark.parametrize("text", ["a.5.b=1", "a.0=1", "b.c=1"])
def test_a_path_through_nothing_is_a_mistake(text: str) -> None:
    assert laid("spec: {a: [], b: 5}", text).mistakes


def test_the_line_is_that_of_the_arm() -> None:
    read = document.read("spec:\n  a: {b: 1}\n")
    assert overrides.lay_over(read, ("a", "b"), 2, 17).line(("spec", "a", "b")) == 17


@pytest.mark.parametrize("text", [f"a.{'9' * 5000}=1", "a.³=1", "a.-1=1"])
def test_what_cannot_be_an_index_is_a_name(text: str) -> None:
    assert all(isinstance(part, str) for part in overrides.parse_set(text)[0])
