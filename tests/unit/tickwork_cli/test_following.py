import pytest
from tickwork_cli import following


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
