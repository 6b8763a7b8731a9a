"""The tree as the house tests see it: files that are part of the project, and their sources.

Here: listing and parsing. Never here: an assertion.
"""

import ast
import functools
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

PACKAGES: dict[str, pathlib.Path] = {
    "tickwork": ROOT / "src" / "tickwork",
    "tickwork_services": ROOT / "services" / "tickwork_services",
    "tickwork_operator": ROOT / "operator" / "tickwork_operator",
    "tickwork_analysis": ROOT / "analysis" / "tickwork_analysis",
    "tickwork_cli": ROOT / "cli" / "tickwork_cli",
    "tickwork_native": ROOT / "rust" / "py" / "python" / "tickwork_native",
}
"""Import name → folder of every package that people write (``tickwork_proto`` is generated)."""


@functools.cache
def project_files() -> list[pathlib.Path]:
    """Returns every file that belongs to the project: tracked ones, and new ones not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return sorted(ROOT / name for name in names if (ROOT / name).is_file())


@functools.cache
def texts() -> list[tuple[pathlib.Path, str]]:
    """Returns (path below the root, text) of every project file that is text."""
    found = []
    for path in project_files():
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def is_generated(path: pathlib.Path) -> bool:
    """Says whether ``path`` (below the root) is generated: protobuf code, locks, licences."""
    return (
        path.parts[:3] == ("proto", "src", "tickwork_proto")
        or path.name in {"Cargo.lock", "LICENSE"}
        or path.parts[0] == "requirements"
    )


@functools.cache
def python_files() -> list[pathlib.Path]:
    """Returns every Python file that people write, below the root."""
    paths = [path.relative_to(ROOT) for path in project_files()]
    return [path for path in paths if path.suffix == ".py" and not is_generated(path)]


@functools.cache
def parse(path: pathlib.Path) -> ast.Module:
    """Parses ``path`` (below the root)."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))
