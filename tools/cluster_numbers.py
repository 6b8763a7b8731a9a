"""Measures runs on the cluster of KUBECONFIG; writes docs/reference/cluster-numbers.md.

``python tools/cluster_numbers.py [start|skew|hops|operator …] [--pairs N] [--more]`` measures the
parts named (all without a name), keeps them in benchmarks/cluster.json and writes the page from it.
The images of the chart must be on the nodes. ``--more`` adds pairs to those that are kept.
"""

import argparse
import contextlib
import copy
import datetime
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT), str(ROOT / "tools")]

import cluster_operator  # noqa: E402
from cluster import api, shell  # noqa: E402

from benchmarks import machine  # noqa: E402

RESULTS = ROOT / "benchmarks" / "cluster.json"
PAGE = ROOT / "docs" / "reference" / "cluster-numbers.md"
DEMO = ROOT / "experiments" / "pipeline" / "demo.yaml"
BEGIN, END = "<!-- numbers: begin -->", "<!-- numbers: end -->"
PLACES = {"venue": {"region": "region-a"}, "pipeline": {"region": "region-b"}}
STARTS = 3
BLOCKS = 20
PAIRS = 10
HOP_SECONDS = 6
LOOK_SECONDS = 0.2
RUN_SECONDS_MAX = 300
DRAWS = 1000
NO_CLUSTER = "cluster-numbers: skipped, no cluster: KUBECONFIG is not set, or kubectl is not there"
SMALL: dict[str, Any] = {
    "venue": {
        "name": "binance-usdm",
        "instruments": ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT"],
        "twin": {"engine": {"messagesPerSecond": 2000}},
    },
    "forwarder": {"lines": 1},
    "book": {"depth": 20, "proof": ["ticker", "truth"]},
    "placement": "split",
    "wait": "park",
    "consumers": [{"name": "shm", "transport": "shm"}, {"name": "tcp", "transport": "tcp"}],
}


def manifest(name: str, **spec: Any) -> dict[str, Any]:
    """A small pipeline whose readers are parked: twin in one region, the rest in the other."""
    pipeline = copy.deepcopy(SMALL) | {"publish": {"name": name, "tcp": {"port": 19417}}}
    cluster = {"startDeadlineSeconds": 120, "groups": PLACES}
    return {
        "apiVersion": "tickwork.dev/v1alpha1",
        "kind": "Experiment",
        "metadata": {"name": name},
        "spec": {"warmUpSeconds": 1, "cluster": cluster, "pipeline": pipeline, **spec},
    }


class Ground:
    """A namespace with the chart in it, and runs in it one after another."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.api = api.Api()

    def run(self, body: dict[str, Any]) -> tuple[dict[str, Any], float, float]:
        """Runs ``body``; returns its status, seconds to Running and to Complete, seen from here."""
        name = body["metadata"]["name"]
        body["metadata"]["namespace"] = self.namespace
        began = time.monotonic()
        self.api.apply(body)
        running = self._until(name, {"Running", "Collecting", "Complete", "Failed"})
        running_seconds = time.monotonic() - began
        status = self._until(name, {"Complete", "Failed"}) if running else running
        complete_seconds = time.monotonic() - began
        if status["phase"] != "Complete":
            raise SystemExit(f"cluster-numbers: {name} failed: {status.get('message')}")
        return status, running_seconds, complete_seconds

    def fetch(self, name: str, into: pathlib.Path) -> dict[str, Any]:
        """Fetches the run directory; returns conductor.json."""
        tickwork("fetch", name, "-n", self.namespace, "-o", str(into))
        held: dict[str, Any] = json.loads((into / "latest" / "conductor.json").read_text("utf-8"))
        return held

    def remove(self, name: str) -> None:
        """Deletes the Experiment and waits until no pod of it is left."""
        self.api.delete("Experiment", self.namespace, name)
        selector = f"tickwork.dev/experiment={name}"
        while self.api.list("Pod", self.namespace, labelSelector=selector):
            time.sleep(LOOK_SECONDS)

    def _until(self, name: str, phases: set[str]) -> dict[str, Any]:
        deadline = time.monotonic() + RUN_SECONDS_MAX
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.api.get("Experiment", self.namespace, name)
            if found.get("status", {}).get("phase") in phases:
                return dict(found["status"])
            time.sleep(LOOK_SECONDS)
        raise SystemExit(f"cluster-numbers: {name} was not {phases} in {RUN_SECONDS_MAX} s")


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """A namespace of its own with the chart installed; removed afterwards."""
    with shell.namespace("numbers") as namespace:
        release = shell.Release(namespace)
        release.bring()
        try:
            yield Ground(namespace)
        finally:
            release.helm("uninstall", "--ignore-not-found", "--wait")


def tickwork(*arguments: str) -> None:
    """Runs the CLI; ends with what it said where it fails."""
    command = [sys.executable, "-m", "tickwork_cli.main", *arguments]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise SystemExit(f"tickwork {' '.join(arguments)}: {made.stdout}{made.stderr}")


# -- what is measured -----------------------------------------------------------------------------


def measure_start(on: Ground, kept: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """From apply to Running and to Complete: the demo, 15 s, images present."""
    del kept, options
    running, complete = [], []
    for _ in range(STARTS):
        body = yaml.safe_load(DEMO.read_text("utf-8"))
        body["spec"]["cluster"] = {"groups": PLACES}
        _, to_running, to_complete = on.run(body)
        on.remove(body["metadata"]["name"])
        running.append(round(to_running, 2))
        complete.append(round(to_complete, 2))
        print(f"Running after {to_running:.1f} s, Complete after {to_complete:.1f} s", flush=True)
    return {"runningSeconds": running, "completeSeconds": complete}


def measure_skew(on: Ground, kept: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """How far apart units and Groups began, block by block."""
    del kept, options
    body = manifest("skew", durationSeconds=3, repeats=BLOCKS)
    status, _, _ = on.run(body)
    with tempfile.TemporaryDirectory() as folder:
        blocks = on.fetch("skew", pathlib.Path(folder))["blocks"]
    on.remove("skew")
    groups = []
    for block in blocks:
        begun: dict[str, int] = {}
        for name, unit in block["units"].items():
            group = name.partition("/")[0]
            begun[group] = max(begun.get(group, 0), unit["startedUnixNs"])
        groups.append(max(begun.values()) - min(begun.values()))
    units = [block["skewNs"] for block in blocks]
    late = [unit["latenessNs"] for block in blocks for unit in block["units"].values()]
    print(f"skew {statistics.median(units) / 1e6:.2f} ms over {len(blocks)} starts", flush=True)
    return {
        "unitsNs": units,
        "groupsNs": groups,
        "latenessNs": late,
        "statusSkewNs": status["skewNs"],
    }


def measure_hops(on: Ground, kept: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """The p50 of every hop, in pods and on this machine by turns."""
    pairs = kept.get("pairs", []) if options.more else []
    kept["pairs"] = pairs
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "hops.yaml")
        for _ in range(options.pairs):
            body = manifest("hops", durationSeconds=HOP_SECONDS)
            path.write_text(json.dumps(body), "utf-8")
            status, _, _ = on.run(body)
            on.remove("hops")
            far = {each["name"]: each["p50Ns"] for each in status["digest"]["questions"]}
            tickwork("run", str(path), "-o", folder)
            results = json.loads(pathlib.Path(folder, "latest/results.json").read_text("utf-8"))
            near = {each["name"]: each["p50Ns"] for each in results["hops"]}
            pairs.append({"pods": far, "local": near})
            print(f"pair {len(pairs)}: pods {far}, local {near}", flush=True)
    return {"pairs": pairs}


def measure_operator(
    on: Ground, kept: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    """What the operator takes for many Experiments, for none that does anything, for a deletion."""
    del kept, options
    told = cluster_operator.measure(on.api, on.namespace)
    print(told, flush=True)
    return told


PARTS: dict[str, Callable[[Ground, dict[str, Any], argparse.Namespace], dict[str, Any]]] = {
    "start": measure_start,
    "skew": measure_skew,
    "hops": measure_hops,
    "operator": measure_operator,
}


# -- what is written ------------------------------------------------------------------------------


def ratio_of(pairs: list[dict[str, Any]], hop: str) -> tuple[float, float, float]:
    """The ratio of the medians, pods over local, and its 95 % interval over drawn pairs."""
    drawer = random.Random(hop)
    measured = [(each["pods"][hop], each["local"][hop]) for each in pairs]

    def ratio(drawn: list[tuple[float, float]]) -> float:
        pods, local = zip(*drawn, strict=True)
        return float(statistics.median(pods) / statistics.median(local))

    draws = sorted(ratio(drawer.choices(measured, k=len(measured))) for _ in range(DRAWS))
    return ratio(measured), draws[int(0.025 * DRAWS)], draws[int(0.975 * DRAWS)]


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s (max {max(values):.1f}, {len(values)} runs)"


def _ms(values: list[int]) -> str:
    milli = sorted(each / 1e6 for each in values)
    return f"{statistics.median(milli):.2f} ms ({milli[0]:.2f} to {milli[-1]:.2f}, {len(milli)})"


def _holds(value: float, limit: float) -> str:
    return "yes" if value <= limit else "**no**"


def figures(parts: dict[str, Any]) -> Iterator[str]:
    """Rows of the first table: what was promised, what was measured."""
    if start := parts.get("start"):
        for key, words, limit in (
            ("runningSeconds", "apply → Running", 15),
            ("completeSeconds", "apply → Complete, a run of 15 s", 60),
        ):
            held = _holds(max(start[key]), limit)
            yield f"| {words} | {_seconds(start[key])} | {limit} s | {held} |"
    if skew := parts.get("skew"):
        held = _holds(statistics.median(skew["groupsNs"]), 1e6)
        yield f"| start skew between Groups | {_ms(skew['groupsNs'])} | median 1 ms | {held} |"
        held = _holds(statistics.median(skew["unitsNs"]), 1e6)
        yield f"| start skew between all units | {_ms(skew['unitsNs'])} | median 1 ms | {held} |"
        yield f"| lateness of a unit | {_ms(skew['latenessNs'])} | - | |"
    if operator := parts.get("operator"):
        for words, measured, limit, held in cluster_operator.rows(operator):
            yield f"| {words} | {measured} | {limit} | {'yes' if held else '**no**'} |"


def hops(pairs: list[dict[str, Any]]) -> Iterator[str]:
    """Rows of the second table: every hop, pods against local mode."""
    for hop in pairs[0]["pods"]:
        pods = statistics.median(each["pods"][hop] for each in pairs) / 1e3
        local = statistics.median(each["local"][hop] for each in pairs) / 1e3
        ratio, low, high = ratio_of(pairs, hop)
        held = _holds(ratio, 2)
        interval = f"{ratio:.2f} ({low:.2f} to {high:.2f})"
        yield f"| {hop} | {pods:.1f} | {local:.1f} | {interval} | {held} |"


def table(results: dict[str, Any]) -> str:
    """Both tables with machine and date."""
    parts = results["parts"]
    lines = ["| | median (range, count) | limit | holds |", "|---|---|---|---|", *figures(parts)]
    if pairs := parts.get("hops", {}).get("pairs"):
        lines += [
            "",
            f"p50 per hop in µs; {len(pairs)} pairs of runs, pods and local:",
            "",
        ]
        lines += ["| hop | pods | local | ratio (95 %) | under 2 |", "|---|---:|---:|---:|---|"]
        lines += hops(pairs)
    held = results["machine"]
    lines += ["", f"{held['cpu']}, {held['cpus']} cores for both nodes and all else,"]
    lines += [f"Linux {held['kernel']}, {results['date']}. Made by `make cluster-numbers`."]
    return "\n".join(lines)


def pages() -> dict[pathlib.Path, str]:
    """The page as it should be."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = table(json.loads(RESULTS.read_text("utf-8")))
    return {PAGE: f"{before}{BEGIN}\n{made}\n{END}{after}"}


def keep(held: dict[str, Any]) -> None:
    """Writes what was measured, with machine and date; pairs of an ended run are kept too."""
    held["machine"] = machine.describe()
    held["date"] = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    RESULTS.write_text(json.dumps(held, indent=1) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs of runs for the hops")
    parser.add_argument("--more", action="store_true", help="add pairs to those that are kept")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if "KUBECONFIG" not in os.environ or shutil.which("kubectl") is None:
        print(NO_CLUSTER)
        return 0
    held = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"parts": {}}
    with ground() as on:
        for name in options.parts or PARTS:
            kept = held["parts"].setdefault(name, {})
            try:
                kept |= PARTS[name](on, kept, options)
            finally:
                keep(held)
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
