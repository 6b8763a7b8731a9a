"""NetworkPolicies, evaluated as the API's documentation words them; for clusters that do not.

Here: may this pod send to that pod, or to that address? Never here: a Plan, an assertion.
"""

import dataclasses
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NAME_LABEL = "kubernetes.io/metadata.name"
Policy = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Pod:
    """A pod, or with an empty namespace an address outside the cluster."""

    namespace: str
    labels: Mapping[str, str]
    address: str = "10.244.0.9"


def outside(address: str) -> Pod:
    return Pod("", {}, address)


def allows(
    policies: Sequence[Policy], source: Pod, target: Pod, port: int, protocol: str = "TCP"
) -> bool:
    """Says whether both sides let ``source`` talk to ``target``."""
    sends = _side(policies, source, target, "Egress", port, protocol)
    return sends and _side(policies, target, source, "Ingress", port, protocol)


def _side(
    policies: Sequence[Policy], pod: Pod, peer: Pod, direction: str, port: int, protocol: str
) -> bool:
    """Policies add up: a pod that none selects is open, else one rule of one of them must match."""
    held = [each["spec"] for each in policies if _selects(each, pod, direction)]
    rules = [
        (namespace, rule)
        for spec, namespace in ((spec, pod.namespace) for spec in held)
        for rule in spec.get(direction.lower()) or ()
    ]
    far = "to" if direction == "Egress" else "from"
    return not held or any(
        _peers(rule.get(far), namespace, peer) and _ports(rule.get("ports"), port, protocol)
        for namespace, rule in rules
    )


def _selects(policy: Policy, pod: Pod, direction: str) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return (
        policy["metadata"]["namespace"] == pod.namespace
        and direction in types
        and _matches(spec["podSelector"], pod.labels)
    )


def _peers(peers: Iterable[Mapping[str, Any]] | None, home: str, pod: Pod) -> bool:
    """No list of peers, or an empty one, is everybody."""
    listed = list(peers or ())
    return not listed or any(_peer(each, home, pod) for each in listed)


def _peer(peer: Mapping[str, Any], home: str, pod: Pod) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = _contains(block["cidr"], pod.address)
        return inside and not any(_contains(each, pod.address) for each in block.get("except", ()))
    if not pod.namespace:
        return False
    if "namespaceSelector" in peer:
        near = _matches(peer["namespaceSelector"], {NAME_LABEL: pod.namespace})
    else:
        near = pod.namespace == home
    return near and _matches(peer.get("podSelector", {}), pod.labels)


def _contains(cidr: str, address: str) -> bool:
    network, asked = ipaddress.ip_network(cidr), ipaddress.ip_address(address)
    return network.version == asked.version and asked in network


def _ports(ports: Iterable[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    listed = list(ports or ())
    return not listed or any(
        each.get("protocol", "TCP") == protocol
        and ("port" not in each or each["port"] <= port <= each.get("endPort", each["port"]))
        for each in listed
    )


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression(each, labels) for each in selector.get("matchExpressions", ())
    )


def _expression(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values", ())
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]
