"""Units as pods hold them: bound for several machines, each with its own disk and segments.

Every group listens on all addresses and is dialled at one of its own in 127.0.0.0/8; what the
Conductor of a cluster gets, the tests' gets too.
"""

import dataclasses
import json
import pathlib
import signal
import subprocess
import sys

from ports import free_port

from tickwork.plan import bind
from tickwork.plan import plan as plans
from tickwork.unit.unit import Tls, Unit

SERVICES = (sys.executable, "-P", "-m", "tickwork_services")
COMMAND = (sys.executable, "-P", "-m", "tickwork_cli.main")


@dataclasses.dataclass
class Pods:
    """The processes of one plan's units below ``root``."""

    root: pathlib.Path
    plan: plans.Plan
    tls: Tls | None
    program: tuple[str, ...] = SERVICES
    children: dict[str, subprocess.Popen[bytes]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        ports = {endpoint: free_port() for endpoint, _ in bind.endpoints(self.plan)}
        hosts = {group.name: f"127.0.1.{index + 1}" for index, group in enumerate(self.plan.groups)}
        self.addresses = {end: f"{hosts[end.split('/')[0]]}:{port}" for end, port in ports.items()}
        self.run_directory = self.root / "run"
        self.units = bind.bind(
            self.plan,
            bind.Binding(
                f"{self.plan.experiment}-abcde",
                self.addresses,
                {path: self.directories(path) for path in self.plan.unit_paths()},
                listening={end: f"0.0.0.0:{port}" for end, port in ports.items()},
                near={end: f"127.0.0.1:{port}" for end, port in ports.items()},
                tls=self.tls,
            ),
        )
        self.write()

    def directories(self, path: str) -> bind.Directories:
        pod = self.root / path.split("/", maxsplit=1)[0]
        return bind.Directories(str(pod / "output" / path.split("/")[1]), str(pod / "shm"))

    def write(self) -> None:
        (self.root / "plan.json").write_text(self.plan.to_json())
        (self.root / "experiment.yaml").write_text("text: as it was given\n")
        targets = {
            unit: self.addresses[f"{unit}/{plans.CONTROL_PORT}"] for unit in self.plan.unit_paths()
        }
        (self.root / "addresses.json").write_text(json.dumps({"targets": targets}))

    def start(self, *paths: str) -> None:
        for unit in self.units:
            if not paths or unit.path in paths:
                self.children[unit.path] = self.spawn(unit)

    def spawn(self, unit: Unit) -> subprocess.Popen[bytes]:
        file = self.root / unit.group / f"{unit.name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(unit.model_dump_json(by_alias=True))
        counted = pathlib.Path(unit.output_directory, "incarnation")
        with (self.root / f"{unit.group}-{unit.name}.log").open("ab") as log:
            return subprocess.Popen(
                [*self.program, file, "--incarnation-file", counted],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, path: str) -> None:
        self.children[path].kill()
        self.children[path].wait(timeout=10)

    def conduct(self, *arguments: str, deadline_seconds: float = 60) -> subprocess.Popen[str]:
        folder = self.root
        secured = ("--tls", str(pathlib.Path(self.tls.ca_file).parent)) if self.tls else ()
        return subprocess.Popen(
            [
                *COMMAND,
                "conduct",
                *("--plan", folder / "plan.json", "--experiment", folder / "experiment.yaml"),
                *("--addresses", folder / "addresses.json", "--run-directory", self.run_directory),
                *("--digest", folder / "digest.json", "--start-deadline", str(deadline_seconds)),
                *secured,
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def digest(self) -> dict:
        return json.loads((self.root / "digest.json").read_text())

    def close(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(timeout=10)
