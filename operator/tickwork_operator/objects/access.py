"""What the Conductor may do in the cluster: write the progress of its own Experiment."""

from typing import Any

from tickwork_operator.objects import names
from tickwork_operator.objects.run import Run


def build_account(run: Run) -> dict[str, Any]:
    """Returns the Conductor's ServiceAccount; its token is mounted by the Conductor alone."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": run.metadata(run.child(names.CONDUCTOR), names.CONDUCTOR),
        "automountServiceAccountToken": False,
    }


def build_role(run: Run) -> dict[str, Any]:
    """Returns the Role: patch the status of this one Experiment, nothing else."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": run.metadata(run.child(names.CONDUCTOR), names.CONDUCTOR),
        "rules": [
            {
                "apiGroups": [names.PREFIX],
                "resources": ["experiments/status"],
                "resourceNames": [run.name],
                "verbs": ["patch"],
            }
        ],
    }


def build_binding(run: Run) -> dict[str, Any]:
    """Returns the RoleBinding between the two."""
    name = run.child(names.CONDUCTOR)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": run.metadata(name, names.CONDUCTOR),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": run.namespace}],
    }
