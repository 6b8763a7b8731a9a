"""``tickwork conduct`` and ``keep``: far units driven, gathered, analysed, handed out."""

import io
import json
import re
import signal
import subprocess
import tarfile
import urllib.request

import certificates
import control_plans
import pytest
from integration import pods, ways
from ports import free_port

from tickwork import clock
from tickwork.kinds import compiler
from tickwork.unit import unit as units

SPLIT = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: split}
spec:
  durationSeconds: 8
  warmUpSeconds: 1
  pipeline:
    venue:
      name: binance-usdm
      instruments: [BTCUSDT, ETHUSDT]
      twin: {engine: {messagesPerSecond: 300, levelsMax: 100}}
    book: {proof: [ticker, truth]}
    publish: {name: split-pods, tcp: {}}
    consumers:
      - {name: shm, transport: shm}
      - {name: near, transport: tcp}
      - {name: far, transport: tcp, group: far}
"""


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> units.Tls:
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def make(tmp_path):
    made = []

    def start(plan, secured=None, **options) -> pods.Pods:
        made.append(pods.Pods(tmp_path, plan, secured, **options))
        return made[-1]

    yield start
    for each in made:
        each.close()


def finish(child: subprocess.Popen[str], seconds: float = 90) -> str:
    said, _ = child.communicate(timeout=seconds)
    return said


def test_a_split_pipeline_is_driven_from_afar_and_fetched(make, tls) -> None:
    plan = compiler.compile_experiment(compiler.load(SPLIT, "split.yaml", []))
    running = make(plan, tls)
    running.start()
    said = finish(running.conduct())
    digest = running.digest()
    assert digest["status"] == "complete", said
    assert digest["exitCode"] == 0, said
    assert digest["book"]["equal"] == digest["book"]["compared"] > 0
    assert {"receive", "parse", "book", "publish", "read"} <= {
        each["name"] for each in digest["questions"]
    }
    assert digest["skewNs"] is not None
    journal = json.loads((running.run_directory / "conductor.json").read_text())
    assert journal["secured"] is True
    for each in journal["units"].values():
        # It is one clock: all that is seen of an offset is the error, and that has its bound.
        assert abs(each["clockOffsetNs"]) <= each["clockOffsetBoundNs"] * 1.01
    results = json.loads((running.run_directory / "results.json").read_text())
    assert {each["name"]: each["received"] > 0 for each in results["consumers"]} == {
        "shm": True,
        "near": True,
        "far": True,
    }
    fetched = fetch(running)
    assert fetched >= local_form(plan)


def idle(make, *names: str, secured=None, **options) -> pods.Pods:
    return make(control_plans.small_plan(*names, **options), secured, program=control_plans.IDLE)


def test_a_unit_that_dies_far_away_ends_the_run_and_is_named(make) -> None:
    running = idle(make, "a", "b", seconds=60)
    running.start()
    driven = running.conduct()
    wait_for_line(driven, "1.")
    running.kill("idle/b")
    finish(driven)
    digest = running.digest()
    assert (driven.returncode, digest["status"], digest["exitCode"]) == (6, "failed", 6)
    assert digest["failure"]["unit"] == "idle/b"
    assert "no answer for" in digest["failure"]["text"]
    assert (running.run_directory / ".concluded").exists()
    kept = running.run_directory / "blocks" / "000-main" / "idle" / "a" / "idle.bin"
    assert kept.stat().st_size == 3 << 20


def test_a_unit_that_fails_far_away_says_why_itself(make) -> None:
    running = idle(make, "a", settings={"a": {"breakAt": "turn"}}, seconds=60)
    running.start()
    finish(running.conduct())
    failure = running.digest()["failure"]
    assert "told to break in a turn" in failure["text"]
    assert "told to break" in failure["lastLine"]


def test_a_unit_that_never_answers_is_named_at_the_deadline(make) -> None:
    running = idle(make, "a", "b")
    running.start("idle/a")
    driven = running.conduct(deadline_seconds=8)
    said = finish(driven)
    assert driven.returncode == 1, said
    failure = running.digest()["failure"]
    assert failure["unit"] == "idle/b"
    assert "within 8 s" in failure["text"]
    assert "Connect call failed" in failure["text"]


def test_a_unit_whose_clock_is_minutes_off_is_named_with_its_offset(make) -> None:
    ahead = {"clockAheadNs": 180_000_000_000}
    running = idle(make, "a", "b", settings={"b": ahead}, seconds=60)
    running.start()
    driven = running.conduct()
    said = finish(driven)
    assert driven.returncode == 1, said
    failure = running.digest()["failure"]
    assert failure["unit"] == "idle/b"
    said_ahead = r"clock of unit idle/b is ([\d.]+) s ahead of the Conductor's"
    found = re.search(said_ahead, failure["text"])
    assert found is not None, failure
    assert 179 < float(found[1]) < 181
    assert "at most 0.5 s" in failure["text"]
    assert "chrony" in said
    journal = json.loads((running.run_directory / "conductor.json").read_text())
    assert journal["blocks"] == [], "nothing is measured by such a clock"


def test_sigterm_is_an_interruption(make) -> None:
    running = idle(make, "a", seconds=60)
    running.start()
    driven = running.conduct()
    wait_for_line(driven, "1.")
    driven.send_signal(signal.SIGTERM)
    finish(driven)
    assert driven.returncode == 130
    assert running.digest()["status"] == "interrupted"
    journal = json.loads((running.run_directory / "conductor.json").read_text())
    assert journal["blocks"][0]["units"]["idle/a"]["partial"] is False


def test_what_a_killed_conductor_had_gathered_can_be_fetched(make) -> None:
    running = idle(make, "a", seconds=60)
    running.start()
    driven = running.conduct()
    wait_for_line(driven, "1.")
    driven.kill()
    finish(driven)
    assert not (running.run_directory / ".concluded").exists()
    assert {"experiment.yaml", "plan.json"} <= fetch(running)


def test_a_unit_that_comes_back_is_started_again(make) -> None:
    running = idle(make, "a", "b", seconds=15, restart="onFailure")
    running.start()
    driven = running.conduct()
    wait_for_line(driven, "1.")
    running.kill("idle/b")
    running.start("idle/b")
    finish(driven)
    journal = json.loads((running.run_directory / "conductor.json").read_text())
    assert journal["status"] == "complete"
    assert [(each["unit"], each["incarnation"]) for each in journal["restarts"]] == [("idle/b", 2)]


def test_a_way_that_was_lost_without_a_word_is_found_again(make, tmp_path) -> None:
    running = idle(make, "a", "b", seconds=20, restart="onFailure")
    with ways.Way(running.addresses["idle/b/control"]) as way:
        running.addresses["idle/b/control"] = way.address
        running.write()
        running.start()
        driven = running.conduct()
        wait_for_line(driven, "1.")
        way.lose()
        said = finish(driven)
    journal = json.loads((running.run_directory / "conductor.json").read_text())
    assert journal["status"] == "complete", said
    assert journal["restarts"] == []
    assert way.taken >= 2, "the Conductor came a second time"


def test_plaintext_reaches_no_secured_unit(make, tls) -> None:
    running = idle(make, "a", secured=tls)
    running.start()
    running.tls = None
    driven = running.conduct(deadline_seconds=8)
    finish(driven)
    assert driven.returncode == 1
    assert "within 8 s" in running.digest()["failure"]["text"]


def test_a_run_directory_is_never_used_twice(make) -> None:
    running = idle(make, "a")
    running.run_directory.mkdir()
    (running.run_directory / "conductor.json").write_text("{}")
    driven = running.conduct()
    assert "it holds a run already" in finish(driven)
    assert driven.returncode == 2
    assert running.digest()["status"] == "failed"
    assert not (running.run_directory / ".concluded").exists()


def wait_for_line(child: subprocess.Popen[str], words: str) -> None:
    """Reads what ``child`` says up to a line that holds ``words``."""
    said = []
    for line in child.stdout:
        said.append(line)
        if words in line and "/" in line:
            return
    raise AssertionError("".join(said))


def local_form(plan) -> set[str]:
    """The files that a local run of ``plan`` leaves, whatever happened in it."""
    form = {"experiment.yaml", "plan.json", "conductor.json", "results.json", "report.html"}
    for path in plan.unit_paths():
        form |= {f"units/{path}/unit.json", f"units/{path}/log.jsonl"}
        form |= {f"blocks/{plan.blocks[0].label}/{path}/counters.json"}
    return form


def fetch(running: pods.Pods) -> set[str]:
    """Takes the run directory from a keeper, which ends; returns its files."""
    address = f"127.0.0.1:{free_port()}"
    keeper = subprocess.Popen(
        [*pods.COMMAND, "keep", running.run_directory, "--listen", address, "--seconds", "60"],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://{address}/healthz")
        with urllib.request.urlopen(f"http://{address}/run.tar", timeout=30) as answer:
            body = answer.read()
        asked = urllib.request.Request(f"http://{address}/fetched", method="POST")
        with urllib.request.urlopen(asked, timeout=10):
            assert keeper.wait(timeout=20) == 0
    finally:
        keeper.kill()
        keeper.wait(timeout=10)
    with tarfile.open(fileobj=io.BytesIO(body)) as read:
        return set(read.getnames())


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            clock.sleep(100_000_000)
    raise AssertionError(f"{url} never answered")
