import pytest

from tickwork.manifest import document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("12:30:00", "12:30:00"),
        ("2024-08-08", "2024-08-08"),
        ("0x10", "0x10"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("~", "~"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("-15", -15),
        ("0.80", 0.8),
        ("1e3", 1000.0),
    ],
)
def test_only_scalars_of_json_have_a_meaning(text: str, value: object) -> None:
    read = document.read(f"key: {text}")
    assert read.mistakes == []
    assert read.value == {"key": value}
    assert type(read.value["key"]) is type(value)


def test_quoted_scalars_are_strings() -> None:
    assert document.read("a: '5'\nb: \"true\"\nc: |\n  1\n").value == {
        "a": "5",
        "b": "true",
        "c": "1\n",
    }


def test_keys_stay_strings() -> None:
    assert document.read("on: 1\n5: 2\n").value == {"on": 1, "5": 2}


def test_every_path_has_its_line() -> None:
    read = document.read("a:\n  b:\n    - x: 1\n    - x: 2\nc: 3\n")
    assert read.line(("a", "b", 1, "x")) == 4
    assert read.line(("c",)) == 5
    assert read.line(("a", "missing", "deeper")) == 1


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key"),
        ("a: &x 1\n", 1, "anchor"),
        ("a: 1\nb: *x\n", 2, "alias"),
        ("a: !!int 5\n", 1, "tag"),
        ("a: 1\nb: !thing {}\n", 2, "tag"),
        ("a: 1\nb:\n", 2, "no value"),
        ("a: 1\n--- \nb: 2\n", 2, "second document"),
        ("", 1, "empty"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("? [a]\n: 1\n", 1, "plain word"),
        ("a: \x07\n", 1, "not YAML"),
        ('a: 1\nb: "\\ud800"\n', 2, "half a character"),
        ('a: 1\n"\\udfff": 2\n', 2, "half a character"),
    ],
)
def test_what_is_not_plain_is_a_mistake_with_its_line(text: str, line: int, word: str) -> None:
    read = document.read(text)
    assert [each.line for each in read.mistakes] == [line]
    assert word in read.mistakes[0].text


def test_duplicates_keep_the_first_value() -> None:
    assert document.read("a: {x: 1, x: 2}\n").value == {"a": {"x": 1}}


def test_depth_is_bounded() -> None:
    read = document.read("[" * 500 + "]" * 500)
    assert "deeper" in read.mistakes[0].text


def test_size_is_bounded() -> None:
    read = document.read("a: " + "x" * document.BYTES_MAX)
    assert "larger" in read.mistakes[0].text


def test_digits_without_end_are_no_number() -> None:
    assert document.read(f"a: {'9' * 5000}").value == {"a": "9" * 5000}
    assert document.read(f"a: {'9' * 300}").value == {"a": int("9" * 300)}


@pytest.mark.parametrize(
    "text", ["1e3", "7E12", "true", "null", "15", "0.5", "", "on", "~", "a: b"]
)
def test_a_text_stays_a_text_when_it_is_written(text: str) -> None:
    assert document.read(document.write({"key": text, text or "x": 1})).value["key"] == text


def test_what_is_written_is_as_a_person_would_write_it() -> None:
    value = {"metadata": {"name": "demo"}, "list": [1, 0.5, None, True, "BTCUSDT"]}
    assert document.write(value) == (
        "metadata:\n  name: demo\nlist:\n- 1\n- 0.5\n- null\n- true\n- BTCUSDT\n"
    )
