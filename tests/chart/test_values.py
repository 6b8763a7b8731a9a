"""Wrong values are refused, with a message that names the key."""

import json
from typing import Any

import pytest

from chart import rendering

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"imagee": {}}, "imagee"),
    ({"image": {"repository": "x"}}, "repository"),
    ({"image": {"tag": "a b"}}, "tag"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
    ({"image": {"digest": {"operator": "sha256:short"}}}, "operator"),
    ({"image": {"digest": {"receiver": rendering.DIGEST}}}, "receiver"),
    ({"imagePullSecrets": ["pull"]}, "imagePullSecrets"),
    ({"watch": {"namespaced": "yes"}}, "namespaced"),
    ({"watch": {"namespaces": ["Upper"]}}, "namespaces"),
    ({"watch": {"namespaces": ["a", "a"]}}, "namespaces"),
    ({"operator": {"replicas": 2}}, "replicas"),
    ({"operator": {"metricsPort": 80}}, "metricsPort"),
    ({"operator": {"resources": {"limits": {"memory": "lots"}}}}, "memory"),
    ({"operator": {"terminationGracePeriodSeconds": 1}}, "terminationGracePeriodSeconds"),
    ({"sink": {"kind": "s3"}}, "kind"),
    ({"sink": {"kind": "pvc"}}, "claim"),
    ({"sink": {"create": True}}, "create"),
    ({"sink": {"keepSeconds": 0}}, "keepSeconds"),
    ({"mtls": {"issuer": "vault"}}, "issuer"),
    ({"mtls": {"validityDays": 0}}, "validityDays"),
    ({"mtls": {"certManager": {"duration": "three months"}}}, "duration"),
    ({"networkPolicy": {"enabled": "on"}}, "enabled"),
    ({"networkPolicy": {"apiServerPorts": []}}, "apiServerPorts"),
    ({"operator": {"metricsPort": 8080}}, "metricsPort and operator.healthPort are both 8080"),
    ({"extraLabels": {"team": "two words"}}, "team"),
    ({"extraLabels": {"helm.sh/chart": "x"}}, 'extraLabels holds "helm.sh/chart"'),
    ({"extraLabels": {"tickwork.dev/run": "x"}}, 'extraLabels holds "tickwork.dev/run"'),
    (
        {"extraLabels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
        'extraLabels holds "rbac.authorization.k8s.io/aggregate-to-view"',
    ),
    (
        {"operator": {"podLabels": {"app.kubernetes.io/component": "x"}}},
        'operator.podLabels holds "app.kubernetes.io/component"',
    ),
    (
        {"operator": {"podAnnotations": {"checksum/options": "x"}}},
        'operator.podAnnotations holds "checksum/options"',
    ),
    ({"monitoring": {"dashboards": {"label": "app.kubernetes.io/name"}}}, "label"),
    (
        {"monitoring": {"podMonitor": {"enabled": True, "labels": {"helm.sh/chart": "x"}}}},
        'monitoring.podMonitor.labels holds "helm.sh/chart"',
    ),
    ({"venueTwin": {"spec": {"durationSeconds": 10}}}, "venueTwin"),
    ({"venueTwin": {"name": "x" * 40}}, "name"),
    ({"monitoring": {"serviceMonitor": {"interval": 15}}}, "interval"),
    ({"test": {"timeoutSeconds": 5}}, "timeoutSeconds"),
    ({"test": {"spec": {"durationSeconds": 0}}}, "durationSeconds"),
    ({"crds": {"keep": None, "instal": True}}, "instal"),
]


@pytest.mark.parametrize(("values", "named"), WRONG, ids=[json.dumps(v)[:60] for v, _ in WRONG])
def test_a_wrong_value_is_refused(values: dict[str, Any], named: str) -> None:
    made = rendering.template(values)
    assert made.returncode != 0, f"accepted: {values}"
    assert named in made.stderr
    assert "Traceback" not in made.stderr


def test_full_values_are_accepted() -> None:
    rendering.text(rendering.FULL, "--api-versions", rendering.KIND)
