"""What whoever installed the operator chose: its own options, from a JSON file."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from tickwork import errors
from tickwork.manifest.cluster import Sink

DEFAULT_TLS_SECRET = "tickwork-unit-tls"  # noqa: S105 — the name of an object, not a secret
DEFAULT_SINK = Sink()


@dataclasses.dataclass(frozen=True)
class Images:
    """References of the images that the operator's pods run."""

    services: str
    conductor: str


@dataclasses.dataclass(frozen=True)
class NetworkPolicies:
    """Whether runs get policies of their own, and what lies around them.

    ``monitoring_namespace`` may scrape metrics (None: nobody), ``dns_namespace`` answers names,
    ``api_ports`` are the API server's, behind its Service too.
    """

    enabled: bool = True
    monitoring_namespace: str | None = None
    dns_namespace: str = "kube-system"
    api_ports: tuple[int, ...] = (443, 6443)


@dataclasses.dataclass(frozen=True)
class Options:
    """The operator's options; ``namespaces`` None watches all of them.

    ``tls_secret`` None turns mTLS off for every run. ``metrics_port`` and ``health_port`` are the
    operator's own.
    """

    images: Images
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    tls_secret: str | None = DEFAULT_TLS_SECRET
    namespaces: tuple[str, ...] | None = None
    sink: Sink = DEFAULT_SINK
    metrics_port: int = 9100
    health_port: int = 8080
    extra_labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    network_policies: NetworkPolicies = NetworkPolicies()


def from_json(text: str) -> Options:
    """Returns the options in ``text``; raises InputError naming an unknown or missing key."""
    try:
        return _read(json.loads(text))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise errors.InputError(
            f"Reading the operator's options: {error}.",
            "Compare the file with the chart's template of it.",
        ) from error


def _read(value: Mapping[str, Any]) -> Options:
    given = {_snake(key): each for key, each in value.items()}
    given["images"] = Images(**given["images"])
    if "sink" in given:
        given["sink"] = Sink.model_validate(given["sink"])
    if "network_policies" in given:
        inside = {_snake(key): each for key, each in given["network_policies"].items()}
        given["network_policies"] = NetworkPolicies(**_tuples(inside))
    return Options(**_tuples(given))


def _tuples(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(each) if isinstance(each, list) else each for key, each in value.items()}


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
