"""Every file under tests/unit mirrors one source file; in this direction only."""

import pathlib

import pytest

from architecture import tree

UNIT = tree.ROOT / "tests" / "unit"


def _unit_tests() -> list[pathlib.Path]:
    if not UNIT.is_dir():
        return []
    return sorted(
        path.relative_to(UNIT)
        for path in tree.project_files()
        if path.is_relative_to(UNIT) and path.name.startswith("test_") and path.suffix == ".py"
    )


def _sources(test: pathlib.Path) -> list[pathlib.Path]:
    """Returns where the mirrored source may lie: a module, a package, or a Rust file."""
    wing, *rooms = test.parent.parts
    if wing == "tools":
        return [tree.ROOT / "tools" / pathlib.Path(*rooms, f"{test.stem[5:]}.py")]
    below = tree.PACKAGES[wing].joinpath(*rooms)
    name = test.stem[5:]
    found = [below / f"{name}.py", below / name / "__init__.py"]
    if wing == "tickwork_native":
        found.append(tree.ROOT.joinpath("rust", "py", "src", *rooms, f"{name}.rs"))
    return found


@pytest.mark.parametrize("test", _unit_tests(), ids=str)
def test_unit_test_mirrors_a_source_file(test: pathlib.Path) -> None:
    known = {*tree.PACKAGES, "tools"}
    assert len(test.parts) > 1, f"tests/unit/{test}: tests lie below the wing they test"
    assert test.parts[0] in known, f"tests/unit/{test}: no wing is called {test.parts[0]}"
    sources = _sources(test)
    assert any(source.is_file() for source in sources), (
        f"tests/unit/{test} mirrors no source file; looked for "
        + ", ".join(str(source.relative_to(tree.ROOT)) for source in sources)
    )


def test_nothing_else_lies_below_unit() -> None:
    allowed = {"conftest.py", "__init__.py"}
    strangers = [
        path
        for path in tree.project_files()
        if path.is_relative_to(UNIT)
        and path.suffix == ".py"
        and not path.name.startswith("test_")
        and path.name not in allowed
    ]
    assert strangers == []
