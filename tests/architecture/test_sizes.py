"""Files to 400 lines, functions to 60; in Python and in Rust."""

import ast
import re

from architecture import tree

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 100
SOURCES = {".py", ".rs", ".proto", ".sh", ".go"}
RUST_FUNCTION = re.compile(
    r"^(\s*)(?:pub(?:\([a-z]+\))?\s+)?(?:const\s+)?(?:unsafe\s+)?(?:extern\s+\"C\"\s+)?fn\s+(\w+)"
)


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path): text.count("\n")
        for path, text in tree.texts()
        if path.suffix in SOURCES
        and not tree.is_generated(path)
        and text.count("\n") > FILE_LINES_MAX
    }
    assert long == {}


def test_no_python_function_is_longer_than_60_lines() -> None:
    long = []
    for path in tree.python_files():
        for node in ast.walk(tree.parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{path}:{node.lineno} {node.name} has {lines}")
    assert long == []


def _rust_functions(text: str) -> list[tuple[int, str, int]]:
    """Returns (line, name, length) of functions; the closing brace stands under the ``fn``."""
    lines = text.split("\n")
    found = []
    for start, line in enumerate(lines):
        match = RUST_FUNCTION.match(line)
        if match is None:
            continue
        closing = match.group(1) + "}"
        for end in range(start, len(lines)):
            if lines[end].rstrip() == closing or (end == start and line.rstrip().endswith("}")):
                found.append((start + 1, match.group(2), end - start + 1))
                break
    return found


def test_no_rust_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path}:{line} {name} has {lines}"
        for path, text in tree.texts()
        if path.suffix == ".rs"
        for line, name, lines in _rust_functions(text)
        if lines > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_line_of_rust_or_proto_is_wider_than_100_columns() -> None:
    wide = [
        f"{path}:{number}"
        for path, text in tree.texts()
        if path.suffix in {".rs", ".proto"} and not tree.is_generated(path)
        for number, line in enumerate(text.split("\n"), 1)
        if len(line) > COLUMNS_MAX and "http" not in line
    ]
    assert wide == []
