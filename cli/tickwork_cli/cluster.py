"""The CLI's only way to a cluster: what a person's kubeconfig allows, in the verbs' own words.

Every refusal of the API server becomes one sentence with a remedy.
"""

import contextlib
import http
import json
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import kubernetes as kubernetes_library
import urllib3
import websocket
import yaml
from kubernetes.client import exceptions

from tickwork import clock, errors
from tickwork.manifest.envelope import API_VERSION

PLURAL = "experiments"
FIELD_MANAGER = "tickwork-cli"
REQUEST_SECONDS = 30
# A way to a pod goes over the API server and the node's kubelet.
FORWARD_SECONDS = 30
# The API server ends a watch sooner or later; it is taken up again.
WATCH_SECONDS = 60
Object = dict[str, Any]

# The library is generated and says of few things what type they are.
kubernetes: Any = kubernetes_library
_LOOK_NS = 200_000_000
_GROUP, _VERSION = API_VERSION.split("/")


class GoneError(errors.InputError):
    """What was asked for is not on the cluster."""


class TakenError(errors.InputError):
    """What was to be made is on the cluster already."""


class BusyError(errors.RunError):
    """The API server answered that it cannot answer now."""


# What passes when the API server is back; a refusal does not.
AWAY = (errors.MissingError, BusyError)


class Cluster:
    """One namespace of one cluster, as a kubeconfig names them."""

    def __init__(self, context: str | None = None, namespace: str | None = None) -> None:
        """Reads the kubeconfig; raises MissingError where there is none that can be used."""
        try:
            contexts, current = kubernetes.config.list_kube_config_contexts()
            client = kubernetes.config.new_client_from_config(context=context)
        except (kubernetes.config.ConfigException, OSError, yaml.YAMLError) as error:
            raise errors.MissingError(
                f"Reading the kubeconfig: {error}.",
                "Set KUBECONFIG to a file that kubectl can use.",
            ) from error
        chosen = next((each for each in contexts if each["name"] == context), current)
        self.namespace = namespace or chosen["context"].get("namespace") or "default"
        self._client = client
        self._objects = kubernetes.client.CustomObjectsApi(client)
        self._core = kubernetes.client.CoreV1Api(client)

    # -- Experiments ------------------------------------------------------------------------------

    def create(self, manifest: Object) -> Object:
        """Creates an Experiment with strict validation of its fields; returns what stands."""
        with self._told(f"Creating Experiment {manifest['metadata']['name']}"):
            return dict(
                self._objects.create_namespaced_custom_object(
                    _GROUP,
                    _VERSION,
                    self.namespace,
                    PLURAL,
                    manifest,
                    field_manager=FIELD_MANAGER,
                    field_validation="Strict",
                    _request_timeout=REQUEST_SECONDS,
                )
            )

    def get(self, name: str) -> Object:
        """Returns the Experiment ``name``; raises GoneError where there is none."""
        with self._told(f"Reading Experiment {name}"):
            return dict(
                self._objects.get_namespaced_custom_object(
                    _GROUP,
                    _VERSION,
                    self.namespace,
                    PLURAL,
                    name,
                    _request_timeout=REQUEST_SECONDS,
                )
            )

    def delete(self, found: Object) -> None:
        """Deletes the Experiment that was ``found``, and what it owns with it.

        Raises TakenError where it has changed since: it may run by now.
        """
        head = found["metadata"]
        same = {"uid": head["uid"], "resourceVersion": head["resourceVersion"]}
        with self._told(f"Deleting Experiment {head['name']}"):
            self._objects.delete_namespaced_custom_object(
                _GROUP,
                _VERSION,
                self.namespace,
                PLURAL,
                head["name"],
                body={"preconditions": same},
                _request_timeout=REQUEST_SECONDS,
            )

    def wait_gone(self, name: str, seconds: int) -> None:
        """Waits until no Experiment has the ``name``; raises RunError where one stays."""
        deadline_ns = clock.now_mono_ns() + seconds * 1_000_000_000
        while clock.now_mono_ns() < deadline_ns:
            try:
                self.get(name)
            except GoneError:
                return
            clock.sleep(_LOOK_NS)
        raise errors.RunError(
            f"Experiment {name} is still there after {seconds} s.",
            f"See what holds it: kubectl get exp {name} -n {self.namespace} -o yaml",
        )

    def experiments(self, *, everywhere: bool = False) -> list[Object]:
        """Returns the Experiments of the namespace, or of all namespaces."""
        with self._told("Listing Experiments"):
            if everywhere:
                found = self._objects.list_cluster_custom_object(
                    _GROUP, _VERSION, PLURAL, _request_timeout=REQUEST_SECONDS
                )
            else:
                found = self._objects.list_namespaced_custom_object(
                    _GROUP, _VERSION, self.namespace, PLURAL, _request_timeout=REQUEST_SECONDS
                )
        return list(found["items"])

    def follow(self, name: str, uid: str) -> Iterator[Object]:
        """Yields the Experiment as it is, then at every change.

        Raises GoneError once it is deleted, or another than that with ``uid`` bears its name.
        """
        while True:
            seen = self.get(name)
            if seen["metadata"]["uid"] != uid:
                raise GoneError(f"Experiment {name} was replaced by another of its name.")
            yield seen
            for event, changed in self._watch(name, seen["metadata"]["resourceVersion"]):
                if event == "DELETED":
                    raise GoneError(f"Experiment {name} was deleted while it was followed.")
                yield changed
            # A watch that is cut as soon as it stands must not become a flood of requests.
            clock.sleep(_LOOK_NS)

    def _watch(self, name: str, since: str) -> Iterator[tuple[str, Object]]:
        """Yields events of one watch until the server ends it or has forgotten ``since``."""
        watch = kubernetes.watch.Watch()
        try:
            for event in watch.stream(
                self._objects.list_namespaced_custom_object,
                _GROUP,
                _VERSION,
                self.namespace,
                PLURAL,
                field_selector=f"metadata.name={name}",
                resource_version=since,
                timeout_seconds=WATCH_SECONDS,
                _request_timeout=WATCH_SECONDS + REQUEST_SECONDS,
            ):
                yield event["type"], event["object"]
        except exceptions.ApiException as error:
            # 410 Gone: the server has forgotten that version; it is read again.
            if error.status != http.HTTPStatus.GONE:
                _refuse(f"Watching Experiment {name}", self.namespace, error)
        except urllib3.exceptions.HTTPError:
            # The connection was cut; reading again says whether the server is there.
            return
        finally:
            watch.stop()

    # -- pods -------------------------------------------------------------------------------------

    def pods(self, selector: str) -> list[Any]:
        """Returns the pods whose labels match ``selector``, by name."""
        with self._told("Listing pods"):
            found = self._core.list_namespaced_pod(
                self.namespace, label_selector=selector, _request_timeout=REQUEST_SECONDS
            )
        return sorted(found.items, key=lambda pod: pod.metadata.name)

    def pod(self, name: str) -> Any:
        """Returns the pod ``name``; raises GoneError where there is none."""
        with self._told(f"Reading pod {name}"):
            return self._core.read_namespaced_pod(
                name, self.namespace, _request_timeout=REQUEST_SECONDS
            )

    def make_pod(self, manifest: Object) -> None:
        """Creates a pod; raises TakenError where one has its name."""
        with self._told(f"Creating pod {manifest['metadata']['name']}"):
            self._core.create_namespaced_pod(
                self.namespace, manifest, _request_timeout=REQUEST_SECONDS
            )

    def delete_pod(self, name: str) -> None:
        """Deletes a pod at once; raises GoneError where there is none."""
        with self._told(f"Deleting pod {name}"):
            self._core.delete_namespaced_pod(
                name, self.namespace, grace_period_seconds=0, _request_timeout=REQUEST_SECONDS
            )

    def log(
        self, pod: str, container: str, *, follow: bool = False, tail: int | None = None
    ) -> Iterator[str]:
        """Yields the lines of one container's log, as they come."""
        wanted: Mapping[str, Any] = {} if tail is None else {"tail_lines": tail}
        with self._told(f"Reading the log of {pod}/{container}"):
            answer = self._core.read_namespaced_pod_log(
                pod,
                self.namespace,
                container=container,
                follow=follow,
                _preload_content=False,
                **wanted,
            )
            with contextlib.closing(answer):
                for line in answer:
                    yield line.decode(errors="replace").rstrip("\n")

    @contextlib.contextmanager
    def forward(self, pod: str, port: int) -> Iterator[socket.socket]:
        """Gives one connection to ``port`` on the loopback of ``pod``."""
        with self._told(f"Opening a way to port {port} of {pod}"):
            opened = self._open(pod, port)
        try:
            yield opened.socket(port)
        finally:
            opened.close()

    def _open(self, pod: str, port: int) -> Any:
        """Opens a port-forward; the library itself would wait for ever, and swallow a Ctrl-C."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # The library exchanges a method of the client while it opens: the client is of that only.
        client = kubernetes.client.ApiClient(self._client.configuration)
        core = kubernetes.client.CoreV1Api(client)

        def ask() -> None:
            try:
                answers.put(
                    kubernetes.stream.portforward(
                        core.connect_get_namespaced_pod_portforward,
                        pod,
                        self.namespace,
                        ports=str(port),
                    )
                )
            except exceptions.ApiException as error:
                answers.put(_cause(error))

        threading.Thread(target=ask, name=f"way to {pod}", daemon=True).start()
        try:
            answer = answers.get(timeout=FORWARD_SECONDS)
        except queue.Empty as error:
            raise urllib3.exceptions.TimeoutError(f"{FORWARD_SECONDS} s") from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except exceptions.ApiException as error:
            _refuse(doing, self.namespace, error)
        except urllib3.exceptions.HTTPError as error:
            raise errors.MissingError(
                f"{doing}: {self._client.configuration.host} does not answer.",
                "Check KUBECONFIG, and that the cluster is up: kubectl get nodes",
            ) from error


def _cause(error: exceptions.ApiException) -> Exception:
    """Returns what stopped a port-forward, which the library tells as text without a status."""
    match error.__context__:
        case websocket.WebSocketBadStatusException() as refused:
            told = exceptions.ApiException(refused.status_code, refused.status_message)
            told.body = _as_status((refused.resp_body or b"").decode(errors="replace"))
            return told
        case OSError():
            return urllib3.exceptions.HTTPError(str(error.reason))
        case _:
            return error


def _as_status(body: str) -> str:
    """Returns what a node said in plain text as the Status object that an API server would say."""
    return body if body.startswith("{") else json.dumps({"kind": "Status", "message": body.strip()})


def _refuse(doing: str, namespace: str, error: exceptions.ApiException) -> NoReturn:
    """Raises the server's refusal as a sentence with what to do about it."""
    said = _message(error)
    match error.status:
        case 401:
            remedy = "Log in to the cluster again: the token or certificate is not valid now."
            raise errors.InputError(f"{doing} in {namespace} is not allowed: {said}", remedy)
        case 403:
            remedy = f"Ask whoever runs the cluster for that right in namespace {namespace}."
            raise errors.InputError(f"{doing} in {namespace} is not allowed: {said}", remedy)
        case 404 if not _is_status(error):
            # Of a kind that it does not know an API server says nothing but that in plain text.
            raise errors.MissingError(
                f"{doing}: the cluster does not know Experiments.",
                "Install the chart: helm install tickwork charts/tickwork",
            )
        case 404:
            raise GoneError(f"{doing} in {namespace}: {said}", "tickwork list shows what is there.")
        case 409:
            raise TakenError(f"{doing} in {namespace} was refused: {said}", "Try again.")
        case 422 | 400:
            raise errors.InputError(f"{doing} in {namespace} was refused: {said}")
        case 0 | 429 | 500 | 502 | 503 | 504:
            raise BusyError(f"{doing} in {namespace}: {said}", "Try again.")
        case _:
            raise errors.RunError(f"{doing} in {namespace}: {said}", "Try again.")


def _is_status(error: exceptions.ApiException) -> bool:
    """Says whether the server answered with a Status object, which names what is missing."""
    try:
        return bool(json.loads(error.body or "")["kind"] == "Status")
    except (TypeError, ValueError, KeyError):
        return False


def _message(error: exceptions.ApiException) -> str:
    """Returns the message of the server's Status object, or what came instead."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or error)
