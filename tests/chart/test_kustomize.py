"""k8s/ is equal to what the chart makes: real kustomize, real helm, objects compared."""

import importlib.util
import pathlib
import shutil
import subprocess
from types import ModuleType

import pytest

from chart import rendering

TREE = rendering.ROOT / "k8s"
FOLDERS = [
    TREE / "base",
    *sorted(path.parent for path in TREE.glob("overlays/*/chart-values.yaml")),
]
BUILDERS = (("kustomize", "build"), ("kubectl", "kustomize"))


@pytest.fixture(scope="module")
def tree() -> ModuleType:
    path = rendering.ROOT / "tools" / "kustomize_tree.py"
    spec = importlib.util.spec_from_file_location("kustomize_tree", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _build(folder: pathlib.Path) -> str:
    for command in BUILDERS:
        if shutil.which(command[0]):
            made = subprocess.run(
                [*command, str(folder)], capture_output=True, text=True, check=False
            )
            assert made.returncode == 0, made.stderr
            assert made.stderr == "", "kustomize warns"
            return made.stdout
    pytest.skip("neither kustomize nor kubectl is on the PATH")


@pytest.mark.parametrize("folder", FOLDERS, ids=[path.name for path in FOLDERS])
def test_a_folder_equals_the_chart_with_its_values(folder: pathlib.Path, tree: ModuleType) -> None:
    built = tree.objects(_build(folder))
    rendered = tree.render(folder / "chart-values.yaml")
    assert built.keys() == rendered.keys()
    for key, value in rendered.items():
        assert built[key] == value, key


def test_generated_files_are_those_of_the_chart(tree: ModuleType) -> None:
    made = tree.files()
    differing = [path for path, text in made.items() if not tree.same(path, text)]
    assert [str(path) for path in differing + tree.stale(made)] == [], "run make kustomize"


def test_no_namespace_is_made_that_would_be_deleted_with_it(tree: ModuleType) -> None:
    for folder in FOLDERS:
        assert "Namespace" not in {key[0] for key in tree.objects(_build(folder))}
