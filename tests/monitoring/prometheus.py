"""A Prometheus of a test's own: started, asked, ended."""

import json
import pathlib
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any

import ports

READY_SECONDS_MAX = 30
ASK_SECONDS_MAX = 20
SCRAPE_SECONDS = 1


def find(program: str) -> str | None:
    """Returns where ``program`` is installed, or None."""
    return shutil.which(program)


class Prometheus:
    """One server on a loopback port, its data below ``directory``."""

    def __init__(
        self,
        directory: pathlib.Path,
        scrapes: Sequence[dict[str, Any]],
        rules: Sequence[pathlib.Path] = (),
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{ports.free_port()}"
        config = directory / "prometheus.yaml"
        # JSON is YAML.
        config.write_text(json.dumps(make_config(scrapes, rules)))
        self.log = directory / "prometheus.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={directory / 'data'}",
                    f"--web.listen-address={self.address}",
                    "--log.level=warn",
                ],
                stdout=log,
                stderr=log,
            )
        self._wait_ready()

    def query(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """Returns the samples of ``expression`` at a Unix time (None: now)."""
        asked = {"query": expression} | ({} if at is None else {"time": f"{at:.3f}"})
        return self.ask("query", asked)["result"]

    def query_range(
        self, expression: str, start: float, end: float, step: float = 1.0
    ) -> list[dict[str, Any]]:
        """Returns the series of ``expression`` between two Unix times, with their values."""
        asked = {
            "query": expression,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{step}",
        }
        return self.ask("query_range", asked)["result"]

    def ask(self, path: str, asked: dict[str, str]) -> Any:
        """Returns ``data`` of an answer of the HTTP interface; AssertionError with its words."""
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(asked)}"
        try:
            with urllib.request.urlopen(url, timeout=ASK_SECONDS_MAX) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{asked}: {error.read().decode()}") from error
        assert said["status"] == "success", said
        return said["data"]

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < until:
            assert self._process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        self.close()
        raise AssertionError(f"Prometheus is not ready: {self.log.read_text()}")


def make_config(scrapes: Sequence[dict[str, Any]], rules: Sequence[pathlib.Path]) -> dict[str, Any]:
    """Returns a configuration that scrapes and evaluates every second."""
    every = f"{SCRAPE_SECONDS}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(each) for each in rules],
        "scrape_configs": list(scrapes),
    }


def file_scrape(job: str, targets: pathlib.Path) -> dict[str, Any]:
    """Returns a scrape of whatever ``targets`` names, looked at again every second."""
    return {
        "job_name": job,
        "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}],
    }
