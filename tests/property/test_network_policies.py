"""The policies of a run against what its units really dial: each link allowed, the rest denied.

What is dialled is read from the unit files, as they reach the pods; the builder of the policies
reads the Plan. The static policies are those of k8s/, which are the chart's.
"""

import pathlib
import re

import hypothesis
import hypothesis.strategies as st
import policies
import pytest
import yaml
from tickwork_operator.objects import addresses, config_map, names, network_policy, options, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = sorted((ROOT / "experiments").glob("*/*.yaml"))
STATIC = [
    yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((ROOT / "k8s" / "base").glob("networkpolicy-*.yaml"))
]
NAMESPACE = "tickwork"
OPTIONS = options.Options(
    images=options.Images("services", "conductor"),
    network_policies=options.NetworkPolicies(monitoring_namespace="monitoring"),
)
ADDRESS = re.compile(r"^(?:\w+://)?([a-z0-9-]+)\.tickwork\.svc:(\d+)(?:/.*)?$")
INTERNET, METADATA = policies.outside("93.184.216.34"), policies.outside("169.254.169.254")

MANY = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: many}
spec:
  durationSeconds: 10
  pipeline:
    venue: {name: binance-usdm, instruments: [BTCUSDT], twin: {}}
    publish: {tcp: {}}
"""


def _experiment(text: str, name: str | None = None) -> dict:
    read = yaml.safe_load(text)
    read["metadata"] |= {"namespace": NAMESPACE, "uid": "0b5a7b0e-0000-4000-8000-000000000001"}
    read["metadata"]["name"] = name or read["metadata"]["name"]
    return read


def _pods(made: run.Run) -> dict[str, policies.Pod]:
    parts = [group.name for group in made.plan.groups]
    parts += [] if made.plan.is_provider else [names.CONDUCTOR]
    return {part: policies.Pod(NAMESPACE, made.labels(part)) for part in parts}


def _dials(made: run.Run) -> set[tuple[str, str, int]]:
    """Returns (part, part, port) of everything that a unit file or the Conductor's file dials."""
    groups = {service: group for group, service in made.services().items()}
    found = set()

    def add(source: str, address: str) -> None:
        if matched := ADDRESS.match(address):
            found.add((source, groups[matched.group(1)], int(matched.group(2))))

    for unit in config_map.bind_units(made):
        for component in unit.components:
            for address in component.connects.values():
                add(unit.group, address)
            for end in (*component.inlets, *component.outlets):
                add(unit.group, end.address)
    for address in addresses.targets(made.plan, made.services(), NAMESPACE).values():
        if not made.plan.is_provider:
            add(names.CONDUCTOR, address)
    return {each for each in found if each[0] != each[1]}


def _listening(made: run.Run) -> dict[str, dict[int, str]]:
    """Returns the ports of each Group with the port's name in the Plan."""
    found: dict[str, dict[int, str]] = {group.name: {} for group in made.plan.groups}
    for group in made.plan.groups:
        for (_, port), number in addresses.ports(group).items():
            found[group.name][number] = port
    return found


def _policies(made: run.Run) -> list:
    return [*STATIC, *network_policy.build_all(made)]


def _check_pairs(made: run.Run) -> None:
    held, pods, dialled = _policies(made), _pods(made), _dials(made)
    for source in pods:
        for target, ports in _listening(made).items():
            for port in ports:
                if source != target:
                    allowed = policies.allows(held, pods[source], pods[target], port)
                    assert allowed == ((source, target, port) in dialled), (source, target, port)


def _strangers(made: run.Run, experiment: dict) -> dict[str, policies.Pod]:
    again = run.read(experiment, 2, OPTIONS)
    other = run.read({**experiment, "metadata": {**experiment["metadata"], "uid": "x"}}, 1, OPTIONS)
    found = {
        "unlabelled": policies.Pod(NAMESPACE, {}),
        "operator": policies.Pod(
            NAMESPACE,
            {
                "app.kubernetes.io/name": "tickwork",
                "app.kubernetes.io/instance": "tickwork",
                "app.kubernetes.io/component": "operator",
            },
        ),
        "reader of another": policies.Pod(NAMESPACE, {names.READS_LABEL: "another"}),
        "internet": INTERNET,
    }
    for part, pod in _pods(made).items():
        found[f"{part} in another namespace"] = policies.Pod("elsewhere", pod.labels)
        found[f"{part} of another attempt"] = policies.Pod(NAMESPACE, again.labels(part))
        found[f"{part} of a namesake"] = policies.Pod(NAMESPACE, other.labels(part))
    return found


def _read(path: pathlib.Path) -> dict:
    return _experiment(path.read_text("utf-8"))


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_each_link_is_allowed_and_every_other_pair_denied(path: pathlib.Path) -> None:
    _check_pairs(run.read(_read(path), 1, OPTIONS))


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_strangers_reach_nothing(path: pathlib.Path) -> None:
    experiment = _read(path)
    made = run.read(experiment, 1, OPTIONS)
    held, pods = _policies(made), _pods(made)
    for target, ports in _listening(made).items():
        for who, stranger in _strangers(made, experiment).items():
            for port in (*ports, 22, 443, 8080):
                assert not policies.allows(held, stranger, pods[target], port), (who, target, port)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_monitoring_reaches_metrics_alone(path: pathlib.Path) -> None:
    made = run.read(_read(path), 1, OPTIONS)
    held, pods, scraper = _policies(made), _pods(made), policies.Pod("monitoring", {})
    for target, ports in _listening(made).items():
        reached = {n for n in ports if policies.allows(held, scraper, pods[target], n)}
        assert reached == {number for number, port in ports.items() if port == "metrics"}


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_only_the_conductor_reaches_the_api_server_and_all_reach_dns(path: pathlib.Path) -> None:
    made = run.read(_read(path), 1, OPTIONS)
    held, api = _policies(made), policies.outside("10.90.1.1")
    dns = policies.Pod("kube-system", {"k8s-app": "kube-dns"})
    for part, pod in _pods(made).items():
        assert policies.allows(held, pod, dns, 53, "UDP"), part
        assert not policies.allows(held, pod, dns, 9153), part
        reaches = [policies.allows(held, pod, api, port) for port in (443, 6443)]
        assert reaches == [part == names.CONDUCTOR] * 2, part


def test_only_a_group_that_reads_a_real_venue_leaves_the_cluster() -> None:
    for path in EXPERIMENTS:
        experiment = _read(path)
        made = run.read(experiment, 1, OPTIONS)
        held, pods = _policies(made), _pods(made)
        venue = experiment["spec"]["pipeline"]["venue"]
        for part, pod in pods.items():
            real = "twin" not in venue and part.startswith("pipeline")
            leaves = policies.allows(held, pod, INTERNET, 9443)
            assert leaves == real, (path.stem, part)
            assert not policies.allows(held, pod, METADATA, 80), (path.stem, part)


def test_readers_of_a_provider_need_its_label() -> None:
    experiment = _experiment(MANY.replace("  durationSeconds: 10\n", ""))
    made = run.read(experiment, 1, OPTIONS)
    held, pods = _policies(made), _pods(made)
    reader = policies.Pod(NAMESPACE, {names.READS_LABEL: "many"})
    for port, name in _listening(made)["pipeline"].items():
        reached = policies.allows(held, reader, pods["pipeline"], port)
        assert reached == (name not in {"control", "metrics"}), name
        assert not policies.allows(held, policies.Pod(NAMESPACE, {}), pods["pipeline"], port)


def test_the_static_policy_holds_before_those_of_the_run_are_there() -> None:
    made = run.read(_experiment(MANY), 1, OPTIONS)
    pods = _pods(made)
    for source in pods.values():
        for target, ports in _listening(made).items():
            for port in ports:
                assert not policies.allows(STATIC, source, pods[target], port)
                assert policies.allows([], source, pods[target], port)


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    placement=st.sampled_from(["split", "fused"]),
    consumers=st.lists(st.sampled_from(["pipeline", "far", "farther"]), max_size=4),
    arms=st.integers(0, 3).filter(lambda count: count != 1),
)
def test_whatever_is_planned_each_link_is_allowed_and_the_rest_denied(
    placement: str, consumers: list[str], arms: int
) -> None:
    experiment = _experiment(MANY)
    spec = experiment["spec"]
    spec["pipeline"]["placement"] = placement
    spec["pipeline"]["consumers"] = [
        {"name": f"c{index}", "transport": "tcp", "group": group}
        for index, group in enumerate(consumers)
    ]
    if arms:
        spec["arms"] = [{"name": f"a{index}"} for index in range(arms)]
    made = run.read(experiment, 1, OPTIONS)
    _check_pairs(made)
    wanted = {"far", "farther"} & set(consumers)
    reached = {source.split("-")[0] for source, _, _ in _dials(made)}
    assert wanted <= reached, "a far consumer dials nothing: this test would prove nothing"
