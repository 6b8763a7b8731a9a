"""What the chart brings for Prometheus and Grafana."""

import json

import yaml

from chart import rendering

ALL = {"PodMonitor", "PrometheusRule", "ServiceMonitor"}


def _one(made: rendering.Objects, kind: str) -> dict:
    found = [value for (each, _, _), value in made.items() if each == kind]
    assert len(found) == 1
    return found[0]


def test_nothing_is_brought_unasked(defaults: rendering.Objects) -> None:
    assert not {kind for kind, _, _ in defaults} & ALL
    assert not [name for _, _, name in defaults if "dashboard" in name]


def test_monitors_have_the_labels_that_a_prometheus_selects_by(full: rendering.Objects) -> None:
    for kind in ALL:
        assert _one(full, kind)["metadata"]["labels"]["release"] == "prometheus"


def test_the_operator_is_scraped_by_a_port_that_its_service_has(full: rendering.Objects) -> None:
    monitor = _one(full, "ServiceMonitor")["spec"]
    services = [value for (kind, _, _), value in full.items() if kind == "Service"]
    wanted = monitor["selector"]["matchLabels"].items()
    chosen = [each for each in services if wanted <= each["metadata"]["labels"].items()]
    ports = {port["name"] for each in chosen for port in each["spec"]["ports"]}
    assert monitor["endpoints"][0]["port"] in ports
    assert monitor["endpoints"][0]["honorLabels"] is True


def test_units_are_found_in_every_watched_namespace(full: rendering.Objects) -> None:
    spec = _one(full, "PodMonitor")["spec"]
    assert spec["namespaceSelector"] == {"matchNames": ["lab", "tickwork"]}
    everywhere = rendering.render(
        {"watch": {"namespaced": False}, "monitoring": {"podMonitor": {"enabled": True}}}
    )
    assert _one(everywhere, "PodMonitor")["spec"]["namespaceSelector"] == {"any": True}


def test_the_rules_are_those_that_are_tested() -> None:
    values = {"monitoring": {"prometheusRule": {"enabled": True}}}
    wanted = yaml.safe_load((rendering.CHART / "rules/tickwork.yaml").read_text("utf-8"))
    assert _one(rendering.render(values), "PrometheusRule")["spec"] == wanted
    rule = values["monitoring"]["prometheusRule"]
    annotated = rendering.render(
        {"monitoring": {"prometheusRule": {**rule, "additionalAnnotations": {"runbook": "x"}}}}
    )
    for group in _one(annotated, "PrometheusRule")["spec"]["groups"]:
        assert all(each["annotations"]["runbook"] == "x" for each in group["rules"])
        assert all(len(each["annotations"]) == 3 for each in group["rules"])


def test_every_dashboard_is_a_labelled_config_map(full: rendering.Objects) -> None:
    maps = [value for (_, _, name), value in full.items() if "-dashboard-" in name]
    files = sorted((rendering.CHART / "dashboards").glob("*.json"))
    assert len(maps) == len(files) > 0
    shown = {}
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert each["metadata"]["annotations"]["grafana_folder"] == "Tickwork"
        shown |= {name: json.loads(text) for name, text in each["data"].items()}
    assert shown == {f"tickwork-{path.name}": json.loads(path.read_text("utf-8")) for path in files}
