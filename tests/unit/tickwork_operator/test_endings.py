import json

import pytest
from tickwork_operator import endings, reasons


def conductor(code: int, message: str = "", **more: object) -> dict:
    ended = {"exitCode": code, "message": message, **more}
    status = {"name": "conductor", "state": {"terminated": ended}}
    return {"metadata": {"name": "p"}, "status": {"containerStatuses": [status]}}


def ending(code: int, message: str = "", **more: object) -> endings.Ending:
    found = endings.of_conductor(None, [conductor(code, message, **more)])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "reason", "collected"),
    [
        (0, None, True),
        (1, reasons.COMPONENT_FAILED, False),
        (2, reasons.COMPONENT_FAILED, False),
        (3, reasons.PROOF_UNEQUAL, True),
        (4, reasons.NOTHING_PROVEN, True),
        (6, reasons.COMPONENT_FAILED, False),
        (130, reasons.INTERRUPTED, False),
    ],
)
def test_exit_codes(code: int, reason: str | None, collected: bool) -> None:
    found = ending(code)
    assert (found.fate.reason if found.fate else None) == reason
    assert found.collected == collected


def test_a_conductor_without_memory() -> None:
    found = ending(137, reason="OOMKilled")
    assert found.fate is not None
    assert found.fate.reason == reasons.OOM_KILLED


def test_the_digest_names_the_unit_that_failed() -> None:
    failure = {"unit": "pipeline/book", "error": "UnitDiedError", "text": "died", "lastLine": "x"}
    found = ending(6, json.dumps({"collected": True, "failure": failure}))
    assert found.fate is not None
    assert found.fate.message == "pipeline/book: died; its last line: x"
    assert found.collected


def test_results_that_could_not_be_written() -> None:
    for code in (0, 3, 4):
        found = ending(code, json.dumps({"collected": False, "failure": {"text": "disk full"}}))
        assert found.fate is not None
        assert (found.fate.reason, found.fate.message) == (reasons.SINK_UNAVAILABLE, "disk full")
        assert not found.collected


def test_a_sink_that_is_gone_is_said_in_the_words_of_the_conductor() -> None:
    said = "Making the run directory /run/tickwork/sink/demo: Permission denied."
    found = ending(1, json.dumps({"collected": False, "exitCode": 1, "verdict": said}))
    assert found.fate is not None
    assert (found.fate.reason, found.fate.message) == (reasons.SINK_UNAVAILABLE, said)
    assert not found.collected


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Traceback",
        "[]",
        '{"skewNs": NaN}',
        '{"skewNs": 1e999}',
        '{"startUnixNs": 99999999999999999999999}',
        "[" * 4000,
        '{"questions": 5}',
        '{"a": "' + "x" * 5000 + '"}',
    ],
)
def test_what_the_api_server_would_refuse_is_no_digest(message: str) -> None:
    assert ending(0, message).digest is None


def test_a_digest_keeps_what_a_kind_to_come_adds_and_drops_nulls() -> None:
    text = json.dumps({"routes": {"a": 1}, "verdict": None, "questions": [{"p50LowNs": None}]})
    assert ending(0, text).digest == {"routes": {"a": 1}, "questions": [{}]}


def test_a_conductor_that_runs_has_not_ended() -> None:
    running = {"name": "conductor", "state": {"running": {}}}
    pod = {"metadata": {"name": "p"}, "status": {"containerStatuses": [running]}}
    assert endings.of_conductor({"metadata": {}}, [pod]) is None


def test_a_keeper_that_ended_ends_no_run() -> None:
    keeper = {"name": "keeper", "state": {"terminated": {"exitCode": 0}}}
    pod = {"metadata": {"name": "p"}, "status": {"containerStatuses": [keeper]}}
    assert endings.of_conductor({"metadata": {}}, [pod]) is None


def test_a_job_that_is_complete_speaks_for_a_pod_that_is_gone() -> None:
    job = {"metadata": {}, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    found = endings.of_conductor(job, [])
    assert found == endings.Ending(0, None, collected=True, fate=None)


@pytest.mark.parametrize(
    ("word", "pods", "reason"),
    [
        ("DeadlineExceeded", 1, reasons.DEADLINE_EXCEEDED),
        ("DeadlineExceeded", 0, reasons.DEADLINE_EXCEEDED),
        ("BackoffLimitExceeded", 0, reasons.CHILD_DELETED),
        ("BackoffLimitExceeded", 1, None),
    ],
)
def test_what_befell_the_job(word: str, pods: int, reason: str | None) -> None:
    failed = {"type": "Failed", "status": "True", "reason": word, "message": "m"}
    job = {"metadata": {}, "status": {"conditions": [failed]}}
    found = endings.of_job(job, [{}] * pods)
    assert (found.reason if found else None) == reason


def test_a_job_that_is_being_deleted() -> None:
    found = endings.of_job({"metadata": {"deletionTimestamp": "now"}}, [])
    assert found is not None
    assert found.reason == reasons.CHILD_DELETED
