"""The API server as tests ask it: plain JSON, one call at a time."""

import contextlib
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from tickwork_operator import cluster, resources

PATHS = {
    **resources.KINDS,
    "Namespace": resources.Resource("Namespace", "v1", "namespaces", watched=False),
    "Node": resources.Resource("Node", "v1", "nodes", watched=False),
    "ResourceQuota": resources.Resource("ResourceQuota", "v1", "resourcequotas", watched=False),
    "CustomResourceDefinition": resources.Resource(
        "CustomResourceDefinition",
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        watched=False,
    ),
}


# A small cluster whose machine is busy for half a minute is slow, and no failure of what is tested.
ANSWER_SECONDS_MAX = 90


class RefusedError(Exception):
    """The API server said no: ``status``, ``reason`` and its sentence."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body.get('reason')}: {body.get('message')}")
        self.status = status
        self.reason = body.get("reason")
        self.message = body.get("message", "")


class Api:
    """One kubeconfig's API server."""

    def __init__(self):
        self.access = cluster.Login().access()
        self._tls = ssl.create_default_context(cafile=self.access.ca_file)
        if self.access.certificate_file:
            self._tls.load_cert_chain(self.access.certificate_file, self.access.key_file)

    def call(self, method, path, body=None, content="application/json", **query):
        with self._open(method, path, body, content, ANSWER_SECONDS_MAX, query) as answer:
            return json.load(answer)

    def _open(self, method, path, body, content, timeout, query):
        where = f"{self.access.server}{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content, "Accept": "application/json"}
        if self.access.authorization:
            headers["Authorization"] = self.access.authorization
        asked = urllib.request.Request(where, data, headers, method=method)
        try:
            return urllib.request.urlopen(asked, timeout=timeout, context=self._tls)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            try:
                raise RefusedError(error.code, json.loads(text)) from None
            except json.JSONDecodeError:
                raise RefusedError(error.code, {"message": text.decode()}) from None

    def get(self, kind, namespace, name):
        try:
            return self.call("GET", PATHS[kind].path(namespace, name))
        except RefusedError as error:
            if error.status == 404:
                return None
            raise

    def list(self, kind, namespace, **query):
        return self.call("GET", PATHS[kind].path(namespace), **query)["items"]

    def apply(self, body, manager="tests"):
        metadata = body["metadata"]
        path = PATHS[body["kind"]].path(metadata.get("namespace"), metadata["name"])
        content = "application/apply-patch+yaml"
        return self.call("PATCH", path, body, content, fieldManager=manager, force="true")

    def create(self, body):
        return self.call("POST", PATHS[body["kind"]].path(body["metadata"].get("namespace")), body)

    def patch(self, kind, namespace, name, body):
        path = PATHS[kind].path(namespace, name)
        return self.call("PATCH", path, body, "application/merge-patch+json")

    def delete(self, kind, namespace, name, **options):
        with contextlib.suppress(RefusedError):
            return self.call("DELETE", PATHS[kind].path(namespace, name), options or None)


class Witness:
    """Sees every object of a kind that ever was in a namespace, however short its life."""

    def __init__(self, api, kind, namespace):
        self.seen = {}
        self._end = threading.Event()
        listed = api.call("GET", PATHS[kind].path(namespace))
        for item in listed["items"]:
            self.seen[item["metadata"]["uid"]] = item
        self._args = (api, PATHS[kind].path(namespace), listed["metadata"]["resourceVersion"])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        api, path, version = self._args
        while not self._end.is_set():
            query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "60"}
            try:
                with api._open("GET", path, None, "application/json", 70, query) as answer:
                    for line in answer:
                        if self._end.is_set():
                            return
                        told = json.loads(line)["object"]
                        version = told["metadata"]["resourceVersion"]
                        if told["metadata"].get("uid"):
                            self.seen[told["metadata"]["uid"]] = told
            except (OSError, ValueError, KeyError, RefusedError):
                time.sleep(0.3)

    def end(self):
        self._end.set()

    def names(self):
        return sorted(each["metadata"]["name"] for each in self.seen.values())
