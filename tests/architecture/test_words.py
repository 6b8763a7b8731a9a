"""Door signs, words with one meaning each, and nothing of one machine in the tree."""

import ast
import pathlib
import re

from architecture import tree

UNUSED_WORDS = {"manager", "managers", "helper", "helpers", "util", "utils", "common", "misc"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
MACHINE = {
    "a path of one machine": re.compile(r"/(?:work|root|home)/[A-Za-z0-9_.-]+"),
    "a package index": re.compile(
        r"pypi\.org|pythonhosted\.org|(?:static|index)\.crates\.io|registry\.npmjs|"
        r"proxy\.golang\.org|[a]rtifactory|[d]evpi|\bsimple/[a-z]"
    ),
    "how the tree was written": re.compile(r"(?i)\b[c]laude\b|\b[s]ub-?agent|\b[a]nthropic"),
    "a private address": re.compile(r"\b(?:10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+):\d+"),
}
LEFTOVER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def _words(name: str) -> set[str]:
    return {word.lower() for word in WORD.findall(name)}


def _doors() -> list[pathlib.Path]:
    return [path for path in tree.python_files() if path.name == "__init__.py"]


def test_every_package_has_a_door_sign() -> None:
    unsigned = [
        str(path)
        for path in _doors()
        if path.parts[0] != "tests" and len(ast.get_docstring(tree.parse(path)) or "") < 20
    ]
    assert unsigned == []


def test_every_room_with_modules_is_a_package() -> None:
    packages = {path.parent for path in _doors()}
    roots = [root.relative_to(tree.ROOT) for root in tree.PACKAGES.values()]
    rooms = {
        path.parent
        for path in tree.python_files()
        if any(path.is_relative_to(root) for root in roots)
    }
    assert rooms - packages == set()


def test_operator_folder_shadows_nothing() -> None:
    assert not (tree.ROOT / "operator" / "__init__.py").exists()


def test_every_rust_module_has_a_door_sign() -> None:
    unsigned = [
        str(path)
        for path, text in tree.texts()
        if path.suffix == ".rs" and path.name in {"mod.rs", "lib.rs"}
        if not any(line.startswith("//!") for line in text.split("\n")[:12])
    ]
    assert unsigned == []


def test_no_file_is_named_by_an_unused_word() -> None:
    named = [
        str(path)
        for path, _ in tree.texts()
        if not tree.is_generated(path) and any(_words(part) & UNUSED_WORDS for part in path.parts)
    ]
    assert named == []


def test_no_python_name_is_an_unused_word() -> None:
    named = []
    for path in tree.python_files():
        for node in ast.walk(tree.parse(path)):
            named_node = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if named_node and _words(node.name) & UNUSED_WORDS - {"common"}:
                named.append(f"{path}:{node.lineno} {node.name}")
    assert named == []


def test_no_rust_name_is_an_unused_word() -> None:
    item = re.compile(r"\n\s*(?:pub(?:\([a-z]+\))?\s+)?(?:fn|struct|enum|trait|mod)\s+(\w+)")
    named = [
        f"{path} {name}"
        for path, text in tree.texts()
        if path.suffix == ".rs"
        for name in item.findall(text)
        if _words(name) & UNUSED_WORDS
    ]
    assert named == []


def test_no_machine_is_named_in_the_tree() -> None:
    named = [
        f"{path}: {what}: {match.group(0)}"
        for path, text in tree.texts()
        for what, pattern in MACHINE.items()
        for match in pattern.finditer(text)
    ]
    assert named == []


def test_requirements_hold_hashes_and_no_address() -> None:
    for path in sorted((tree.ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, f"{path.name} holds an address"
        assert "--index-url" not in text, path.name
        if path.name != "workspace.txt":
            pins = [line for line in text.split("\n") if re.match(r"^[A-Za-z0-9_.-]+==", line)]
            hashes = text.count("--hash=sha256:")
            assert len(pins) > 0, path.name
            assert hashes >= len(pins), f"{path.name} has a pin without a hash"


def test_nothing_is_left_for_later_in_comments() -> None:
    left = [str(path) for path, text in tree.texts() if LEFTOVER.search(text)]
    assert left == []
