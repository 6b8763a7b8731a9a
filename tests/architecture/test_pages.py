"""Pages that repeat a fact of the tree are compared with it."""

import ast
import importlib.util
import re

import pytest

from architecture import tree

REQUIREMENTS = tree.ROOT / "docs" / "reference" / "requirements.md"
ARCHITECTURE = tree.ROOT / "docs" / "architecture.md"
NUMBERS = [f"PL{number}" for number in range(1, 22)] + [f"PF{number}" for number in range(1, 17)]
NOT_BUILT = "not built yet"
RUST_TEST = re.compile(r"fn\s+(\w+)\s*\(")


def _test_names() -> set[str]:
    names: set[str] = set()
    for path in tree.python_files():
        if path.parts[0] == "tests" or path.parts[0] == "benchmarks":
            names |= {
                node.name
                for node in ast.walk(tree.parse(path))
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                if node.name.startswith("test_")
            }
    for path, text in tree.texts():
        if path.suffix == ".rs":
            names |= set(RUST_TEST.findall(text))
    return names


def _requirement_rows() -> dict[str, str]:
    rows = re.findall(r"^\| (P[LF]\d+) \|(.*)\|$", REQUIREMENTS.read_text("utf-8"), re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize("number", NUMBERS)
def test_requirement_has_tests_or_says_what_is_missing(number: str) -> None:
    row = _requirement_rows().get(number)
    assert row is not None, f"docs/reference/requirements.md says nothing of {number}"
    named = re.findall(r"`(\w+)`", row.split("|")[-1])
    missing = sorted(set(named) - _test_names())
    assert missing == [], f"{number} names tests that do not exist: {missing}"
    said = re.search(rf"{NOT_BUILT}: \S+", row)
    assert named or said, f"{number} has neither a test nor the words '{NOT_BUILT}: …'"


def test_requirements_name_nothing_twice() -> None:
    numbers = re.findall(r"^\| (P[LF]\d+) \|", REQUIREMENTS.read_text("utf-8"), re.MULTILINE)
    assert numbers == NUMBERS


@pytest.mark.parametrize(
    "tool", ["reference_pages", "metrics_page", "benchmark_table", "cluster_numbers"]
)
def test_generated_tables_equal_their_source(tool: str) -> None:
    path = tree.ROOT / "tools" / f"{tool}.py"
    spec = importlib.util.spec_from_file_location(tool, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for page, text in module.pages().items():
        assert page.read_text("utf-8") == text, f"run tools/{tool}.py for {page.name}"


def _rooms() -> list[tuple[str, str]]:
    text = ARCHITECTURE.read_text("utf-8")
    block = re.search(r"<!-- rooms -->\n```\n(.*?)```", text, re.DOTALL)
    assert block is not None, "docs/architecture.md has no block of rooms"
    found = []
    for line in block.group(1).strip().split("\n"):
        path, _, words = line.partition(" ")
        found.append((path, words.strip()))
    return found


def test_every_room_of_the_architecture_exists_or_is_said_to_be_missing() -> None:
    for path, words in _rooms():
        exists = bool(list(tree.ROOT.glob(path.rstrip("/"))))
        if NOT_BUILT not in words:
            assert exists, f"{path} is drawn in docs/architecture.md and does not exist"


def test_every_folder_at_the_top_is_drawn() -> None:
    drawn = {path.split("/")[0] for path, _ in _rooms()}
    folders = {path.parts[0] for path, _ in tree.texts() if len(path.parts) > 1}
    assert folders <= drawn


def test_every_relative_link_of_a_page_leads_somewhere() -> None:
    broken = []
    for path, text in tree.texts():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (tree.ROOT / path.parent / target).exists():
                broken.append(f"{path}: {target}")
    assert broken == []


def test_every_make_verb_of_a_page_exists() -> None:
    makefile = (tree.ROOT / "Makefile").read_text("utf-8")
    verbs = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        (str(path), verb)
        for path, text in tree.texts()
        if path.suffix in {".md", ".yaml"} or path.name == "run"
        for verb in re.findall(r"(?:`|^\s*|entry: )make ([a-z-]+)", text, re.MULTILINE)
    }
    assert {(path, verb) for path, verb in named if verb not in verbs} == set()
