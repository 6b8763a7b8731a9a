"""Network policies of one run: its pods are alone, but for the pairs that its Plan declares.

DNS is open to all of them, metrics to the monitoring namespace, the API server to the Conductor.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tickwork_operator.objects import flows, names
from tickwork_operator.objects.run import Run

DENY = "deny"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
DNS_PORT = 53
ANYWHERE = ("0.0.0.0/0", "::/0")
# Pods, nodes and the cloud's own metadata: an address that the Plan does not name is none of them.
PRIVATE = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)
PRIVATE_6 = ("fc00::/7", "fe80::/10")

Rules = list[dict[str, Any]]


def build_all(run: Run) -> list[dict[str, Any]]:
    """Returns the policies of the run: deny all, then one for each Group and the Conductor."""
    everyone = {"matchLabels": {names.RUN_LABEL: run.run_id}}
    made = [_build(run, DENY, everyone, [], [])]
    for group in run.plan.groups:
        ingress, egress = _ingress(run, group.name), _egress(run, group.name)
        made.append(_build(run, group.name, _pods(run, group.name), ingress, egress))
    if not run.plan.is_provider:
        egress = [*_egress(run, names.CONDUCTOR), _api_server(run)]
        selector = _pods(run, names.CONDUCTOR)
        made.append(_build(run, names.CONDUCTOR, selector, [], egress))
    return made


def _build(
    run: Run, part: str, selector: dict[str, Any], ingress: Rules, egress: Rules
) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": run.metadata(run.child(part), part),
        "spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def _pods(run: Run, component: str) -> dict[str, Any]:
    """Selects the pods of a Group, or the Conductor's, of this run alone."""
    labels = {names.RUN_LABEL: run.run_id, names.COMPONENT_LABEL: component}
    return {"matchLabels": labels}


def _ingress(run: Run, group: str) -> Rules:
    declared: dict[str, list[int]] = defaultdict(list)
    for flow in flows.between(run.plan):
        if flow.target == group:
            declared[flow.source].append(flow.port)
    rules = [
        {"from": [{"podSelector": _pods(run, source)}], "ports": _ports(ports)}
        for source, ports in sorted(declared.items())
    ]
    if opened := flows.open_ports(run.plan, group):
        readers = {"matchLabels": {names.READS_LABEL: run.name}}
        rules.append({"from": [{"podSelector": readers}], "ports": _ports(opened)})
    if (monitoring := run.options.network_policies.monitoring_namespace) is not None:
        scraped = flows.metrics_ports(run.plan, group)
        rules.append({"from": [_namespace(monitoring)], "ports": _ports(scraped)})
    return rules


def _egress(run: Run, source: str) -> Rules:
    rules: Rules = [_dns(run)]
    declared: dict[str, list[int]] = defaultdict(list)
    for flow in flows.between(run.plan):
        if flow.source == source:
            declared[flow.target].append(flow.port)
    rules += [
        {"to": [{"podSelector": _pods(run, target)}], "ports": _ports(ports)}
        for target, ports in sorted(declared.items())
    ]
    if urls := flows.url_ports(run.plan, source):
        rules.append({"to": _blocks(ANYWHERE), "ports": _ports(urls)})
    if flows.reaches_outside(run.plan, source):
        four, six = ANYWHERE
        blocks = [
            {"ipBlock": {"cidr": four, "except": list(PRIVATE)}},
            {"ipBlock": {"cidr": six, "except": list(PRIVATE_6)}},
        ]
        rules.append({"to": blocks, "ports": [{"protocol": "TCP"}]})
    return rules


def _dns(run: Run) -> dict[str, Any]:
    ports = [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]
    return {"to": [_namespace(run.options.network_policies.dns_namespace)], "ports": ports}


def _api_server(run: Run) -> dict[str, Any]:
    """The API server is no pod: its addresses are not known here, its ports are."""
    return {"to": _blocks(ANYWHERE), "ports": _ports(run.options.network_policies.api_ports)}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: name}}}


def _blocks(ranges: Iterable[str]) -> Rules:
    return [{"ipBlock": {"cidr": each}} for each in ranges]


def _ports(numbers: Sequence[int]) -> Rules:
    return [{"protocol": "TCP", "port": number} for number in sorted(numbers)]
