"""A provider whose publisher is killed again and again, and readers that follow it."""

import json
import os
import pathlib
import signal
import threading
import time

import pytest
import tickwork_native

from tickwork.kinds import compiler
from tickwork.local import execution, runs, supervisor

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
DEMO = pathlib.Path(__file__).parents[2] / "experiments" / "pipeline" / "demo.yaml"
PUBLISHER = "pipeline/publisher"
KILL_EVERY_SECONDS = 5.0
KILLING_SECONDS = 60.0
# A slow machine takes longer for them: who dies again and again is started again later each time.
KILLS_MIN = 8
READ_NS = 20_000_000
SETS = (
    "durationSeconds=null",
    "pipeline.venue.twin.faults=[]",
    "pipeline.venue.twin.engine.messagesPerSecond=1500",
    "pipeline.publish.tcp.port=null",
)


class Follower:
    """A reader from outside, as anybody may write one: adds up what is missing and what is told.

    ``untold`` are numbers of the sequence that never came and that no call said were lost.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ring = self._open()
        self.received = self.lost = self.untold = self.repeated = 0
        self.first: int | None = None
        self.last: int | None = None

    def _open(self) -> tickwork_native.Ring:
        deadline = time.monotonic() + 60
        while True:
            try:
                return tickwork_native.Ring.open(self.name)
            except tickwork_native.SegmentMissing:
                assert time.monotonic() < deadline, "no publisher within a minute"
                time.sleep(0.05)

    def read(self) -> int:
        """Reads what is there by now; returns the number of tops."""
        tops, lost = self.ring.read_batch(timeout_ns=READ_NS)
        told = lost
        for number in tops["sequence"].tolist():
            if self.last is not None:
                self.untold += max(0, number - self.last - 1 - told)
                self.repeated += number <= self.last
            else:
                self.first = number
            self.last, told = number, 0
        self.received += len(tops)
        self.lost += lost
        return len(tops)


class Meddler:
    """Kills the publisher every five seconds for a minute or more, reading; then ends the run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kills = 0
        self.follower: Follower | None = None
        self.states: list[str] = []
        self.error: BaseException | None = None
        self.thread: threading.Thread | None = None

    def begin(self, fleet: execution.LocalFleet) -> None:
        self.thread = threading.Thread(target=self._run, args=(fleet,))
        self.thread.start()

    def _run(self, fleet: execution.LocalFleet) -> None:
        try:
            self.follower = Follower(self.name)
            self._meddle(fleet, self.follower)
        except BaseException as error:
            self.error = error
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def _meddle(self, fleet: execution.LocalFleet, follower: Follower) -> None:
        self._until(follower.read, "the first record")
        end = time.monotonic() + KILLING_SECONDS
        while time.monotonic() < end or self.kills < KILLS_MIN:
            due = time.monotonic() + KILL_EVERY_SECONDS
            while time.monotonic() < due or PUBLISHER not in fleet.pids():
                follower.read()
            generation = follower.ring.generation
            os.kill(fleet.pids()[PUBLISHER], signal.SIGKILL)
            self.kills += 1
            self._until(lambda old=generation: self._goes_on(old), "the next generation")
        self._until(self._is_live, "all books live")

    def _goes_on(self, old: int) -> bool:
        """Says whether records come from a later publisher than that of generation ``old``."""
        came = self.follower.read()
        return bool(came) and self.follower.ring.generation > old

    def _is_live(self) -> bool:
        self.follower.read()
        books = tickwork_native.Books.open(self.name)
        self.states = [books[symbol].state for symbol in books.symbols]
        books.close()
        return set(self.states) == {"LIVE"}

    def _until(self, test, what: str) -> None:
        deadline = time.monotonic() + 40
        while not test():
            assert time.monotonic() < deadline, f"{what}: not within 40 s; {self.states}"


def test_readers_lose_only_what_they_count_while_their_publisher_is_killed_for_a_minute(
    tmp_path,
) -> None:
    name = f"k-{os.getpid()}"
    sets = [f"pipeline.publish.name={name}", *SETS]
    plan = compiler.compile_experiment(compiler.load_file(DEMO, sets))
    assert plan.is_provider
    run = runs.make(tmp_path, "killed", DEMO.read_text())
    meddler = Meddler(name)
    told: list[supervisor.Restarted] = []
    ended = execution.provide(plan, run, told.append, ready=meddler.begin)
    meddler.thread.join()
    if meddler.error is not None:
        raise meddler.error
    assert ended.exit_code == 0
    assert meddler.kills >= KILLS_MIN
    assert [(each.unit, each.ending) for each in told] == [(PUBLISHER, "SIGKILL")] * meddler.kills

    follower = meddler.follower
    assert (follower.untold, follower.repeated) == (0, 0)
    assert follower.received + follower.lost == follower.last - follower.first + 1
    assert follower.received > 1000

    counters = json.loads(
        (run.block_unit("000-main", "pipeline", "shm") / "counters.json").read_text()
    )["components"]["shm"]["counters"]
    assert (counters["gaps"], counters["malformed"], counters["crossed"]) == (0, 0, 0), counters
    assert counters["writerDeaths"] >= meddler.kills, counters
    assert counters["received"] + counters["lost"] >= follower.received, counters
