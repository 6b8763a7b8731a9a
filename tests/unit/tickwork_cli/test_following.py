import argparse
import pathlib

import pytest
from tickwork_cli import cluster, following, report_table

from tickwork import errors, run_directory
from tickwork.kinds import compiler

DEMO = pathlib.Path(__file__).parents[3] / "experiments/pipeline/demo.yaml"


def experiment(phase, *conditions, **status):
    listed = [
        {"type": kind, "status": truth, "reason": reason, "message": message}
        for kind, truth, reason, message in conditions
    ]
    return {"status": {"phase": phase, "conditions": listed, **status}}


def test_what_has_no_status_yet_is_pending() -> None:
    assert following.describe({}) == "Pending"
    assert not following.is_over({})


def test_a_running_block_says_how_far_it_came() -> None:
    progress = {"percent": 40, "block": 2, "blocks": 20}
    seen = experiment("Running", ("Running", "True", "Running", ""), progress=progress)
    assert following.describe(seen) == "Running  40 %, block 2 of 20"


def test_a_failure_says_its_reason_and_is_the_end() -> None:
    seen = experiment("Failed", ("Failed", "True", "OOMKilled", "pipeline/book was killed"))
    assert following.describe(seen) == "Failed  OOMKilled: pipeline/book was killed"
    assert following.is_over(seen)


def test_what_cannot_be_scheduled_says_why_it_waits() -> None:
    seen = experiment("Starting", ("Scheduled", "False", "Unschedulable", "no node has 64 CPUs"))
    assert following.describe(seen) == "Starting  Unschedulable: no node has 64 CPUs"


def test_only_a_condition_that_holds_ends_it() -> None:
    assert not following.is_over(experiment("Running", ("Complete", "False", "Waiting", "")))
    assert following.is_over(experiment("Complete", ("Complete", "True", "Complete", "")))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"phase": "Complete", "digest": {"exitCode": 0}}, 0),
        ({"phase": "Failed", "digest": {"exitCode": 3}}, 3),
        ({"phase": "Failed"}, 1),
        ({"phase": "Failed", "digest": {"exitCode": 0}}, 1),
        ({"phase": "Complete"}, 0),
    ],
)
def test_the_exit_code_is_the_conductor_s_where_it_gave_one(status, code) -> None:
    assert following.exit_code({"status": status}) == code


@pytest.mark.parametrize("code", ["3", None, 3.5, {}], ids=str)
def test_an_exit_code_that_is_no_number_is_none(code) -> None:
    assert following.exit_code({"status": {"phase": "Failed", "digest": {"exitCode": code}}}) == 1
    assert following.exit_code({"status": {"phase": "Failed", "digest": None}}) == 1


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (None, "Running"),
        ({"percent": None, "block": None, "blocks": None}, "Running  0 %"),
        ({"percent": 5, "block": 1, "blocks": "many"}, "Running  5 %"),
        ({"percent": 5, "block": None, "blocks": 2}, "Running  5 %, block 0 of 2"),
    ],
    ids=["none", "nulls", "words", "half"],
)
def test_an_odd_progress_is_described_all_the_same(progress, line) -> None:
    assert following.describe(experiment("Running", progress=progress)) == line


def test_a_reason_without_words_is_no_reason() -> None:
    assert following.describe(experiment("Failed", ("Failed", "True", None, None))) == "Failed"


@pytest.mark.parametrize("text", [b'{"version": 99}', b"{", b"\xff"], ids=["other", "cut", "bytes"])
def test_results_of_another_form_are_said_and_no_defect(tmp_path, capsys, text) -> None:
    run = run_directory.RunDirectory(tmp_path)
    run.results.write_bytes(text)
    console = report_table.make_console()
    following.draw(run, 3, options(tmp_path), console)
    assert f"tickwork report {tmp_path}" in capsys.readouterr().err


def test_an_experiment_that_no_operator_looks_at_is_said() -> None:
    class Cluster:
        namespace = "lab"

        def follow(self, _name, _uid):
            yield {}
            yield {}
            yield experiment("Failed", ("Failed", "True", "InvalidSpec", "no"))

    said: list[str] = []
    following._follow(Cluster(), "demo", "u", said.append)
    assert said[0] == "  Pending"
    assert "watch namespace lab" in said[1]
    assert said[2] == "  Failed  InvalidSpec: no"


AWAY = errors.MissingError("Reading Experiment demo: lab does not answer.", "Check KUBECONFIG.")
BUSY = cluster.BusyError("Reading Experiment demo in lab: etcdserver: leader changed", "Try again.")
OVER = experiment("Complete", ("Complete", "True", "Complete", ""))


class Occupied:
    """A cluster that has an Experiment of the name already."""

    namespace = "lab"

    def __init__(self, found, **metadata) -> None:
        self.found = {"metadata": metadata, **found}
        self.done: list[str] = []

    def get(self, _name):
        return self.found

    def delete(self, found) -> None:
        assert found is self.found
        self.done.append("deleted demo")

    def wait_gone(self, name, _seconds) -> None:
        self.done.append(f"waited for {name}")

    def create(self, manifest):
        self.done.append(f"created {manifest['metadata']['name']}")
        return manifest


@pytest.mark.parametrize(
    "found",
    [{}, experiment("Suspended"), OVER, experiment("Failed", ("Failed", "True", "OOMKilled", ""))],
    ids=["not begun", "suspended", "complete", "failed"],
)
def test_what_does_not_go_on_is_replaced_and_that_is_said(found) -> None:
    said: list[str] = []
    on = Occupied(found)
    following._create(on, compiler.load_file(DEMO, []), said.append, replace=True)
    assert on.done == ["deleted demo", "waited for demo", "created demo"]
    phase = found.get("status", {}).get("phase", "Pending")
    assert said == [f"demo: the one before ({phase}) was deleted"]


@pytest.mark.parametrize("phase", ["Planned", "Starting", "Running", "Collecting"])
def test_a_run_that_goes_on_is_not_ended_by_a_replacement(phase) -> None:
    on = Occupied(experiment(phase))
    with pytest.raises(errors.InputError, match=f"still goes on .{phase}") as told:
        following._create(on, compiler.load_file(DEMO, []), print, replace=True)
    assert on.done == []
    assert "kubectl delete exp demo -n lab" in told.value.remedy


def test_one_that_is_being_deleted_is_waited_for() -> None:
    on = Occupied(experiment("Running"), deletionTimestamp="2026-01-01T00:00:00Z")
    following._create(on, compiler.load_file(DEMO, []), print, replace=True)
    assert on.done[-1] == "created demo"


class Flaky:
    """A cluster that answers with what ``answers`` holds, one a call of follow; then is away."""

    namespace = "lab"

    def __init__(self, *answers) -> None:
        self.answers = list(answers)

    def get(self, name):
        raise cluster.GoneError(f"no {name}")

    def create(self, manifest):
        return {"metadata": {**manifest["metadata"], "uid": "u"}}

    def follow(self, _name, _uid):
        answer = self.answers.pop(0) if self.answers else AWAY
        if isinstance(answer, Exception):
            raise answer
        yield answer


def options(output: pathlib.Path, **others) -> argparse.Namespace:
    given = {
        "file": DEMO,
        "sets": [],
        "context": None,
        "namespace": "lab",
        "json": False,
        "replace": False,
        "detach": False,
        "output": output,
        "verb": "run",
    }
    return argparse.Namespace(**{**given, **others})


@pytest.fixture
def slept(monkeypatch) -> list[int]:
    """The waits so far: each moves the clock, and takes no time."""
    waits: list[int] = []
    monkeypatch.setattr(following.clock, "sleep", waits.append)
    monkeypatch.setattr(following.clock, "now_mono_ns", lambda: sum(waits))
    return waits


@pytest.mark.parametrize("away", [AWAY, BUSY], ids=["away", "busy"])
def test_an_api_server_that_is_away_for_a_moment_is_waited_for(slept, capsys, away) -> None:
    said: list[str] = []
    on = Flaky(experiment("Running"), away, away, OVER)
    assert following._follow(on, "demo", "u", said.append) is OVER
    assert said == ["  Running", "  Complete"]
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 1
    assert "demo goes on; waiting 60 s" in warnings[0]


def test_an_api_server_that_stays_away_ends_the_following_not_the_run(
    slept, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(cluster, "Cluster", lambda *_: Flaky(experiment("Running")))
    with pytest.raises(errors.MissingError) as told:
        following.perform(options(tmp_path))
    assert sum(slept) == following.AWAY_SECONDS * 1_000_000_000
    assert told.value.exit_code == 5
    assert "it goes on" in told.value.remedy
    assert "tickwork fetch demo -n lab" in told.value.remedy


def test_a_refusal_is_not_waited_for(slept) -> None:
    on = Flaky(errors.InputError("Reading Experiment demo in lab is not allowed: expired"))
    with pytest.raises(errors.InputError, match="expired"):
        following._follow(on, "demo", "u", print)
    assert slept == []


def interrupt(*_args, **_kwargs):
    raise KeyboardInterrupt


def ended_by_ctrl_c(monkeypatch, capsys, on, given: argparse.Namespace) -> str:
    """What is said when Ctrl-C comes where ``on`` raises it; it must not be a failure."""
    monkeypatch.setattr(cluster, "Cluster", lambda *_: on)
    assert following.perform(given) == 130
    return " ".join(capsys.readouterr().out.split())


def test_ctrl_c_while_replacing_says_what_is_deleted(monkeypatch, capsys, tmp_path) -> None:
    on = Occupied(OVER)
    on.wait_gone = interrupt
    said = ended_by_ctrl_c(monkeypatch, capsys, on, options(tmp_path, replace=True))
    assert "the demo before (Complete) is being deleted, and none was created" in said


@pytest.mark.parametrize(
    ("where", "words", "remedy"),
    [
        ("create", "demo may have been created", "kubectl get exp demo -n lab"),
        ("follow", "demo goes on in the cluster", "kubectl delete exp demo -n lab"),
    ],
)
def test_ctrl_c_says_what_stands_and_how_to_come_back(
    monkeypatch, capsys, tmp_path, where, words, remedy
) -> None:
    on = Flaky()
    setattr(on, where, interrupt)
    said = ended_by_ctrl_c(monkeypatch, capsys, on, options(tmp_path))
    assert words in said
    assert remedy in said


@pytest.mark.parametrize(
    ("is_here", "words"),
    [(False, "tickwork fetch demo -n lab"), (True, "its run is in")],
    ids=["not yet here", "here"],
)
def test_ctrl_c_while_fetching_says_where_the_run_is(
    monkeypatch, capsys, tmp_path, is_here, words
) -> None:
    def fetch(*_args, **_kwargs) -> None:
        if is_here:
            (tmp_path / "demo-abcde").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(following.fetching, "fetch", fetch)
    over = experiment("Complete", ("Complete", "True", "Complete", ""), run="demo-abcde")
    said = ended_by_ctrl_c(monkeypatch, capsys, Flaky(over), options(tmp_path))
    assert "demo is over" in said
    assert words in said


@pytest.mark.parametrize("code", [0, 3])
def test_a_run_that_cannot_be_fetched_now_says_how_it_can_be(
    monkeypatch, capsys, tmp_path, code
) -> None:
    def fetch(*_args, **_kwargs) -> None:
        raise errors.MissingError(AWAY.text, AWAY.remedy)

    monkeypatch.setattr(following.fetching, "fetch", fetch)
    phase = "Failed" if code else "Complete"
    over = experiment(phase, (phase, "True", phase, ""), digest={"exitCode": code})
    monkeypatch.setattr(cluster, "Cluster", lambda *_: Flaky(over))
    again = "demo is over; its results: tickwork fetch demo -n lab"
    if code == 0:
        with pytest.raises(errors.MissingError) as told:
            following.perform(options(tmp_path))
        assert again in told.value.remedy
    else:
        assert following.perform(options(tmp_path)) == code
        assert again in capsys.readouterr().out
