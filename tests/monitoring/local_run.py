"""The demo, run on this machine by the command line while a Prometheus scrapes its units."""

import contextlib
import dataclasses
import importlib.util
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from monitoring import prometheus

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "experiments/pipeline/demo.yaml"
RULES = ROOT / "charts/tickwork/rules/tickwork.yaml"
UNITS = 7
START_SECONDS_MAX = 60
RUN_SECONDS_MAX = 100


@dataclasses.dataclass(frozen=True)
class Observed:
    """A run that has ended, and the server that saw it; instants are Unix seconds."""

    server: prometheus.Prometheus
    directory: pathlib.Path
    start: float
    end: float

    @property
    def results(self) -> dict[str, Any]:
        """The run's results.json."""
        return json.loads((self.directory / "results.json").read_text())

    def series(self, expression: str) -> list[dict[str, Any]]:
        """Returns what ``expression`` shows over the run, a value a second."""
        return self.server.query_range(expression, self.start, self.end)


@contextlib.contextmanager
def observe(directory: pathlib.Path, *sets: str) -> Iterator[Observed]:
    """Runs the demo, with ``sets`` laid over it, to its end, scraped every second."""
    targets = directory / "targets.json"
    targets.write_text("[]")
    rules = [RULES] if RULES.exists() else []
    server = prometheus.Prometheus(
        directory / "prometheus", [prometheus.file_scrape("tickwork-units", targets)], rules
    )
    try:
        start = time.time()
        run = _run_demo(directory, targets, sets)
        yield Observed(server, run, start, time.time())
    finally:
        server.close()


def _run_demo(directory: pathlib.Path, targets: pathlib.Path, sets: Sequence[str]) -> pathlib.Path:
    laid = [word for each in sets for word in ("--set", each)]
    output = ["-o", str(directory / "runs")]
    with (directory / "run.log").open("w+") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "tickwork_cli.main", "run", str(DEMO), *output, *laid],
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
        try:
            _write_targets(directory / "runs" / "latest", targets)
            code = child.wait(timeout=RUN_SECONDS_MAX)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait(timeout=30)
        said.seek(0)
        assert code == 0, said.read()
    return (directory / "runs" / "latest").resolve()


def _write_targets(run: pathlib.Path, targets: pathlib.Path) -> None:
    """Waits until every unit has its file, then tells Prometheus where they are."""
    until = time.monotonic() + START_SECONDS_MAX
    while len(list(run.glob("units/*/*/unit.json"))) < UNITS:
        assert time.monotonic() < until, f"no units in {run}"
        time.sleep(0.05)
    part = targets.with_suffix(".part")
    part.write_text(json.dumps(load_tool("prometheus_targets").targets_of(run)))
    part.replace(targets)


def load_tool(name: str) -> Any:
    """Returns a module of ``tools``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
