"""The kinds of objects that the operator touches, and the least verbs it needs for each. Pure.

The chart's Role, the reference page and the tests' service account are all made from this table.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tickwork_operator.objects import names

GROUP = "tickwork.dev"
VERSION = "v1alpha1"
EXPERIMENT = "Experiment"
EVENTS_SELECTOR = "type=Warning"
COMPONENT_LABEL = "app.kubernetes.io/component"
CHILDREN_SELECTOR = f"app.kubernetes.io/managed-by={names.OPERATOR}"
FIELD_MANAGER = names.OPERATOR


@dataclasses.dataclass(frozen=True)
class Resource:
    """One kind: where its API lies, and whether it is watched or only listed now and then."""

    kind: str
    api_version: str
    plural: str
    watched: bool

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @property
    def version(self) -> str:
        """The version within the group."""
        return self.api_version.rpartition("/")[2]

    def path(self, namespace: str | None, name: str = "", subresource: str = "") -> str:
        """Returns the path of the collection in ``namespace`` (None: in all), or of one object."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if namespace is not None else ""
        return "/".join(
            part for part in (f"{root}{scope}/{self.plural}", name, subresource) if part
        )


EXPERIMENTS = Resource(EXPERIMENT, f"{GROUP}/{VERSION}", "experiments", watched=True)
EVENTS = Resource("Event", "v1", "events", watched=True)
CHILDREN = (
    Resource("Pod", "v1", "pods", watched=True),
    Resource("Job", "batch/v1", "jobs", watched=True),
    Resource("Deployment", "apps/v1", "deployments", watched=True),
    Resource("ConfigMap", "v1", "configmaps", watched=False),
    Resource("Service", "v1", "services", watched=False),
    Resource("ServiceAccount", "v1", "serviceaccounts", watched=False),
    Resource("Role", "rbac.authorization.k8s.io/v1", "roles", watched=False),
    Resource("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings", watched=False),
    Resource("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", watched=False),
)
KINDS = {each.kind: each for each in (EXPERIMENTS, EVENTS, *CHILDREN)}


def is_plan(body: Mapping[str, Any]) -> bool:
    """Says whether ``body`` is the ConfigMap that holds an Experiment's Plan."""
    labels = body["metadata"].get("labels", {})
    return bool(body["kind"] == "ConfigMap" and labels.get(COMPONENT_LABEL) == names.PLAN)


def rules() -> list[dict[str, Any]]:
    """Returns the rules of the operator's Role (or ClusterRole), as RBAC writes them.

    ``get`` is asked for only where a name that is taken must be looked at; the Conductor's Role
    (patch on the status of its own Experiment) is a part of what the operator itself may do,
    since nobody may grant more than they have.
    """
    found = [
        _rule(EXPERIMENTS, "list", "watch"),
        _rule(EXPERIMENTS, "patch", subresource="status"),
        _rule(EVENTS, "create", "list", "watch"),
    ]
    for child in CHILDREN:
        watching = ("watch",) if child.watched else ()
        found.append(_rule(child, "create", "delete", "get", "list", "patch", *watching))
    return found


def _rule(resource: Resource, *verbs: str, subresource: str = "") -> dict[str, Any]:
    name = f"{resource.plural}/{subresource}" if subresource else resource.plural
    return {"apiGroups": [resource.group], "resources": [name], "verbs": list(verbs)}
