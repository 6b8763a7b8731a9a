"""Names that YAML would read as something else, keys that meet, and what the notes tell."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from chart import rendering


class _StrictLoader(yaml.CSafeLoader):
    """Refuses a mapping in which a key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [each.value for each, _ in node.value]
        assert len(keys) == len(set(keys)), f"twice: {keys}"
        return super().construct_mapping(node, deep)


def _all_named(word: str) -> dict[str, Any]:
    return {
        **rendering.FULL,
        "crds": {"install": False},
        "nameOverride": word,
        "fullnameOverride": word,
        "extraLabels": {"team": word},
        "watch": {"namespaces": [word]},
        "operator": {"priorityClassName": word, "podLabels": {"tier": word}},
        "serviceAccount": {"name": word},
        "sink": {"kind": "pvc", "claim": word, "create": True, "storageClassName": word},
        "venueTwin": {"enabled": True, "name": word},
        "mtls": {"secretName": word},
        "monitoring": {**rendering.FULL["monitoring"], "namespace": word},
    }


def _template(word: str, values: rendering.Values, folder: Any, *arguments: str) -> str:
    path = folder / "values.yaml"
    path.write_text(json.dumps(dict(values)), encoding="utf-8")
    command = ["template", word, str(rendering.CHART), "-n", word, "-f", str(path)]
    made = rendering.helm(*command, *arguments)
    assert made.returncode == 0, made.stderr
    return made.stdout


def _named(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields what stands where only text may: names, labels, selectors, by its path."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _named(each, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, each in value.items():
            here = f"{path}.{key}"
            inside = path.endswith(("abels", "annotations", ".selector"))
            is_name = inside or key == "namespace" or key.lower().endswith("name")
            if is_name and not isinstance(each, dict | list):
                yield here, each
            yield from _named(each, here)


@pytest.mark.parametrize("issuer", ["chart", "certManager"])
@pytest.mark.parametrize("word", ["1234", "true", "on", "2026-11-21"])
def test_a_name_is_text_whatever_it_looks_like(word: str, issuer: str, tmp_path: Any) -> None:
    values = _all_named(word)
    values["mtls"] = {**values["mtls"], "issuer": issuer}
    made = rendering.objects(_template(word, values, tmp_path))
    found = [each for one in made.values() for each in _named(one)]
    assert [(path, each) for path, each in found if not isinstance(each, str)] == []
    assert word in {each for _, each in found}


def test_a_name_that_a_parser_of_numbers_takes_is_quoted(tmp_path: Any) -> None:
    made = _template("1e3", _all_named("1e3"), tmp_path)
    assert [line for line in made.splitlines() if line.endswith(": 1e3")] == []


def test_no_key_stands_twice_where_values_name_the_same_label() -> None:
    monitors = ("serviceMonitor", "podMonitor", "prometheusRule")
    labels = {"team": "desk"}
    values: dict[str, Any] = {
        **rendering.FULL,
        "extraLabels": {"team": "markets", "grafana_dashboard": "0"},
        "operator": {"podLabels": labels},
        "monitoring": {
            **{name: {"enabled": True, "labels": labels} for name in monitors},
            "dashboards": {"enabled": True, "annotations": {"note": "x"}},
        },
    }
    text = rendering.text(values)
    assert all(yaml.load_all(text, Loader=_StrictLoader))
    made = rendering.objects(text)
    teams = {key: value["metadata"]["labels"]["team"] for key, value in made.items()}
    monitored = {key[0] for key, team in teams.items() if team == "desk"}
    assert monitored == {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
    pod, _ = next(rendering.pods({k: v for k, v in made.items() if k[0] == "Deployment"}))
    assert pod["labels"]["team"] == "desk"
    board = made["ConfigMap", "tickwork", "tickwork-dashboard-hops"]["metadata"]
    assert board["labels"]["grafana_dashboard"] == "1"
    assert board["annotations"] == {"grafana_folder": "Tickwork", "note": "x"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("watch.namespaced=false", "It was made in tickwork; for more, name them in"),
        ("watch.namespaced=false,mtls.issuer=certManager", "It was made in tickwork; for more"),
        ("mtls.issuer=existing", "Making it is yours"),
        ("watch.namespaced=true", None),
        ("watch.namespaced=false,mtls.enabled=false", None),
    ],
)
def test_the_notes_say_where_the_certificate_must_stand(values: str, told: str | None) -> None:
    command = ["install", "tickwork", str(rendering.CHART), "-n", "tickwork"]
    made = rendering.helm(*command, "--dry-run=client", "--set", values)
    assert made.returncode == 0, made.stderr
    notes = made.stdout.partition("NOTES:")[2]
    assert ("wait until the secret tickwork-unit-tls stands in" in notes) == (told is not None)
    assert told is None or told in notes
