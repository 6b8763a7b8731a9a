"""Brings a run directory home from a cluster: whole and verified, or not at all."""

import contextlib
import hashlib
import http.client
import os
import pathlib
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from tickwork import clock, errors
from tickwork.local import runs
from tickwork_cli import cluster

KEEPER_PORT = 8080
KEEPER = "keeper"
CONDUCTOR = "conductor"
CHUNK_BYTES = 1 << 20
ANSWER_SECONDS = 120
# Of a pod that does not listen yet, not every cluster says so at once: it is asked again soon.
HEALTH_SECONDS = 5
READER_SECONDS = 120
READER_SECONDS_MAX = 3600
ENDED = ("Failed", "Succeeded")
# More than any run of a week leaves; a server that sends for ever is cut.
SIZE_BYTES_MAX = 1 << 38
FILES_MAX = 1_000_000
_LOOK_NS = 500_000_000
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

Say = Callable[[str], None]


def fetch(
    on: cluster.Cluster, name: str, parent: pathlib.Path, *, release: bool, say: Say, warn: Say
) -> pathlib.Path:
    """Brings the run of Experiment ``name`` below ``parent`` and returns its directory.

    ``release`` tells the cluster that it need not keep the run any longer. ``say`` is told what
    came, ``warn`` what did not go as it should though the run is here. Raises InputError where
    there is nothing to fetch (yet, or any more), RunError where what came is not what was sent.
    """
    found = on.get(name)
    status = found.get("status", {})
    run = status.get("run")
    if not run:
        raise errors.InputError(
            f"Experiment {name} has no run yet (phase {status.get('phase', 'Pending')}).",
            f"Follow it with: kubectl get exp {name} -n {on.namespace} -w",
        )
    if not _NAME.fullmatch(run):
        raise errors.InputError(
            f"Experiment {name} calls its run {run!r}, which is no name of a run: refused.",
            "Somebody other than the operator wrote its status.",
        )
    target: pathlib.Path = parent / run
    if target.exists():
        raise errors.InputError(f"{target} is there already.", "Fetch elsewhere: -o DIR")
    claim = claim_of(found)
    is_told = status.get("completionTime") or status.get("results")
    if claim is not None and not (is_told or _has_concluded(on, run)):
        # A lock of the writer's need not be seen on another node, so the reader is not asked.
        raise errors.InputError(
            f"The run {run} is not over yet; its Conductor writes into the claim {claim}.",
            f"Follow it with: kubectl get exp {name} -n {on.namespace} -w",
        )
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.InputError(
            f"The directory {parent} cannot be made: {error.strerror}.", "Fetch elsewhere: -o DIR"
        ) from error
    with contextlib.ExitStack() as stack:
        if claim is not None:
            pod = stack.enter_context(_reader(on, name, run, claim, warn))
        else:
            pod = _keeping_pod(on, name, run)
        _receive(on, pod, target, say)
        runs.point_latest(parent, run)
        # A claim keeps its runs for good; its reader may have other readers.
        if release and claim is None:
            _release(on, pod, warn)
    return target


def _has_concluded(on: cluster.Cluster, run: str) -> bool:
    """Says whether the Conductor has ended, which the status does not tell without an operator."""
    return any(
        container.name == CONDUCTOR and container.state.terminated is not None
        for pod in on.pods(f"tickwork.dev/run={run},app.kubernetes.io/component={CONDUCTOR}")
        for container in pod.status.container_statuses or []
    )


def claim_of(experiment: Mapping[str, Any]) -> str | None:
    """Returns the claim that holds the run, or None where its keeper does.

    The status says so for a finished run: a claim may be the operator's option, not a wish.
    """
    results = experiment.get("status", {}).get("results") or {}
    _, _, where = str(results.get("where")).partition("/")
    if results.get("sink") == "pvc" and where:
        return where.split("/")[0]
    sink = (experiment["spec"].get("cluster") or {}).get("sink") or {}
    return str(sink["claim"]) if sink.get("kind") == "pvc" else None


def _release(on: cluster.Cluster, pod: str, warn: Say) -> None:
    """Tells the keeper that the run is home; one that is gone meanwhile need not know."""
    try:
        _ask(on, pod, "POST", "/fetched")
    except errors.TickworkError as error:
        warn(f"the cluster was not told that it need not keep the run: {error.text}")


def _keeping_pod(on: cluster.Cluster, name: str, run: str) -> str:
    """Returns the pod whose keeper still has the run."""
    for pod in on.pods(f"tickwork.dev/run={run},app.kubernetes.io/component={CONDUCTOR}"):
        for container in pod.status.container_statuses or []:
            if container.name == KEEPER and container.state.running is not None:
                return str(pod.metadata.name)
    raise errors.InputError(
        f"Nobody keeps the run {run} any more: it was fetched, or its keepSeconds are over.",
        f"Its digest stays: kubectl get exp {name} -n {on.namespace} -o yaml. "
        "A claim keeps runs for good: spec.cluster.sink.kind pvc.",
    )


@contextlib.contextmanager
def _reader(on: cluster.Cluster, name: str, run: str, claim: str, warn: Say) -> Iterator[str]:
    """Gives a pod that serves the run from its claim; deletes it afterwards if it was made here."""
    conductors = on.pods(f"tickwork.dev/run={run},app.kubernetes.io/component={CONDUCTOR}")
    if not conductors:
        raise errors.InputError(
            f"The Conductor's pod of {run} is gone, and with it the name of its image.",
            f"Mount the claim {claim}: the run lies in its directory {run}.",
        )
    like = conductors[-1].spec
    pod = f"{run}-reader"
    is_ours = _make_reader(on, pod, _reader_manifest(pod, run, claim, like))
    try:
        _wait_listening(on, pod, name)
        yield pod
    finally:
        if is_ours:
            _remove(on, pod, warn)


def _make_reader(on: cluster.Cluster, pod: str, manifest: dict[str, Any]) -> bool:
    """Makes the reader and returns True; False where one that another fetch made is alive.

    That one is used and left alone: its maker may be reading. One that has ended is replaced.
    """
    with contextlib.suppress(cluster.TakenError):
        on.make_pod(manifest)
        return True
    with contextlib.suppress(cluster.GoneError):
        left = on.pod(pod)
        if left.status.phase not in ENDED and left.metadata.deletion_timestamp is None:
            return False
        on.delete_pod(pod)
        _wait_gone(on, pod)
    with contextlib.suppress(cluster.TakenError):
        on.make_pod(manifest)
        return True
    return False


def _remove(on: cluster.Cluster, pod: str, warn: Say) -> None:
    """Deletes the reader; what it served is worth more than its deletion, so that only is said."""
    try:
        on.delete_pod(pod)
    except cluster.GoneError:
        return
    except errors.TickworkError as error:
        warn(
            f"the pod {pod} was not deleted: {error.text} It ends by itself within "
            f"{READER_SECONDS_MAX} s; delete it: kubectl delete pod {pod} -n {on.namespace}"
        )


def _reader_manifest(pod: str, run: str, claim: str, like: Any) -> dict[str, Any]:
    where = "/run/tickwork/sink"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod, "labels": {"app.kubernetes.io/part-of": "tickwork"}},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": READER_SECONDS_MAX,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": each.name} for each in like.image_pull_secrets or []],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "runAsGroup": 65532,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": KEEPER,
                    "image": like.containers[0].image,
                    "imagePullPolicy": like.containers[0].image_pull_policy,
                    "args": ["keep", f"{where}/{run}", "--listen", f"127.0.0.1:{KEEPER_PORT}"],
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "48Mi"},
                        "limits": {"memory": "256Mi"},
                    },
                    "volumeMounts": [{"name": "run", "mountPath": where, "readOnly": True}],
                }
            ],
            "volumes": [
                {"name": "run", "persistentVolumeClaim": {"claimName": claim, "readOnly": True}}
            ],
        },
    }


def _wait_listening(on: cluster.Cluster, pod: str, name: str) -> None:
    """Waits until the reader answers: a pod that runs need not listen yet."""
    deadline_ns = clock.now_mono_ns() + READER_SECONDS * 1_000_000_000
    while clock.now_mono_ns() < deadline_ns:
        phase = on.pod(pod).status.phase
        if phase in ENDED:
            break
        if phase == "Running" and _listens(on, pod):
            return
        clock.sleep(_LOOK_NS)
    raise errors.RunError(
        f"The pod {pod}, which was to read the claim of {name}, did not come up.",
        f"See why: kubectl describe pod {pod} -n {on.namespace}",
    )


def _listens(on: cluster.Cluster, pod: str) -> bool:
    try:
        _ask(on, pod, "GET", "/healthz", HEALTH_SECONDS)
    except (errors.RunError, *cluster.AWAY):
        return False
    return True


def _wait_gone(on: cluster.Cluster, pod: str) -> None:
    deadline_ns = clock.now_mono_ns() + READER_SECONDS * 1_000_000_000
    while clock.now_mono_ns() < deadline_ns:
        try:
            on.pod(pod)
        except cluster.GoneError:
            return
        clock.sleep(_LOOK_NS)
    raise errors.RunError(
        f"The pod {pod} of an earlier fetch is still there after {READER_SECONDS} s.",
        f"See what holds it: kubectl describe pod {pod} -n {on.namespace}",
    )


def _receive(on: cluster.Cluster, pod: str, target: pathlib.Path, say: Say) -> None:
    """Receives the stream into a file, verifies it, and unpacks it into ``target`` in one step."""
    promised = _ask(on, pod, "GET", "/run.tar.sha256").decode(errors="replace").strip()
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as scratch:
        file = pathlib.Path(scratch) / "run.tar"
        with file.open("wb") as into:
            came, size_bytes = _download(on, pod, into)
        if came != promised:
            raise errors.RunError(
                f"Fetching {target.name}: {size_bytes:,} bytes came and are not what was sent.",
                "Fetch again; nothing was released.",
            )
        whole = pathlib.Path(scratch) / "run"
        count = unpack(file, whole)
        whole.rename(target)
    say(f"fetched {count} files, {size_bytes / 1e6:,.1f} MB, SHA-256 {promised[:16]}…")


def unpack(file: pathlib.Path, into: pathlib.Path) -> int:
    """Unpacks plain files below ``into`` and returns how many; refuses all that leads elsewhere."""
    count = 0
    into.mkdir()
    try:
        # Never compressed: what is unpacked is no more than what came.
        with tarfile.open(file, "r:") as stream:
            for entry in stream:
                count += 1
                if count > FILES_MAX or entry.issparse() or not (entry.isfile() or entry.isdir()):
                    raise errors.RunError(
                        f"Unpacking {file.name}: {entry.name!r} is no plain file."
                    )
                stream.extract(entry, into, filter="data")
    except tarfile.TarError as error:
        raise errors.RunError(f"Unpacking {file.name}: {error}.") from error
    return count


def _download(on: cluster.Cluster, pod: str, into: BinaryIO) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with _answer(on, pod, "GET", "/run.tar") as answer:
        while data := answer.read(CHUNK_BYTES):
            size_bytes += len(data)
            if size_bytes > SIZE_BYTES_MAX:
                raise errors.RunError(f"Fetching from {pod}: over {SIZE_BYTES_MAX:,} bytes came.")
            digest.update(data)
            into.write(data)
    into.flush()
    os.fsync(into.fileno())
    return digest.hexdigest(), size_bytes


def _ask(
    on: cluster.Cluster, pod: str, method: str, path: str, seconds: int = ANSWER_SECONDS
) -> bytes:
    with _answer(on, pod, method, path, seconds) as answer:
        return answer.read(1 << 16)


@contextlib.contextmanager
def _answer(
    on: cluster.Cluster, pod: str, method: str, path: str, seconds: int = ANSWER_SECONDS
) -> Iterator[http.client.HTTPResponse]:
    """Gives the keeper's answer to one request, each over a way of its own."""
    with on.forward(pod, KEEPER_PORT) as way:
        way.settimeout(seconds)
        connection = http.client.HTTPConnection("keeper", timeout=seconds)
        connection.sock = way
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            if answer.status >= http.HTTPStatus.BAD_REQUEST:
                said = answer.read(4096).decode(errors="replace").strip()
                raise errors.InputError(f"The keeper in {pod} answered {answer.status}: {said}")
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise errors.RunError(
                f"Asking the keeper in {pod} for {path}: {type(error).__name__} {error}.",
                "Try again; nothing was released.",
            ) from error
