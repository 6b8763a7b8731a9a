"""Numbers that were promised: many Experiments, many children, an idle operator."""

import time

import pytest

from cluster import limits, space

SETTLE_SECONDS = 5
IDLE_SECONDS = 30


@pytest.mark.parametrize("when", ["while it runs", "before it starts"])
def test_two_hundred_suspended_within_a_minute_and_then_idle(room, make_operator, stand_ins, when):
    """Counted from the first one's creation, or from the operator's start where all are there."""
    operator = make_operator(stand_ins)
    if when == "while it runs":
        operator.start().wait_ready()
    began = time.monotonic()
    for number in range(limits.CROWD):
        room.create(space.experiment(f"demo-{number}", suspend=True))
    if when == "before it starts":
        began = time.monotonic()
        operator.start().wait_ready()
    told = f'tickwork_operator_experiments{{namespace="{room.name}",phase="Suspended"}}'
    everyone = lambda: operator.metrics().get(told) == limits.CROWD  # noqa: E731
    room.until(everyone, limits.CROWD_SECONDS_MAX, "all of them Suspended")
    took = time.monotonic() - began
    assert {each["status"]["phase"] for each in room.list("Experiment")} == {"Suspended"}
    print(f"{when}: all told after {took:.1f} s, {operator.memory_mib_max():.0f} MiB at most")
    assert took < limits.CROWD_SECONDS_MAX
    assert operator.memory_mib_max() < limits.MEMORY_MIB_MAX
    if when == "while it runs":
        _rest(operator)


def _rest(operator):
    """Nothing happens: the operator takes next to nothing."""
    time.sleep(SETTLE_SECONDS)
    before, began = operator.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    share = (operator.cpu_seconds() - before) / (time.monotonic() - began)
    print(f"at rest: {share:.2%} of a core")
    assert share < limits.IDLE_SHARE_MAX


def test_deletion_with_fifty_children(room, operator):
    arms = [{"name": f"arm-{number}"} for number in range(limits.ARMS)]
    room.create(space.experiment("demo", seconds=60, arms=arms, cluster=space.NOWHERE))
    kinds = ("Pod", "Service", "ConfigMap", "Job", "Role", "RoleBinding", "ServiceAccount")

    def count():
        return sum(len(room.children(kind)) for kind in kinds)

    children = room.until(
        lambda: count() >= limits.CHILDREN_MIN and count(), 60, f"{limits.CHILDREN_MIN} of it"
    )
    took = room.delete()
    print(f"gone after {took:.2f} s, with {children} children")
    assert took < limits.DELETION_SECONDS_MAX
    room.until(lambda: count() == 0, 60, "the children gone")
