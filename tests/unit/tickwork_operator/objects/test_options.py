import json

import pytest
from tickwork_operator.objects import options

from tickwork import errors

IMAGES = {"services": "s@sha256:1", "conductor": "c@sha256:2"}


def test_only_the_images_must_be_given() -> None:
    made = options.from_json(json.dumps({"images": IMAGES}))
    assert made.images == options.Images("s@sha256:1", "c@sha256:2")
    assert (made.tls_secret, made.sink.kind) == ("tickwork-unit-tls", "job")


def test_everything_that_is_written_holds() -> None:
    made = options.from_json(
        json.dumps(
            {
                "images": IMAGES,
                "pullPolicy": "Never",
                "pullSecrets": ["hub"],
                "tlsSecret": None,
                "namespaces": ["a", "b"],
                "sink": {"kind": "pvc", "claim": "results"},
                "metricsPort": 1,
                "healthPort": 2,
                "extraLabels": {"team": "desk"},
                "networkPolicies": {
                    "enabled": True,
                    "monitoringNamespace": "monitoring",
                    "apiPorts": [6443],
                },
            }
        )
    )
    assert (made.pull_policy, made.pull_secrets, made.tls_secret) == ("Never", ("hub",), None)
    assert made.namespaces == ("a", "b")
    assert (made.sink.kind, made.sink.claim) == ("pvc", "results")
    assert made.network_policies.api_ports == (6443,)
    assert made.network_policies.dns_namespace == "kube-system"


@pytest.mark.parametrize(
    "text", ["{}", "[]", "{", '{"images": {}}', '{"images": {"services": "s"}, "more": 1}']
)
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(errors.InputError, match="operator's options"):
        options.from_json(text)
