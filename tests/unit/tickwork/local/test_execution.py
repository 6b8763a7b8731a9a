import control_plans
import pytest

from tickwork import errors
from tickwork.local import execution
from tickwork.plan import plan as plans


def spinning(count: int) -> plans.Plan:
    made = control_plans.small_plan(*(f"u{index}" for index in range(count)))
    [group] = made.groups
    units = tuple(unit.model_copy(update={"wait": "spin"}) for unit in group.units)
    return made.model_copy(update={"groups": (group.model_copy(update={"units": units}),)})


def test_spinners_that_outnumber_cores_are_refused_by_number() -> None:
    with pytest.raises(errors.MissingError, match=r"3 spinners \(u0, u1, u2\).*gives 2"):
        execution.refuse_spinners(spinning(3), 2)
    execution.refuse_spinners(spinning(2), 2)


def test_those_who_park_may_be_many() -> None:
    execution.refuse_spinners(control_plans.small_plan("a", "b", "c"), 1)


def test_absent_cores_are_named() -> None:
    made = control_plans.small_plan("a")
    [group] = made.groups
    units = (group.units[0].model_copy(update={"cpus": (0, 7)}),)
    bound = made.model_copy(update={"groups": (group.model_copy(update={"units": units}),)})
    with pytest.raises(errors.MissingError, match=r"idle/a.*\[7\] are not there, only \[0, 1\]"):
        execution.refuse_absent_cores(bound, {0, 1})
    execution.refuse_absent_cores(bound, {0, 7})


def test_a_provider_that_lost_a_unit_says_so() -> None:
    assert execution.ProviderEnding(None, None).exit_code == 0
    assert execution.ProviderEnding("g/u", "SIGKILL").exit_code == 6
