"""The images as they were built: what is in the archives of `make images`, and what is not.

Reads the archives alone, with nothing run. The pull by digest needs buildah and a registry that
IMAGE_REGISTRY names (host:port, without TLS): there a stranger's way to an image is walked whole.
"""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).parents[2]
ARCHIVES = ROOT / "target/images"
IMAGES = ("services", "conductor", "operator")
REGISTRY = os.environ.get("IMAGE_REGISTRY", "")
# Of an archive, so of the layers unpacked; docs/reference/images.md says what they hold.
SIZE_MB_MAX = {"services": 120, "conductor": 250, "operator": 120}
SHELLS = {"sh", "bash", "dash", "ash", "busybox", "zsh", "env", "apt", "apt-get", "dpkg", "curl"}
INSTALLERS = {"pip", "uv", "setuptools", "wheel", "ensurepip", "_distutils_hack"}
LABELS = ("title", "description", "licenses", "vendor", "version", "revision", "created")
USER = 65532

missing = [name for name in IMAGES if not (ARCHIVES / f"{name}.tar").exists()]
pytestmark = [
    pytest.mark.containers,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(missing), reason=f"make images has not built {', '.join(missing)}"),
    pytest.mark.parametrize("image", IMAGES),
]


@functools.cache
def configuration(image: str) -> dict[str, Any]:
    with tarfile.open(ARCHIVES / f"{image}.tar") as archive:
        found: dict[str, Any] = json.loads(read(archive, manifest(archive)["Config"]))
    return found


@functools.cache
def entries(image: str) -> dict[str, tarfile.TarInfo]:
    """Returns each path of the image with what the last layer that has it says of it."""
    found = {}
    with tarfile.open(ARCHIVES / f"{image}.tar") as archive:
        for name in manifest(archive)["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                for entry in layer:
                    found["/" + entry.name.strip("/")] = entry
    return found


def manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read(archive, "manifest.json"))[0]
    return found


def read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file.read()


def test_an_image_is_as_small_as_its_page_says(image: str) -> None:
    size_mb = (ARCHIVES / f"{image}.tar").stat().st_size // 1_000_000
    assert size_mb <= SIZE_MB_MAX[image], f"{image} has {size_mb} MB"
    page = (ROOT / "docs/reference/images.md").read_text()
    said = re.search(rf"^\| {image} \| (\d+) MB", page, re.MULTILINE)
    assert said is not None
    assert abs(int(said[1]) - size_mb) <= 3, f"{image} has {size_mb} MB: write it on the page"


def test_an_image_runs_as_nobody_and_says_what_it_is(image: str) -> None:
    config = configuration(image)["config"]
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"][0] == "/opt/tickwork/bin/python"
    assert not config.get("Cmd")
    for label in LABELS:
        assert config["Labels"][f"org.opencontainers.image.{label}"], label
    assert config["Labels"]["org.opencontainers.image.revision"] != "unknown"
    assert config["Labels"]["org.opencontainers.image.title"] == f"tickwork {image}"


def test_an_image_has_no_shell_and_nothing_that_installs(image: str) -> None:
    found = entries(image)
    programs = {path for path in found if path.rpartition("/")[2] in SHELLS}
    assert {path for path in programs if "/bin/" in path or "/sbin/" in path} == set()
    packages = {
        path.rpartition("/")[2].partition("-")[0]
        for path in found
        if re.search(r"/(site|dist)-packages/[^/]+$", path)
    }
    assert "tickwork" in packages
    assert packages & INSTALLERS == set()


def test_nothing_in_an_image_is_there_twice_or_only_for_tests(image: str) -> None:
    found = entries(image)
    modules = [path for path in found if path.endswith(".pyc")]
    assert modules
    assert [path for path in modules if "/__pycache__/" not in path] == []
    assert [path for path in modules if ".opt-" in path] == []
    assert [path for path in found if path.startswith("/usr") and "/idlelib" in path] == []
    assert [path for path in found if re.search(r"-packages/.*/tests?/.*\.py$", path)] == []


def test_only_folders_that_are_mounted_over_can_be_written_by_the_user(image: str) -> None:
    for path, entry in entries(image).items():
        if entry.issym():
            continue
        assert not entry.mode & 0o6000, f"{path} gives its reader another user's rights"
        if path == "/tmp":
            continue
        assert not entry.mode & 0o002, f"{path} can be written by all"
        if entry.uid == USER:
            assert entry.isdir(), path
            assert path.startswith("/run/tickwork"), path
        else:
            assert entry.uid == 0, path


def test_a_history_holds_nothing_of_who_built_it(image: str) -> None:
    said = json.dumps(configuration(image))
    for word in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "://", "/root", "/work"):
        assert word not in said, word
    assert [path for path in entries(image) if path.startswith(("/root", "/build"))] == []


@pytest.mark.skipif(
    not REGISTRY or not shutil.which("buildah"),
    reason="needs buildah, and a registry: IMAGE_REGISTRY=host:port",
)
def test_an_image_comes_back_by_its_digest(image: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ["--root", f"{folder}/root", "--runroot", f"{folder}/run"]
        buildah = ["buildah", *store, "--storage-driver", "vfs"]

        def call(*words: str) -> str:
            done = subprocess.run([*buildah, *words], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        name = f"{REGISTRY}/tickwork-test/{image}"
        identity = call("pull", "-q", f"docker-archive:{ARCHIVES / image}.tar")
        written = pathlib.Path(folder) / "digest"
        call(
            "push", "-q", "--tls-verify=false", "--digestfile", str(written), identity,
            f"docker://{name}:test",
        )  # fmt: skip
        call("rmi", "--force", identity)
        back = call("pull", "-q", "--tls-verify=false", f"{name}@{written.read_text().strip()}")
        assert back == identity
