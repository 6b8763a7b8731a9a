"""Writes k8s/base and k8s/overlays from the chart, for those without Helm; ``--check`` compares.

Each folder's chart-values.yaml says which values of the chart it equals. The base has the objects
as the chart renders them; an overlay has what is more or less, and patches for what differs. It
needs helm on the PATH.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHART = ROOT / "charts" / "tickwork"
TREE = ROOT / "k8s"
BASE = TREE / "base"
RELEASE = NAMESPACE = "tickwork"
WRITTEN_BY_HAND = frozenset({"chart-values.yaml"})
GENERATED = "# Generated from charts/tickwork by `make kustomize`; never written by hand.\n"

Object = dict[str, Any]
Key = tuple[str, str, str]


def render(values: pathlib.Path) -> dict[Key, Object]:
    """Returns the objects that the chart makes of ``values``, without Helm's own marks."""
    command = ["helm", "template", RELEASE, str(CHART), "--namespace", NAMESPACE]
    command += ["--values", str(values)]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return objects(made)


def objects(text: str) -> dict[Key, Object]:
    """Returns the objects of a YAML stream by kind, namespace and name."""
    read = (plain(each) for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each)
    return {key_of(each): each for each in read}


def key_of(value: Mapping[str, Any]) -> Key:
    head = value["metadata"]
    return value["kind"], head.get("namespace", ""), head["name"]


def plain(value: Object) -> Object:
    """Returns ``value`` as it is without Helm: nobody else manages it, nothing keeps it."""
    for head in heads(value):
        labels = head.get("labels", {})
        labels.pop("helm.sh/chart", None)
        if "app.kubernetes.io/managed-by" in labels:
            labels["app.kubernetes.io/managed-by"] = "kustomize"
        annotations = head.get("annotations", {})
        annotations.pop("helm.sh/resource-policy", None)
        if not annotations:
            head.pop("annotations", None)
    return value


def heads(value: Any) -> Iterator[Object]:
    """Yields the metadata of an object and of what is a template inside it."""
    if isinstance(value, dict):
        if isinstance(value.get("metadata"), dict) and "kind" not in value["metadata"]:
            yield value["metadata"]
        for name in ("spec", "template"):
            yield from heads(value.get(name))


def file_name(key: Key) -> str:
    kind, _, name = key
    return f"{kind.lower()}-{name}.yaml"


def operations(old: Any, new: Any, path: str = "") -> Iterator[Object]:
    """Yields the JSON patch operations that make ``new`` of ``old``; lists change whole."""
    if old == new:
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield {"op": "replace", "path": path, "value": new}
        return
    for key in sorted(old.keys() | new.keys()):
        below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in new:
            yield {"op": "remove", "path": below}
        elif key not in old:
            yield {"op": "add", "path": below, "value": new[key]}
        else:
            yield from operations(old[key], new[key], below)


def base_files() -> dict[pathlib.Path, str]:
    """Returns path → text of everything in k8s/base that is generated."""
    made = render(BASE / "chart-values.yaml")
    files = {BASE / file_name(key): dump(each) for key, each in made.items()}
    listed = {"resources": sorted(path.name for path in files)}
    return {**files, BASE / "kustomization.yaml": dump(kustomization(listed))}


def overlay_files(folder: pathlib.Path) -> dict[pathlib.Path, str]:
    """Returns path → text of everything in one overlay that is generated."""
    old, new = render(BASE / "chart-values.yaml"), render(folder / "chart-values.yaml")
    files = {folder / file_name(key): dump(new[key]) for key in new.keys() - old.keys()}
    resources = ["../../base", *sorted(path.name for path in files)]
    patches = [{"patch": dump_inner(deletion(old[key]))} for key in sorted(old.keys() - new.keys())]
    patches += [
        {"target": target(old[key]), "patch": dump_inner(steps)}
        for key in sorted(old.keys() & new.keys())
        if (steps := list(operations(old[key], new[key])))
    ]
    listed: Object = {"resources": resources}
    if patches:
        listed["patches"] = patches
    return {**files, folder / "kustomization.yaml": dump(kustomization(listed))}


def kustomization(listed: Object) -> Object:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **listed}


def target(value: Object) -> Object:
    return {"kind": value["kind"], "name": value["metadata"]["name"]}


def deletion(value: Object) -> Object:
    head = {key: each for key, each in value["metadata"].items() if key in {"name", "namespace"}}
    return {
        "$patch": "delete",
        "apiVersion": value["apiVersion"],
        "kind": value["kind"],
        "metadata": head,
    }


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that they can be read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    if value.lower() in {"y", "n"}:  # which kubectl would read as true and false
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def dump_inner(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=100)


def dump(value: Any) -> str:
    return GENERATED + dump_inner(value)


def files() -> dict[pathlib.Path, str]:
    """Returns path → text of everything below k8s that is generated."""
    made = base_files()
    for values in sorted((TREE / "overlays").glob("*/chart-values.yaml")):
        made |= overlay_files(values.parent)
    return made


def stale(made: Mapping[pathlib.Path, str]) -> list[pathlib.Path]:
    """Returns the files below k8s that the chart does not make any more."""
    folders = {path.parent for path in made}
    present = {path for folder in folders for path in folder.iterdir() if path.is_file()}
    return sorted(path for path in present - made.keys() if path.name not in WRITTEN_BY_HAND)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    if shutil.which("helm") is None:
        print("k8s/ is made from the chart by helm, which is not on the PATH")
        return 5
    made = files()
    old = stale(made)
    if arguments.check:
        differing = [path for path, text in made.items() if not same(path, text)] + old
        for path in differing:
            print(f"{path.relative_to(ROOT)} differs from the chart; run make kustomize")
        return 1 if differing else 0
    for path in old:
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


def same(path: pathlib.Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
