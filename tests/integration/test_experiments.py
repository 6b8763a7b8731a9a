"""Every file of experiments/pipeline runs, shortened, through the command line."""

import json
import os
import pathlib

import pytest
from tickwork_cli import main
from tickwork_services.telemetry import naming

from tickwork.kinds import compiler
from tickwork.local import execution, runs
from tickwork.plan import plan as plans

pytestmark = pytest.mark.system
FOLDER = pathlib.Path(__file__).parents[2] / "experiments" / "pipeline"
# Short and at a rate that a busy machine keeps up with: what is proven here is the file.
QUICK = ["durationSeconds=4", "warmUpSeconds=1", "repeats=1"]
CALM = "pipeline.venue.twin.engine.messagesPerSecond=1500"
NO_FAULTS = "pipeline.venue.twin.faults=[]"


def run(tmp_path: pathlib.Path, name: str, sets: list[str], capsys) -> tuple[int, dict]:
    """Runs ``name`` under a publish name of its own; returns exit code and results."""
    arguments = ["run", str(FOLDER / f"{name}.yaml"), "-o", str(tmp_path), "--json"]
    own = [f"pipeline.publish.name=t-{os.getpid()}", *sets]
    code = main.main([*arguments, *(part for each in own for part in ("--set", each))])
    told = capsys.readouterr()
    assert told.out, told.err
    return code, json.loads(told.out)


def test_every_file_has_its_test() -> None:
    tested = {"demo", "demo-corrupted", "faults", "binance-live", "replay", *COMPARISONS}
    assert {path.stem for path in FOLDER.glob("*.yaml")} == tested


def test_demo_is_proven(tmp_path, capsys) -> None:
    quick = ["durationSeconds=8", "pipeline.publish.tcp.port=null", CALM, THREE_FAULTS]
    code, results = run(tmp_path, "demo", quick, capsys)
    assert (code, results["status"]) == (0, "complete")
    book = results["book"]
    assert book["equal"] == book["compared"] > 1000
    assert book["openGaps"] == 0
    assert book["gaps"] >= 2
    assert {each["name"] for each in results["consumers"]} == {"shm", "tcp"}
    assert undescribed(tmp_path / "latest") == set()


def undescribed(run: pathlib.Path) -> set[str]:
    """Returns the metrics of a run's counters of which telemetry's catalogue says nothing."""
    found = set()
    for path in run.glob("units/*/*/unit.json"):
        unit = json.loads(path.read_text())
        block = run / "blocks" / "000-main" / unit["group"] / unit["name"] / "counters.json"
        told = json.loads(block.read_text())
        owners = {each["name"]: each["component"] for each in unit["components"]}
        named = [(owners[name], each["absolute"]) for name, each in told["components"].items()]
        named += [("link", counters) for counters in told["links"].values()]
        found |= {naming.metric_of(owner, name) for owner, counters in named for name in counters}
    return {metric.name for metric in found if "does not describe" in metric.help}


THREE_FAULTS = (
    "pipeline.venue.twin.faults=["
    "{atSeconds: 2, kind: drop, instrument: BTCUSDT, lines: all}, "
    "{atSeconds: 3, kind: drop, instrument: ETHUSDT, count: 40, lines: all}, "
    "{atSeconds: 4, kind: disconnect, midFrame: true, lines: all}]"
)


def test_a_spoiled_truth_is_found(tmp_path, capsys) -> None:
    code, results = run(tmp_path, "demo-corrupted", ["durationSeconds=8", CALM], capsys)
    assert code == 3
    assert 0 < results["book"]["compared"] - results["book"]["equal"] < 100


def test_every_fault_is_survived(tmp_path, capsys) -> None:
    code, results = run(tmp_path, "faults", [CALM], capsys)
    assert (code, results["status"]) == (0, "complete")
    assert results["losses"]["injected"] >= 17
    assert results["book"]["openGaps"] == 0


COMPARISONS = {"fused-against-split": {"fused", "split"}, "shm-against-tcp": {"shm", "tcp"}}


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_comparisons_measure_both_arms(tmp_path, capsys, name: str) -> None:
    code, results = run(tmp_path, name, [*QUICK, CALM], capsys)
    assert (code, results["status"]) == (0, "complete")
    assert {each["arm"] for each in results["consumers"]} == COMPARISONS[name]
    assert {each["arm"] for each in results["hops"]} == COMPARISONS[name]


def twin_of(name: str) -> plans.Plan:
    """Returns a provider that is nothing but the twin of the demo, speaking for ``name``."""
    sets = ["durationSeconds=null", f"pipeline.venue.name={name}", NO_FAULTS, CALM]
    demo = compiler.compile_experiment(compiler.load_file(FOLDER / "demo.yaml", sets))
    groups = tuple(group for group in demo.groups if group.name == "venue")
    return demo.model_copy(update={"groups": groups, "links": (), "publish_names": ()})


def test_live_reads_the_twin_as_it_would_the_exchange(tmp_path, capsys) -> None:
    answers: list[tuple[int, dict]] = []

    def ready(fleet: execution.LocalFleet) -> None:
        spoken = json.loads((twin.unit("venue", "twin") / "unit.json").read_text())
        listens = spoken["components"][0]["listens"]
        endpoint = (
            f"pipeline.venue.endpoint={{websocket: 'ws://{listens['websocket']}', "
            f"rest: 'http://{listens['rest']}'}}"
        )
        port = "pipeline.publish.tcp.port=null"
        answers.append(run(tmp_path, "binance-live", [*QUICK, endpoint, port], capsys))
        os.kill(os.getpid(), 15)

    twin = runs.make(tmp_path / "twin", "twin", "")
    assert execution.provide(twin_of("binance-spot"), twin, ready=ready).exit_code == 0
    [(code, results)] = answers
    assert (code, results["status"]) == (0, "complete")
    assert results["book"]["tickerEqual"] == results["book"]["tickerCompared"] > 0
