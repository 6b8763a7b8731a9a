import pytest

from tickwork.conductor.outcome import Failure, Outcome


@pytest.mark.parametrize(
    ("error", "code"),
    [("UnitDiedError", 6), ("PortTakenError", 5), ("InputError", 2), ("ValueError", 1), ("x", 1)],
)
def test_a_failure_has_the_exit_code_of_its_error(error: str, code: int) -> None:
    assert Outcome("failed", 0, (Failure("g/u", error, "text"),)).exit_code == code


def test_the_end_decides_the_exit_code() -> None:
    assert Outcome("complete", 1).exit_code == 0
    assert Outcome("interrupted", 0).exit_code == 130
