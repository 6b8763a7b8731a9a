"""The table of wrong manifests: demo.yaml with one mistake each, for whoever must refuse them."""

import dataclasses
import pathlib
from typing import Any

from tickwork.manifest import document

ROOT = pathlib.Path(__file__).resolve().parents[1]
DEMO = ROOT / "experiments" / "pipeline" / "demo.yaml"
TABLE = ROOT / "tests" / "golden" / "manifests" / "wrong.yaml"


@dataclasses.dataclass(frozen=True)
class Case:
    """One wrong manifest; ``also`` says that the mistake may break other rules beside."""

    name: str
    path: str
    words: str
    manifest: dict[str, Any]
    also: bool
    admitted: bool


def cases() -> list[Case]:
    """Returns every case, with its whole manifest."""
    return [_case(demo(), each) for each in document.read(TABLE.read_text("utf-8")).value]


def demo() -> dict[str, Any]:
    """Returns demo.yaml as plain values, to be changed."""
    return dict(document.read(DEMO.read_text("utf-8")).value)


def to_yaml(manifest: dict[str, Any]) -> str:
    """Returns a manifest as a person would write it."""
    return document.write(manifest)


def _case(manifest: dict[str, Any], row: dict[str, Any]) -> Case:
    manifest |= row.get("over", {})
    for path in row.get("drop", ()):
        holder, key = _holder(manifest["spec"], path)
        del holder[key]
    for path, value in row.get("set", {}).items():
        holder, key = _holder(manifest["spec"], path)
        holder[key] = value
    also, admitted = row.get("also", False), row.get("admitted", False)
    return Case(row["name"], row["path"], row["words"], manifest, also, admitted)


def _holder(value: Any, path: str) -> tuple[Any, Any]:
    *before, last = path.split(".")
    for part in before:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value, int(last) if isinstance(value, list) else last
