import pytest
from tickwork_operator import status

NOW = 1_800_000_000_000_000_000
LATER = NOW + 60 * status.SECOND_NS


def written(ledger: status.Ledger) -> dict:
    return {"conditions": ledger.write()}


def test_the_instant_of_a_condition_is_that_of_its_change() -> None:
    first = status.Ledger({}, 1, NOW)
    first.set(status.READY, "False", "Waiting", "0 of 2")
    later = status.Ledger(written(first), 1, LATER)
    later.set(status.READY, "False", "ImagePullFailed", "other words")
    assert later.since_unix_ns(status.READY) == NOW
    later.set(status.READY, "True", "Ready")
    assert later.since_unix_ns(status.READY) == LATER


def test_no_instant_is_in_the_future() -> None:
    ahead = status.Ledger({}, 1, LATER)
    ahead.set(status.RUNNING, "True", "Running")
    back = status.Ledger(written(ahead), 1, NOW)
    assert back.since_unix_ns(status.RUNNING) == NOW


def test_every_condition_is_written_in_one_order_with_its_generation() -> None:
    found = status.Ledger({}, 7, NOW).write()
    assert [each["type"] for each in found] == list(status.CONDITIONS)
    assert {each["observedGeneration"] for each in found} == {7}


@pytest.mark.parametrize(
    ("true", "reason", "phase"),
    [
        ((), "", "Pending"),
        (("Planned",), "", "Planned"),
        (("Planned", "Scheduled"), "", "Starting"),
        (("Planned", "Scheduled", "Running"), "Running", "Running"),
        (("Planned", "Running"), "Collecting", "Collecting"),
        (("Planned", "Suspended"), "", "Suspended"),
        (("Planned", "Running", "Complete"), "Running", "Complete"),
        (("Complete", "Failed"), "", "Failed"),
    ],
)
def test_the_phase_is_read_off_the_conditions(true: tuple, reason: str, phase: str) -> None:
    ledger = status.Ledger({}, 1, NOW)
    ledger.begin()
    for name in true:
        ledger.set(name, "True", reason)
    assert ledger.phase() == phase


def test_messages_are_bounded() -> None:
    ledger = status.Ledger({}, 1, NOW)
    ledger.set(status.FAILED, "True", "InvalidSpec", "x" * 100_000)
    assert len(ledger.get(status.FAILED).message) == status.MESSAGE_MAX


def test_instants_are_written_as_kubernetes_does() -> None:
    assert status.show_time(NOW) == "2027-01-15T08:00:00Z"
    assert status.read_time(status.show_time(NOW)) == NOW
    assert status.show_precise_time(NOW + 5) == "2027-01-15T08:00:00.000000005Z"


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (21_400, "21.4µs"),
        (999_999, "1ms"),
        (1_500_000, "1.5ms"),
        (2_000_000_000, "2s"),
        (-300, "-300ns"),
        (None, None),
        (True, None),
        ("5", None),
    ],
)
def test_latencies_are_shown_with_their_unit(duration: object, shown: str | None) -> None:
    assert status.show_duration(duration) == shown


def test_the_headline_is_the_first_question() -> None:
    digest = {"questions": [{"p50Ns": 5, "p99Ns": 7.5}, {"p50Ns": 1}], "skewNs": 9.4}
    found = status.digest_fields(digest)
    assert (found["p50"], found["p99"], found["skewNs"]) == ("5ns", "7.5ns", 9)
    assert "plannedStart" not in found
    assert status.digest_fields(None) == {}
    assert status.digest_fields({"questions": []}) == {"digest": {"questions": []}}
