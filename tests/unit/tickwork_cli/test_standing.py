import control_plans
from tickwork_cli import standing

from tickwork.conductor import events


def standings(*happened: events.Event, blocks: int = 2):
    said = []
    plan = control_plans.small_plan("a", "b", seconds=10, blocks=blocks)
    stands = standing.Standing(plan, said.append)
    for event in happened:
        stands.report(event)
    return said


def started(index: int) -> events.BlockStarted:
    start_unix_ns = (index + 1) * 10**18
    return events.BlockStarted(index, 2, f"00{index}-main", "main", start_unix_ns, 10_000_000_000)


def test_it_waits_first() -> None:
    assert standings() == [
        {
            "percent": 0,
            "block": 0,
            "blocks": 2,
            "phase": "Waiting",
            "message": "waiting for 2 units",
        }
    ]


def test_percent_counts_over_all_blocks() -> None:
    half = events.Progressed("001-main", 5_000_000_000, 10_000_000_000, {})
    said = standings(started(0), started(1), half)
    assert [each["percent"] for each in said] == [0, 0, 50, 75]
    assert said[-1]["block"] == 2
    assert said[-1]["message"] == "block 001-main, 5 of 10 s"


def test_collecting_follows_running_and_percent_never_leaves_its_bounds() -> None:
    late = events.Progressed("001-main", 99_000_000_000, 10_000_000_000, {})
    said = standings(started(1), late, events.BlockStopped("001-main", 0))
    assert [each["phase"] for each in said] == ["Waiting", "Running", "Running", "Collecting"]
    assert max(each["percent"] for each in said) == 100


def test_a_failure_keeps_the_phase_and_says_why() -> None:
    lost = events.UnitFailed("g/a", "RunError", "it " + "broke " * 200, "")
    said = standings(started(0), lost)
    assert said[-1]["phase"] == "Running"
    assert len(said[-1]["message"]) <= standing.MESSAGE_CHARACTERS_MAX


def test_the_planned_start_is_told_from_the_first_block_on() -> None:
    said = standings(started(0), events.BlockStopped("000-main", 0), started(1))
    assert "startUnixNs" not in said[0]
    assert [each["startUnixNs"] for each in said[1:]] == [10**18] * 3
