"""ConfigMaps: what each unit is told, and what the Conductor is told."""

import json
from collections.abc import Mapping
from typing import Any

from tickwork import errors
from tickwork.plan import bind
from tickwork.plan.plan import Group
from tickwork.unit.unit import Unit
from tickwork_operator.objects import addresses, names
from tickwork_operator.objects.run import Run

EXPERIMENT = "experiment.yaml"
PLAN = "plan.json"
ADDRESSES = "addresses.json"
# The API server refuses more than 1 MiB of data; keys and the object itself need a little of it.
DATA_BYTES_MAX = 1_000_000


def bind_units(run: Run) -> tuple[Unit, ...]:
    """Returns every unit of the run with its addresses in the cluster."""
    bound = addresses.binding(
        run.plan, run.run_id, run.services(), run.namespace, secured=run.secured
    )
    return bind.bind(run.plan, bound)


def build_units(run: Run, group: Group, units: tuple[Unit, ...]) -> dict[str, Any]:
    """Returns the ConfigMap of ``group``: ``<unit>.json`` for each of its ``units``."""
    data = {
        f"{unit.name}.json": unit.model_dump_json(by_alias=True)
        for unit in units
        if unit.group == group.name
    }
    return _build(run, run.child(group.name), group.name, data, f"units of group {group.name}")


def build_plan(run: Run) -> dict[str, Any]:
    """Returns the ConfigMap that the Conductor reads: Experiment, Plan and addresses."""
    targets = addresses.targets(run.plan, run.services(), run.namespace)
    data = {
        EXPERIMENT: run.text,
        PLAN: run.plan.model_dump_json(by_alias=True),
        ADDRESSES: json.dumps({"run": run.run_id, "targets": targets}),
    }
    return _build(run, run.child(names.PLAN), names.PLAN, data, "plan")


def _build(
    run: Run, name: str, component: str, data: Mapping[str, str], what: str
) -> dict[str, Any]:
    size = sum(len(key) + len(value.encode()) for key, value in data.items())
    if size > DATA_BYTES_MAX:
        raise errors.PlanError(
            f"Writing the {what} of {run.name} into a ConfigMap: {size} B are more than the "
            f"{DATA_BYTES_MAX} B that the cluster's store takes.",
            "Make the experiment smaller: fewer arms, repeats, instruments, faults or consumers.",
        )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": run.metadata(name, component),
        "immutable": True,
        "data": dict(data),
    }
