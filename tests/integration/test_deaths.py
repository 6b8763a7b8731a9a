"""The whole pipeline while its units are killed by SIGKILL: it comes back, and stays right."""

import json
import os
import pathlib
import signal
import threading

import pytest
from tickwork_analysis import summary

from tickwork.conductor import conduct, events
from tickwork.conductor.outcome import Outcome
from tickwork.kinds import compiler
from tickwork.local import execution, runs

pytestmark = pytest.mark.system
DEMO = pathlib.Path(__file__).parents[2] / "experiments" / "pipeline" / "demo.yaml"
VICTIMS = ("publisher", "book", "normalizer", "forwarder", "shm")
CALM = (
    "warmUpSeconds=1",
    "pipeline.venue.twin.faults=[]",
    "pipeline.venue.twin.engine.messagesPerSecond=1500",
    "pipeline.publish.tcp.port=null",
)
# Nobody is killed later than this before the end: who dies has time to come back.
COMING_BACK_NS = 8_000_000_000


class Dying:
    """A run of the demo in which ``victims`` are killed, each when the one before is back."""

    def __init__(self, parent: pathlib.Path, victims: tuple[str, ...], *sets: str) -> None:
        own = f"pipeline.publish.name=d-{os.getpid()}"
        self.plan = compiler.compile_experiment(compiler.load_file(DEMO, [own, *CALM, *sets]))
        self.run = runs.make(parent, "dying", DEMO.read_text())
        self.waiting = list(victims)
        self.restarted: list[str] = []
        self.killed = 0
        self.outcome = execution.execute(self.plan, self.run, self.drive)
        self.results = json.loads(summary.to_json(summary.summarise(self.run.root).results))

    def drive(self, fleet: execution.LocalFleet) -> Outcome:
        def report(event: events.Event) -> None:
            if isinstance(event, events.UnitRestarted):
                self.restarted.append(event.unit)
            ripe = (
                isinstance(event, events.Progressed)
                and 2_000_000_000 < event.elapsed_ns < event.duration_ns - COMING_BACK_NS
            )
            if ripe and self.waiting and len(self.restarted) == self.killed:
                self.killed += 1
                pid = fleet.pids()[f"pipeline/{self.waiting.pop(0)}"]
                os.kill(pid, signal.SIGKILL)

        return conduct.conduct(self.plan, fleet, self.run, report)


def test_every_unit_of_the_pipeline_may_be_killed_and_comes_back(tmp_path) -> None:
    dying = Dying(tmp_path, VICTIMS, "restart=onFailure", "durationSeconds=22")
    assert (dying.outcome.status, dying.outcome.exit_code) == ("complete", 0)
    assert dying.restarted == [f"pipeline/{name}" for name in VICTIMS[: dying.killed]]
    assert dying.killed >= 3
    book = dying.results["book"]
    assert book["equal"] == book["compared"] > 1000
    assert book["openGaps"] == 0
    journal = json.loads(dying.run.conductor.read_text())
    assert [each["incarnation"] for each in journal["restarts"]] == [2] * dying.killed


def test_a_full_outlet_of_the_forwarder_is_told_and_the_books_come_back(tmp_path) -> None:
    class Stopping(Dying):
        """A run whose normalizer stands still for three seconds before a small pipe."""

        def drive(self, fleet: execution.LocalFleet) -> Outcome:
            pid = fleet.pids()["pipeline/normalizer"]
            going_on = threading.Timer(3.0, os.kill, (pid, signal.SIGCONT))

            def report(event: events.Event) -> None:
                ripe = isinstance(event, events.Progressed) and event.elapsed_ns > 2_000_000_000
                if ripe and not self.killed:
                    self.killed = 1
                    os.kill(pid, signal.SIGSTOP)
                    going_on.start()

            outcome = conduct.conduct(self.plan, fleet, self.run, report)
            going_on.join()
            return outcome

    small = ("pipeline.pipeBytes=524288", "pipeline.forwarder.frameBytesMax=65536")
    run = Stopping(tmp_path, (), "durationSeconds=12", *small)
    assert (run.outcome.status, run.outcome.exit_code) == ("complete", 0)
    book = run.results["book"]
    assert book["equal"] == book["compared"] > 1000
    assert book["gaps"] >= 1
    assert book["openGaps"] == 0
    assert run.results["losses"]["frames"] > 0, "what found no room is in the results"
    counters = run.run.block_unit("000-main", "pipeline", "forwarder") / "counters.json"
    counted = json.loads(counters.read_text())["components"]["forwarder"]["counters"]
    assert counted["framesDropped"] == run.results["losses"]["frames"]
    assert counted["stalls"] == counted["reconnects"] == 0, "it went on reading"


@pytest.mark.parametrize("victim", ["book", "twin"])
def test_without_restarts_the_first_death_is_named_and_the_rest_collected(tmp_path, victim) -> None:
    group = "venue" if victim == "twin" else "pipeline"
    plan_path = f"{group}/{victim}"

    class DyingOnce(Dying):
        def drive(self, fleet: execution.LocalFleet) -> Outcome:
            def report(event: events.Event) -> None:
                ripe = isinstance(event, events.Progressed) and event.elapsed_ns > 2_000_000_000
                if ripe and not self.killed:
                    self.killed = 1
                    os.kill(fleet.pids()[plan_path], signal.SIGKILL)

            return conduct.conduct(self.plan, fleet, self.run, report)

    dying = DyingOnce(tmp_path, (), "durationSeconds=60")
    assert (dying.outcome.status, dying.outcome.exit_code) == ("failed", 6)
    assert dying.outcome.failures[0].unit == plan_path
    assert dying.results["status"] == "failed"
    units = json.loads(dying.run.conductor.read_text())["blocks"][0]["units"]
    assert [name for name, unit in units.items() if unit["partial"]] == [plan_path]
    assert dying.run.block_unit("000-main", group, victim).joinpath("counters.json").is_file()
