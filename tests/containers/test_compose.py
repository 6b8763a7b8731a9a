"""compose.yaml as it stands, run by containerd where there is no Docker: the demo, proven.

Needs root, `ip`, `ctr` with a containerd (CONTAINERD_ADDRESS), and what `make images` leaves. What
Docker would do is done here by hand and nothing else: a network with names, volumes, tmpfs, health
checks.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
ARCHIVES = ROOT / "target/images"
SOCKET = os.environ.get("CONTAINERD_ADDRESS", "/run/containerd/containerd.sock")
SPACE = "tickwork-compose"
BRIDGE = "twcompose0"
SUBNET = "10.97.7"
USER = 65532
HEALTHY_SECONDS_MAX = 40
RUN_SECONDS_MAX = 120


def missing() -> str | None:
    if os.geteuid() != 0:
        return "needs root to make a network for containers"
    if not shutil.which("ctr") or not shutil.which("ip") or not pathlib.Path(SOCKET).exists():
        return "needs ctr, ip and a running containerd: CONTAINERD_ADDRESS names its socket"
    if not all((ARCHIVES / f"{name}.tar").exists() for name in ("services", "conductor")):
        return "needs the images: make images"
    return None


pytestmark = [
    pytest.mark.containers,
    pytest.mark.timeout(300),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]


def call(*command: object) -> str:
    words = [str(each) for each in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr or done.stdout}"
    return done.stdout


def entrypoint(image: str) -> list[str]:
    """Returns what stands before a service's command; ctr leaves it out."""
    with tarfile.open(ARCHIVES / f"{image}.tar") as archive:
        manifest = json.loads(read(archive, "manifest.json"))[0]
        found: list[str] = json.loads(read(archive, manifest["Config"]))["config"]["Entrypoint"]
    return found


def read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file.read()


class Project:
    """One `docker compose up`, as far as compose.yaml asks for it."""

    def __init__(self, file: dict[str, Any], home: pathlib.Path) -> None:
        self.services: dict[str, dict[str, Any]] = file["services"]
        self._volumes: dict[str, Any] = file["volumes"]
        self._home = home
        self._ctr = ["ctr", "-a", SOCKET, "-n", SPACE]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._images: dict[str, str] = {}

    def prepare(self) -> None:
        for name in ("services", "conductor"):
            call(*self._ctr, "images", "import", ARCHIVES / f"{name}.tar")
        for line in call(*self._ctr, "images", "ls", "-q").split():
            self._images[line.rpartition("/")[2].partition(":")[0]] = line
        for name, volume in self._volumes.items():
            place = self._home / name
            place.mkdir()
            options = (volume or {}).get("driver_opts")
            if options:
                call("mount", "-t", options["type"], "-o", options["o"], options["device"], place)
            else:
                os.chown(place, USER, USER)
        call("ip", "link", "add", BRIDGE, "type", "bridge")
        call("ip", "link", "set", BRIDGE, "up")
        lines = ["127.0.0.1 localhost"]
        for index, name in enumerate(self.services, start=2):
            lines.append(f"{SUBNET}.{index} {name}")
            inside, outside = f"twi{index}", f"twc{index}"
            call("ip", "netns", "add", self._netns(name))
            call("ip", "link", "add", outside, "type", "veth", "peer", "name", inside)
            call("ip", "link", "set", outside, "master", BRIDGE, "up")
            call("ip", "link", "set", inside, "netns", self._netns(name))
            for rest in ("addr add {0}/24 dev {1}", "link set {1} up", "link set lo up"):
                words = rest.format(f"{SUBNET}.{index}", inside).split()
                call("ip", "-n", self._netns(name), *words)
        (self._home / "hosts").write_text("\n".join(lines) + "\n")

    def remove(self) -> None:
        """Takes everything back, whatever of it there is."""
        for name, process in self.running.items():
            self._try(*self._ctr, "tasks", "kill", "-s", "SIGKILL", self._id(name))
            process.wait(timeout=20)
        for name in self.services:
            self._try(*self._ctr, "containers", "rm", self._id(name))
            self._try("ip", "netns", "del", self._netns(name))
        self._try("ip", "link", "del", BRIDGE)
        for image in self._images.values():
            self._try(*self._ctr, "images", "rm", image)
        for name in self._volumes:
            self._try("umount", self._home / name)
        self._try("ctr", "-a", SOCKET, "namespaces", "rm", SPACE)

    def start(self, name: str) -> None:
        service = self.services[name]
        command = [
            *self._ctr, "run", "--rm", "--read-only",
            "--with-ns", f"network:/run/netns/{self._netns(name)}",
            *self._mounts(service),
        ]  # fmt: skip
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        # The image has the same user, and ctr takes it from there.
        assert service["user"] == f"{USER}:{USER}", name
        for capability in ("CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID", "NET_RAW", "MKNOD"):
            command += ["--cap-drop", f"CAP_{capability}"]
        image = service["image"].rpartition("/")[2].partition(":")[0]
        words = [*entrypoint(image), *service["command"]]
        with (self._home / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [*command, self._images[image], self._id(name), *words],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self, name: str, seconds: float) -> int:
        return self.running[name].wait(timeout=seconds)

    def log(self, name: str) -> str:
        return (self._home / f"{name}.log").read_text(errors="replace")

    def wait_healthy(self, name: str) -> None:
        """Repeats the service's own health check inside its container until it passes."""
        test = self.services[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        turn = threading.Event()
        until = time.monotonic() + HEALTHY_SECONDS_MAX
        count, said = 0, ""
        while time.monotonic() < until:
            assert self.running[name].poll() is None, f"{name} ended: {self.log(name)}"
            count += 1
            look = ["tasks", "exec", "--exec-id", f"look-{count}", "--user", str(USER)]
            done = subprocess.run(
                [*self._ctr, *look, self._id(name), *test[1:]],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return
            said = done.stderr
            turn.wait(0.5)
        raise AssertionError(f"{name} was never healthy: {said}\n{self.log(name)}")

    def order(self) -> list[str]:
        """Returns the services in an order that their dependencies allow."""
        found: list[str] = []
        while len(found) < len(self.services):
            ready = [
                name
                for name, service in self.services.items()
                if name not in found and set(service.get("depends_on", {})) <= set(found)
            ]
            assert ready, "the dependencies of compose.yaml are a circle"
            found += ready
        return found

    def _mounts(self, service: dict[str, Any]) -> Iterator[str]:
        yield from ("--mount", self._bind(self._home / "hosts", "/etc/hosts", "ro"))
        for line in service.get("volumes", []):
            source, target, *mode = line.split(":")
            place = ROOT / source if source.startswith(".") else self._home / source
            yield from ("--mount", self._bind(place, target, mode[0] if mode else "rw"))
        for line in service.get("tmpfs", []):
            target, _, options = line.partition(":")
            words = options.replace(",", ":") or "mode=1777"
            yield "--mount"
            yield f"type=tmpfs,src=tmpfs,dst={target},options={words}"

    @staticmethod
    def _bind(source: pathlib.Path, target: str, mode: str) -> str:
        return f"type=bind,src={source.resolve()},dst={target},options=rbind:{mode}"

    @staticmethod
    def _id(name: str) -> str:
        return f"{SPACE}-{name}"

    @staticmethod
    def _netns(name: str) -> str:
        return f"{SPACE}-{name}"

    @staticmethod
    def _try(*command: object) -> None:
        subprocess.run([str(each) for each in command], capture_output=True, check=False)


@pytest.fixture
def project() -> Iterator[Project]:
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as stack:
        place = pathlib.Path(home)
        place.chmod(0o755)
        made = Project(yaml.safe_load((ROOT / "compose.yaml").read_text()), place)
        stack.callback(made.remove)
        made.remove()
        made.prepare()
        yield made


def test_the_demo_runs_as_containers_and_is_proven(project: Project) -> None:
    for name in project.order():
        service = project.services[name]
        for other, wish in service.get("depends_on", {}).items():
            if wish["condition"] == "service_completed_successfully":
                assert project.wait(other, 60) == 0, project.log(other)
            else:
                project.wait_healthy(other)
        project.start(name)
    code = project.wait("conductor", RUN_SECONDS_MAX)
    said = "\n".join(f"== {name}\n{project.log(name)}" for name in project.services)
    assert code == 0, said
    results = json.loads((project._home / "run/results.json").read_text())
    book = results["book"]
    assert book["equal"] == book["compared"] > 0
