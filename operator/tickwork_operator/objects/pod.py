"""A Group becomes a Pod; what a Pod and a Deployment's template have in common is here."""

import math
from typing import Any

from tickwork.manifest.cluster import GroupPlacement, Toleration
from tickwork.plan.plan import Group
from tickwork_operator.objects import container, names, resources, security
from tickwork_operator.objects.run import Run

# After its drain a unit writes its last files; then the kubelet may kill it.
GRACE_SECONDS = 8
# How long a pod stays bound to a node that does not answer: a run on it is lost anyway.
LOST_NODE_SECONDS = 30
REGION_LABEL = "topology.kubernetes.io/region"
KEEP_ANNOTATIONS = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
LOST_NODE_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_RESTART = {"never": "Never", "onFailure": "OnFailure"}


def build(run: Run, group: Group) -> dict[str, Any]:
    """Returns the Pod of ``group``, for a Plan with a duration."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **run.metadata(run.child(group.name), group.name),
            "labels": labels(run, group),
            "annotations": annotations(run, group),
        },
        "spec": spec(run, group, _RESTART[run.plan.restart]),
    }


def labels(run: Run, group: Group) -> dict[str, str]:
    """Returns the labels of the pod of ``group``; those of a person never replace ours."""
    return {
        **run.placement(group).labels,
        **run.labels(group.name),
        names.GROUP_LABEL: group.name,
        names.ARM_LABEL: group.arm,
    }


def annotations(run: Run, group: Group) -> dict[str, str]:
    """Returns the annotations of the pod of ``group``."""
    return {**run.placement(group).annotations, **KEEP_ANNOTATIONS}


def spec(run: Run, group: Group, restart_policy: str) -> dict[str, Any]:
    """Returns what runs: one container a unit, and the volumes that they share."""
    placement = run.placement(group)
    made: dict[str, Any] = {
        "restartPolicy": restart_policy,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": math.ceil(run.plan.drain_ms / 1000) + GRACE_SECONDS,
        "securityContext": security.of_pod(run.cluster.profile),
        "containers": container.build_all(run, group),
        "volumes": _volumes(run, group),
        "tolerations": _tolerations(placement, lost=not run.plan.is_provider),
    }
    selector = dict(placement.node_selector)
    if placement.region is not None:
        selector[REGION_LABEL] = placement.region
    if selector:
        made["nodeSelector"] = selector
    if placement.priority_class_name is not None:
        made["priorityClassName"] = placement.priority_class_name
    if placement.runtime_class_name is not None:
        made["runtimeClassName"] = placement.runtime_class_name
    return {**made, **pull_secrets(run)}


def pull_secrets(run: Run) -> dict[str, Any]:
    """Returns what a pod's spec says about secrets for its images."""
    if not run.options.pull_secrets:
        return {}
    return {"imagePullSecrets": [{"name": name} for name in run.options.pull_secrets]}


def tls_volume(run: Run) -> list[dict[str, Any]]:
    """Returns the volume of the namespace's certificate, where links are secured."""
    if not run.secured:
        return []
    source = {"secretName": run.options.tls_secret, "defaultMode": 0o440}
    return [{"name": "tls", "secret": source}]


def lost_node_tolerations() -> list[dict[str, Any]]:
    """Returns how long a pod of a run stays bound to a node that is lost."""
    return [
        {
            "key": key,
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": LOST_NODE_SECONDS,
        }
        for key in LOST_NODE_TAINTS
    ]


def _volumes(run: Run, group: Group) -> list[dict[str, Any]]:
    size = resources.shared_memory_mib(run.plan, group)
    return [
        {"name": "units", "configMap": {"name": run.child(group.name), "defaultMode": 0o444}},
        {"name": "output", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": f"{size}Mi"}},
        {"name": "tmp", "emptyDir": {}},
        *tls_volume(run),
    ]


def _tolerations(placement: GroupPlacement, *, lost: bool) -> list[dict[str, Any]]:
    """Returns a person's tolerations, and ours for lost nodes where there are none for them.

    A provider keeps the cluster's own: its Deployment starts another pod when one is gone.
    """
    asked = [_toleration(each) for each in placement.tolerations]
    keys = {each.key for each in placement.tolerations}
    ours = [
        each for each in lost_node_tolerations() if each["key"] not in keys and None not in keys
    ]
    return asked + (ours if lost else [])


def _toleration(given: Toleration) -> dict[str, Any]:
    return given.model_dump(by_alias=True, exclude_none=True)
