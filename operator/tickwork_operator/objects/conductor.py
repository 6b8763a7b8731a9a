"""The Conductor's Job: it drives the run, writes its results, and never runs a second time."""

from typing import Any

from tickwork_operator.objects import addresses, config_map, deadlines, names, pod, security
from tickwork_operator.objects.run import Run

PLAN_DIRECTORY = "/etc/tickwork/run"
RUN_DIRECTORY = f"{addresses.RUN_ROOT}/run"
SINK_DIRECTORY = f"{addresses.RUN_ROOT}/sink"
TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 — a path
TOKEN_SECONDS = 3607
KEEPER_LISTEN = "127.0.0.1:8080"
GRACE_SECONDS = 30
# The analysis reads whole runs; what it does not use is not reserved.
RESOURCES = {
    "requests": {"cpu": "100m", "memory": "192Mi"},
    "limits": {"memory": "2Gi"},
}
KEEPER_RESOURCES = {
    "requests": {"cpu": "10m", "memory": "48Mi"},
    "limits": {"memory": "256Mi"},
}


def build(run: Run) -> dict[str, Any]:
    """Returns the Job: one pod, no retry, also when its node is drained.

    A measurement that was broken off is Failed, not repeated. The Job's own deadline ends it where
    no operator is there to do so.
    """
    name = run.child(names.CONDUCTOR)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": run.metadata(name, names.CONDUCTOR),
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": deadlines.job_seconds(run),
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget"}]}]
            },
            "template": {
                "metadata": {
                    "labels": run.labels(names.CONDUCTOR),
                    "annotations": dict(pod.KEEP_ANNOTATIONS),
                },
                "spec": _pod(run, name),
            },
        },
    }


def run_directory(run: Run) -> str:
    """Returns where the Conductor writes the run directory."""
    if run.sink.kind == "pvc":
        return f"{SINK_DIRECTORY}/{run.run_id}"
    return RUN_DIRECTORY


def _pod(run: Run, name: str) -> dict[str, Any]:
    containers = [_conductor(run)]
    if run.sink.kind == "job":
        containers.append(_keeper(run))
    return {
        "restartPolicy": "Never",
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": security.of_pod("restricted"),
        "containers": containers,
        "volumes": _volumes(run),
        "tolerations": pod.lost_node_tolerations(),
        **pod.pull_secrets(run),
    }


def _conductor(run: Run) -> dict[str, Any]:
    tls = ["--tls", addresses.TLS_DIRECTORY] if run.secured else []
    mounts: list[dict[str, Any]] = [
        {"name": "plan", "mountPath": PLAN_DIRECTORY, "readOnly": True},
        {"name": "token", "mountPath": TOKEN_DIRECTORY, "readOnly": True},
    ]
    if run.secured:
        mounts.append({"name": "tls", "mountPath": addresses.TLS_DIRECTORY, "readOnly": True})
    made = _container(run, names.CONDUCTOR, RESOURCES, mounts)
    made["args"] = [
        "conduct",
        "--plan",
        f"{PLAN_DIRECTORY}/{config_map.PLAN}",
        "--experiment",
        f"{PLAN_DIRECTORY}/{config_map.EXPERIMENT}",
        "--addresses",
        f"{PLAN_DIRECTORY}/{config_map.ADDRESSES}",
        "--run-directory",
        run_directory(run),
        *tls,
        "--namespace",
        run.namespace,
        "--name",
        run.name,
        "--start-deadline",
        f"{run.cluster.start_deadline_seconds}",
    ]
    return made


def _keeper(run: Run) -> dict[str, Any]:
    made = _container(run, names.KEEPER, KEEPER_RESOURCES, [])
    made["args"] = [
        "keep",
        RUN_DIRECTORY,
        "--listen",
        KEEPER_LISTEN,
        "--seconds",
        f"{run.sink.keep_seconds}",
    ]
    return made


def _container(
    run: Run, name: str, resources: dict[str, Any], mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    where = SINK_DIRECTORY if run.sink.kind == "pvc" else RUN_DIRECTORY
    return {
        "name": name,
        "image": run.options.images.conductor,
        "imagePullPolicy": run.options.pull_policy,
        "resources": resources,
        "securityContext": security.of_container("restricted"),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "run", "mountPath": where},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 — a volume of the pod's own
            *mounts,
        ],
    }


def _volumes(run: Run) -> list[dict[str, Any]]:
    kept: dict[str, Any] = {"emptyDir": {}}
    if run.sink.kind == "pvc":
        kept = {"persistentVolumeClaim": {"claimName": run.sink.claim}}
    return [
        {"name": "plan", "configMap": {"name": run.child(names.PLAN), "defaultMode": 0o444}},
        {"name": "run", **kept},
        {"name": "tmp", "emptyDir": {}},
        {"name": "token", "projected": {"defaultMode": 0o444, "sources": _token_sources()}},
        *pod.tls_volume(run),
    ]


def _token_sources() -> list[dict[str, Any]]:
    """Returns what the API server's own admission would mount, for one container only."""
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    authority = {"key": "ca.crt", "path": "ca.crt"}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [authority]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
