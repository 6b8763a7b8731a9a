"""The operator's only way to the API server: one shared client, plain JSON, a few verbs.

Here too: what the process finds out from its environment, which is how to log in. Nothing is
retried here; whoever asked knows when to ask again.
"""

import asyncio
import base64
import json
import os
import pathlib
import shutil
import ssl
import tempfile
import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
import yaml

from tickwork import clock, errors
from tickwork_operator import resources, telemetry

REQUESTS_AT_ONCE_MAX = 8
REQUEST_SECONDS_MAX = 15.0
CONNECT_SECONDS_MAX = 5.0
LIST_PAGE_ITEMS = 500

_APPLY = "application/apply-patch+yaml"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_IN_CLUSTER_HOST = "KUBERNETES_SERVICE_HOST"
SERVICE_ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")

Object = dict[str, Any]


class Access(NamedTuple):
    """How to reach the API server: everything that a TLS client needs; files, not contents."""

    server: str
    ca_file: str | None
    certificate_file: str | None
    key_file: str | None
    verify: bool
    authorization: str | None = None


class Login:
    """Finds the way to the API server: a pod's service account, else a kubeconfig.

    ``access()`` may be asked again and again: a token in a file changes while we run. Certificates
    that a kubeconfig holds itself are put into files of our own, as TLS wants them.
    """

    def __init__(self) -> None:
        self._token_file: pathlib.Path | None = None
        self._token: str | None = None
        self._made: pathlib.Path | None = None
        host = os.environ.get(_IN_CLUSTER_HOST)
        try:
            self._access = self._of_pod(host) if host else self._of_file(_kubeconfig())
        except (OSError, KeyError, TypeError, StopIteration, ValueError, yaml.YAMLError) as error:
            raise errors.MissingError(
                f"Looking for the cluster: no way in: {error!r}.",
                "Run in a pod with a service account, or let KUBECONFIG name a file that has a "
                "current context, and a certificate or a token.",
            ) from error

    def access(self) -> Access:
        """Returns how to reach the API server now."""
        token = self._token
        if self._token_file is not None:
            token = self._token_file.read_text(encoding="utf-8").strip()
        return self._access._replace(authorization=f"Bearer {token}" if token else None)

    def _of_pod(self, host: str) -> Access:
        port = os.environ["KUBERNETES_SERVICE_PORT"]
        self._token_file = SERVICE_ACCOUNT / "token"
        self._token_file.stat()
        shown = f"[{host}]" if ":" in host else host
        ca_file = str(SERVICE_ACCOUNT / "ca.crt")
        return Access(f"https://{shown}:{port}", ca_file, None, None, verify=True)

    def _of_file(self, path: pathlib.Path) -> Access:
        whole = yaml.safe_load(path.read_text(encoding="utf-8"))
        context = _named(whole["contexts"], whole["current-context"])["context"]
        server = _named(whole["clusters"], context["cluster"])["cluster"]
        user = _named(whole["users"], context["user"])["user"]
        if "exec" in user or "auth-provider" in user:
            raise ValueError("a plug-in for logging in is not supported")
        self._token = user.get("token")
        if "tokenFile" in user:
            self._token_file = path.parent / user["tokenFile"]
        return Access(
            server["server"].rstrip("/"),
            self._file(path, server, "certificate-authority"),
            self._file(path, user, "client-certificate"),
            self._file(path, user, "client-key"),
            verify=not server.get("insecure-skip-tls-verify", False),
        )

    def _file(self, path: pathlib.Path, where: Object, key: str) -> str | None:
        """Returns the file that ``key`` names, or one with the data that stands there instead."""
        if (data := where.get(f"{key}-data")) is not None:
            made = self._directory() / key
            made.touch(mode=0o600)
            made.write_bytes(base64.b64decode(data))
            return str(made)
        return str(path.parent / where[key]) if key in where else None

    def _directory(self) -> pathlib.Path:
        """Returns a directory of our own, that goes when we go."""
        if self._made is None:
            self._made = pathlib.Path(tempfile.mkdtemp(prefix="tickwork-operator-"))
            weakref.finalize(self, shutil.rmtree, self._made, ignore_errors=True)
        return self._made


def _kubeconfig() -> pathlib.Path:
    named = os.environ.get("KUBECONFIG") or str(pathlib.Path.home() / ".kube" / "config")
    return next(path for path in map(pathlib.Path, named.split(os.pathsep)) if path.is_file())


def _named(entries: list[Object], name: str) -> Object:
    return next(each for each in entries if each["name"] == name)


def read_options(path: pathlib.Path) -> str:
    """Returns the text of the operator's options; raises InputError where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise errors.InputError(
            f"Reading the operator's options: {error}.", "Name another file by --options."
        ) from error


def _tls(access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=access.ca_file)
    if not access.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if access.certificate_file is not None:
        context.load_cert_chain(access.certificate_file, access.key_file)
    return context


class Cluster:
    """The API server, as the operator uses it; every method raises ClusterError.

    At most ``REQUESTS_AT_ONCE_MAX`` requests are under way at once; the others wait.
    """

    def __init__(self, login: Login, metrics: telemetry.Metrics) -> None:
        self._login = login
        self._metrics = metrics
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE_MAX)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def is_served(self, resource: resources.Resource) -> bool:
        """Says whether the API server knows ``resource``: whether the CRD is installed."""
        root = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"
        try:
            found = await self.request("GET", root, {})
        except errors.ClusterError as error:
            if error.status == 404:
                return False
            raise
        return any(each["name"] == resource.plural for each in found.get("resources", []))

    async def list_metadata(
        self, resource: resources.Resource, namespace: str | None, selector: str
    ) -> list[Object]:
        """Returns the metadata of every object of a kind that ``selector`` chooses, as it is now.

        The objects have ``kind`` and ``metadata`` only. ``namespace`` None means all of them.
        """
        found: list[Object] = []
        params = {"limit": str(LIST_PAGE_ITEMS)}
        if selector:
            params["labelSelector"] = selector
        while True:
            page = await self.request(
                "GET", resource.path(namespace), params, accept=_METADATA_ONLY
            )
            for item in page["items"] or ():
                item["metadata"].pop("managedFields", None)
                found.append({**item, "apiVersion": resource.api_version, "kind": resource.kind})
            following = page["metadata"].get("continue")
            if not following:
                return found
            params["continue"] = following

    async def create(self, body: Object) -> Object:
        """Creates ``body``; fails with AlreadyExists rather than touch what has its name."""
        resource, namespace, _ = _place(body)
        params = {"fieldManager": resources.FIELD_MANAGER}
        return await self._object("POST", resource.path(namespace), params, body)

    async def apply(self, body: Object, uid: str, subresource: str = "") -> Object:
        """Applies ``body`` to the object that has ``uid``; a Conflict where another has its name.

        Server-side apply: fields that this operator had applied and ``body`` lacks are removed,
        fields of others stay.
        """
        resource, namespace, name = _place(body)
        sent = {**body, "metadata": {**body["metadata"], "uid": uid}}
        params = {"fieldManager": resources.FIELD_MANAGER, "force": "true"}
        path = resource.path(namespace, name, subresource)
        return await self._object("PATCH", path, params, sent, content=_APPLY)

    async def apply_status(self, experiment: Object, status: Object) -> Object:
        """Applies the fields of ``status`` to ``experiment`` and to no successor of its name."""
        metadata = experiment["metadata"]
        body = {
            "apiVersion": resources.EXPERIMENTS.api_version,
            "kind": resources.EXPERIMENT,
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
            "status": status,
        }
        return await self.apply(body, metadata["uid"], "status")

    async def read(self, kind: str, namespace: str, name: str) -> Object:
        """Returns one object as it is now."""
        path = resources.KINDS[kind].path(namespace, name)
        return await self._object("GET", path, {}, None)

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> Object:
        """Deletes the object that has ``uid``, what it owns in the background.

        Returns the object where it takes time to go (its ``deletionTimestamp`` is set), else a
        ``Status``.
        """
        path = resources.KINDS[kind].path(namespace, name)
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        return await self._object("DELETE", path, {}, body)

    async def _object(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: Object | None,
        content: str = "application/json",
    ) -> Object:
        found = await self.request(method, path, params, body, content=content)
        found.get("metadata", {}).pop("managedFields", None)
        return found

    async def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: Object | None = None,
        *,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        """Makes one request, the door that all of them go through; returns the parsed answer."""
        headers = {"Accept": accept, "Content-Type": content}
        async with self._slots:
            began = clock.now_mono_ns()
            try:
                return await self._ask(method, path, params, body, headers)
            except errors.ClusterError as error:
                self._metrics.count_error(_sort(error))
                raise
            finally:
                self._metrics.observe_request(method, clock.now_mono_ns() - began)

    async def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: Object | None,
        headers: dict[str, str],
    ) -> Object:
        doing = f"{method} {path}"
        access = self._login.access()
        if access.authorization is not None:
            headers["Authorization"] = access.authorization
        data = None if body is None else json.dumps(body, separators=(",", ":"))
        try:
            async with self._opened(access).request(
                method, access.server + path, params=params, data=data, headers=headers
            ) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            what = "Timeout" if isinstance(error, TimeoutError) else "Unreachable"
            raise errors.ClusterError(doing, 0, what, str(error) or repr(error)) from error
        return _parsed(doing, answer.status, text)

    def _opened(self, access: Access) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=_tls(access), limit=REQUESTS_AT_ONCE_MAX),
                timeout=aiohttp.ClientTimeout(
                    total=REQUEST_SECONDS_MAX, sock_connect=CONNECT_SECONDS_MAX
                ),
            )
        return self._session


def _place(body: Object) -> tuple[resources.Resource, str, str]:
    metadata = body["metadata"]
    return resources.KINDS[body["kind"]], metadata["namespace"], metadata["name"]


def _parsed(doing: str, status: int, text: str) -> Object:
    """Returns the object that the API answered, or raises what it said instead."""
    try:
        found: Any = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise errors.ClusterError(doing, status, "NotJson", text[:200])
    if status >= 400:
        reason, detail = str(found.get("reason", "")), str(found.get("message", text[:200]))
        for cause in (found.get("details") or {}).get("causes") or []:
            if cause.get("reason") == "NamespaceTerminating":
                reason = "NamespaceTerminating"
        raise errors.ClusterError(doing, status, reason, detail)
    return found


def _sort(error: errors.ClusterError) -> str:
    """Returns the word under which metrics count ``error``."""
    if error.status == 0:
        return "timeout" if error.reason == "Timeout" else "unreachable"
    words = {409: "conflict", 403: "forbidden", 422: "invalid", 413: "invalid", 400: "invalid"}
    return words.get(error.status, "unreachable" if error.status >= 500 else "other")
