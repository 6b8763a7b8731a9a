"""A Group of a provider becomes a Deployment: one replica, never two beside each other."""

from typing import Any

from tickwork.plan.plan import Group
from tickwork_operator.objects import names, pod
from tickwork_operator.objects.run import Run

REVISIONS = 1


def build(run: Run, group: Group) -> dict[str, Any]:
    """Returns the Deployment of ``group``, for a Plan without a duration."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            **run.metadata(run.child(group.name), group.name),
            "labels": {**run.labels(group.name), names.GROUP_LABEL: group.name},
        },
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": REVISIONS,
            "strategy": {"type": "Recreate"},
            "selector": {
                "matchLabels": {names.RUN_LABEL: run.run_id, names.GROUP_LABEL: group.name}
            },
            "template": {
                "metadata": {
                    "labels": pod.labels(run, group),
                    "annotations": pod.annotations(run, group),
                },
                "spec": pod.spec(run, group, "Always"),
            },
        },
    }
