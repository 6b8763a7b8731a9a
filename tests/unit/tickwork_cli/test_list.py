import datetime

import pytest
from tickwork_cli import list as listing

CREATED = "2026-11-21T03:00:00Z"
CREATED_NS = int(datetime.datetime.fromisoformat(CREATED).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(-5, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (200_000, "2d")],
)
def test_an_age_is_told_in_its_largest_unit(seconds, age) -> None:
    assert listing.in_age(CREATED, CREATED_NS + seconds * 10**9) == age


def test_what_is_not_known_is_a_dash() -> None:
    new = {"metadata": {"name": "demo", "creationTimestamp": CREATED}, "spec": {}}
    cells = listing.row(new, CREATED_NS)
    assert cells == ("demo", "-", "Pending", "-", "-", "-", "0s", "-")


def test_a_row_shows_what_the_run_showed() -> None:
    status = {
        "kind": "pipeline",
        "phase": "Complete",
        "progress": {"percent": 100},
        "p50": "21.4µs",
        "p99": "80µs",
        "conditions": [],
    }
    done = {"metadata": {"name": "demo", "creationTimestamp": CREATED}, "status": status}
    cells = listing.row(done, CREATED_NS + 60 * 10**9)
    assert cells == ("demo", "pipeline", "Complete", "100 %", "21.4µs", "80µs", "1m", "-")
