"""Every object of a run, in the order of their making: the one table of builders."""

from typing import Any

from tickwork import errors
from tickwork_operator.objects import (
    access,
    conductor,
    config_map,
    deployment,
    names,
    network_policy,
    pod,
    service,
)
from tickwork_operator.objects.run import Run

# The objects of a Group are named after it, these after what they are.
RESERVED = frozenset({names.PLAN, names.CONDUCTOR, network_policy.DENY})
# What runs: these need everything else to be there, and one that vanished fails the run.
RUNNING_KINDS = frozenset({"Pod", "Deployment", "Job"})


def build_all(run: Run) -> tuple[dict[str, Any], ...]:
    """Returns all objects of ``run``: what is read first, then the pods, then the Conductor.

    Raises PlanError where a ConfigMap would be too large, or a Group has a name that is taken.
    """
    _check_groups(run)
    units = config_map.bind_units(run)
    groups = run.plan.groups
    made = [config_map.build_plan(run)]
    made += [config_map.build_units(run, group, units) for group in groups]
    made += [service.build(run, group) for group in groups]
    if run.options.network_policies.enabled:
        made += network_policy.build_all(run)
    if run.plan.is_provider:
        return (*made, *(deployment.build(run, group) for group in groups))
    made += [access.build_account(run), access.build_role(run), access.build_binding(run)]
    made += [pod.build(run, group) for group in groups]
    return (*made, conductor.build(run))


def key(made: dict[str, Any]) -> tuple[str, str]:
    """Returns the kind and name of an object."""
    return made["kind"], made["metadata"]["name"]


def _check_groups(run: Run) -> None:
    taken = sorted(RESERVED & {group.name for group in run.plan.groups})
    if taken:
        raise errors.PlanError(
            f"Naming the objects of {run.name}: a group cannot be called {', '.join(taken)} in a "
            "cluster, since other objects of the run are.",
            "Choose another name for the group.",
        )
