"""What kopf does here: it watches, and tells the view and the queue. Nothing else.

Event handlers and indexing only. No handler of changes, no timer, no daemon: any of these would
make kopf put marks on objects, or a finalizer, and then a deletion waits for an operator.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import kopf

from tickwork import clock
from tickwork_operator import cluster, resources
from tickwork_operator.handlers import reconcile as reconciling
from tickwork_operator.handlers import refusals
from tickwork_operator.handlers.means import Means

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 30.0
WATCH_SECONDS = 300
EXIT_SECONDS_MAX = 10.0
LIST_PAGE_ITEMS = 500
BACK_OFFS_SECONDS = (0.5, 1.0, 2.0, 4.0)
BACK_OFF_SECONDS_MAX = 5.0

_HIDDEN = frozenset({"managedFields"})


class _ForEver:
    """Delays between tries of a request: growing at first, then the longest one, for ever.

    A watch that gives up would end the operator; an API server that restarts is no reason to.
    """

    def __iter__(self) -> Iterator[float]:
        return itertools.chain(BACK_OFFS_SECONDS, itertools.repeat(BACK_OFF_SECONDS_MAX))


def settings() -> kopf.OperatorSettings:
    """Returns how kopf is to behave: silent on objects, patient with the API server."""
    made = kopf.OperatorSettings()
    made.posting.enabled = False
    made.peering.standalone = True
    made.scanning.disabled = True
    made.process.ultimate_exiting_timeout = EXIT_SECONDS_MAX
    made.persistence.finalizer = f"{resources.GROUP}/finalizer"
    made.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=resources.GROUP)
    made.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=resources.GROUP)
    made.networking.connect_timeout = CONNECT_SECONDS
    made.networking.request_timeout = REQUEST_SECONDS
    made.networking.error_backoffs = _ForEver()
    made.watching.connect_timeout = CONNECT_SECONDS
    made.watching.server_timeout = WATCH_SECONDS
    made.watching.chunk_size = LIST_PAGE_ITEMS
    for child in resources.CHILDREN:
        if child.watched:
            made.watching.label_selectors[_place(child)] = resources.CHILDREN_SELECTOR
    made.watching.field_selectors[_place(resources.EVENTS)] = resources.EVENTS_SELECTOR
    return made


class Watches:
    """The handlers, all of them; each takes note and returns at once."""

    def __init__(
        self, login: cluster.Login, means: Means, reconciler: reconciling.Reconciler
    ) -> None:
        self._login = login
        self._view = means.view
        self._queue = means.waiting
        self._metrics = means.metrics
        self._reconciler = reconciler

    def registry(self) -> kopf.OperatorRegistry:
        """Returns kopf's registry with every handler in it."""
        made = kopf.OperatorRegistry()
        kopf.on.login(registry=made)(self.log_in)
        watched = [resources.EXPERIMENTS, *(each for each in resources.CHILDREN if each.watched)]
        for resource in watched:
            kopf.index(*_place(resource), registry=made, id=resource.plural)(self.index)
        kopf.on.event(*_place(resources.EXPERIMENTS), registry=made)(self.experiment)
        for child in watched[1:]:
            kopf.on.event(*_place(child), registry=made)(self.child)
        kopf.on.event(*_place(resources.EVENTS), registry=made)(self.warning)
        return made

    async def log_in(self, **_: Any) -> kopf.ConnectionInfo:
        """Gives kopf the way to the API server that the operator's own client takes."""
        access = self._login.access()
        scheme, _space, token = (access.authorization or "").partition(" ")
        return kopf.ConnectionInfo(
            server=access.server,
            ca_path=access.ca_file,
            insecure=not access.verify,
            certificate_path=access.certificate_file,
            private_key_path=access.key_file,
            scheme=scheme or None,
            token=token or None,
        )

    async def index(self, body: kopf.Body, **_: Any) -> None:
        """Puts an object into the view, before any handler is called.

        kopf indexes all that there is before it calls the first handler, so no Experiment is
        looked at before its children are known. kopf's own index stays empty: it would keep what
        is gone.
        """
        self._view.see(plain(body), watched=True)

    async def experiment(self, body: kopf.Body, type: str | None, **_: Any) -> None:  # noqa: A002
        """Made, resumed, changed or gone: one handler for all."""
        self._metrics.count_watch_event(resources.EXPERIMENT)
        uid = body["metadata"]["uid"]
        if type == "DELETED":
            self._reconciler.drop(uid)
        elif self._reconciler.is_news(uid):
            self._queue.add(uid)

    async def child(self, body: kopf.Body, type: str | None, **_: Any) -> None:  # noqa: A002
        """A child changed or is gone: its Experiment is looked at."""
        found = plain(body)
        self._metrics.count_watch_event(found["kind"])
        owner = self._view.owner_of(found)
        if type == "DELETED":
            self._view.forget(found["metadata"]["uid"])
        if owner is not None:
            self._queue.add(owner)

    async def warning(self, body: kopf.Body, type: str | None, **_: Any) -> None:  # noqa: A002
        """A Warning Event: noted if it is about a child of ours, or about one to come."""
        about = dict(body["involvedObject"])
        if type == "DELETED" or about.get("kind") not in resources.KINDS or "uid" not in about:
            return
        self._view.warn(about["uid"], refusals.warning(dict(body), clock.now_unix_ns()))
        owner = self._view.owner_of_uid(about["uid"])
        if owner is not None:
            self._queue.add(owner)


def plain(body: kopf.Body) -> dict[str, Any]:
    """Returns ``body`` as plain values, without what only the API server cares for."""
    found: dict[str, Any] = {key: body[key] for key in body}
    found["metadata"] = {
        key: value for key, value in dict(found["metadata"]).items() if key not in _HIDDEN
    }
    return found


def _place(resource: resources.Resource) -> tuple[str, str, str]:
    return resource.group, resource.version, resource.plural
