"""A Unit becomes a container."""

from typing import Any

from tickwork.plan.plan import METRICS_PORT, Group, PlannedUnit
from tickwork_operator.objects import addresses, names, resources, security
from tickwork_operator.objects.run import Run

INCARNATION = "incarnation"
STARTUP_SECONDS = 120
LIVENESS_SECONDS = 10
LIVENESS_FAILURES = 6
READINESS_SECONDS = 2
PROBE_TIMEOUT_SECONDS = 5


def build_all(run: Run, group: Group) -> list[dict[str, Any]]:
    """Returns the containers of the units of ``group``, in the order of the Plan.

    The last log lines of one that fails become its termination message, so that the reason of a
    failed run can name them.
    """
    numbers = addresses.ports(group)
    port_names = names.port_names(numbers)
    placement = run.placement(group)
    made = []
    for unit in group.units:
        ports = [
            {"name": port_names[key], "containerPort": numbers[key], "protocol": "TCP"}
            for key in ((unit.name, port.name) for port in unit.ports)
        ]
        segments = resources.segments_mib(run.plan, f"{group.name}/{unit.name}")
        probes = _probes(numbers[unit.name, METRICS_PORT])
        asked = resources.requirements(placement, segments)
        made.append({**_build(run, unit), "ports": ports, "resources": asked, **probes})
    return made


def _build(run: Run, unit: PlannedUnit) -> dict[str, Any]:
    return {
        "name": unit.name,
        "image": run.options.images.services,
        "imagePullPolicy": run.options.pull_policy,
        "args": [
            f"{addresses.UNITS}/{unit.name}.json",
            "--incarnation-file",
            f"{addresses.OUTPUT}/{unit.name}/{INCARNATION}",
        ],
        "securityContext": security.of_container(run.cluster.profile),
        "volumeMounts": _mounts(run),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _mounts(run: Run) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [
        {"name": "units", "mountPath": addresses.UNITS, "readOnly": True},
        {"name": "output", "mountPath": addresses.OUTPUT},
        {"name": "shm", "mountPath": addresses.SEGMENTS},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 — a volume of the pod's own
    ]
    if run.secured:
        mounts.append({"name": "tls", "mountPath": addresses.TLS_DIRECTORY, "readOnly": True})
    return mounts


def _probes(port: int) -> dict[str, Any]:
    healthy = {"httpGet": {"path": "/healthz", "port": port}}
    return {
        "startupProbe": {**healthy, "periodSeconds": 1, "failureThreshold": STARTUP_SECONDS},
        "livenessProbe": {
            **healthy,
            "periodSeconds": LIVENESS_SECONDS,
            "failureThreshold": LIVENESS_FAILURES,
            "timeoutSeconds": PROBE_TIMEOUT_SECONDS,
        },
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": port},
            "periodSeconds": READINESS_SECONDS,
            "timeoutSeconds": PROBE_TIMEOUT_SECONDS,
        },
    }
