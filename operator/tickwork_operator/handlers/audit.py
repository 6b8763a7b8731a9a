"""Lists now and then what the watches should have told, and tells whether they did.

A kopf index keeps what was deleted while a watch was broken, and a watch that is open but silent
looks like a quiet cluster. A listing of names and versions, twice a minute, finds out both; it is
also where the kinds come from that are not watched.
"""

import asyncio
from collections.abc import Callable

from tickwork import errors
from tickwork_operator import cluster, resources
from tickwork_operator.handlers.means import Means

PERIOD_SECONDS = 30.0
PERIOD_AFTER_FAILURE_SECONDS = 3.0
SILENCE_NS_MAX = 75_000_000_000
AGE_NS_MAX = 120_000_000_000

AUDITED = (resources.EXPERIMENTS, *resources.CHILDREN)


class Audit:
    """Compares the view with listings; knows whether the operator sees what happens."""

    def __init__(self, means: Means, now_mono_ns: Callable[[], int]) -> None:
        self._api = means.api
        self._view = means.view
        self._queue = means.waiting
        self._metrics = means.metrics
        self._logger = means.logger
        names = means.options.namespaces
        self._scopes: tuple[str | None, ...] = (None,) if names is None else names
        self._now_mono_ns = now_mono_ns
        self._behind_since: dict[tuple[str, int], int] = {}
        self._tried_ns = now_mono_ns()
        self._done_ns: int | None = None
        self._failure = "the first listing is not over"
        self.first = asyncio.Event()

    async def run(self) -> None:
        """Audits for ever; an API server that does not answer is asked again soon."""
        while True:
            ok = await self.audit()
            await asyncio.sleep(PERIOD_SECONDS if ok else PERIOD_AFTER_FAILURE_SECONDS)

    async def audit(self) -> bool:
        """Compares all kinds once; says whether the API answered."""
        try:
            behind: set[tuple[str, int]] = set()
            for scope in self._scopes:
                for resource in AUDITED:
                    behind |= await self._compare(resource, scope)
        except errors.ClusterError as error:
            self._failure = str(error)
            self._logger.warning("listing failed", error=str(error))
            return False
        finally:
            self._tried_ns = self._now_mono_ns()
        now = self._now_mono_ns()
        self._behind_since = {each: self._behind_since.get(each, now) for each in behind}
        self._metrics.show_silence(self.silence_ns())
        self._done_ns = now
        self.first.set()
        return True

    async def _compare(
        self, resource: resources.Resource, scope: str | None
    ) -> set[tuple[str, int]]:
        selector = "" if resource is resources.EXPERIMENTS else resources.CHILDREN_SELECTOR
        listed = await self._api.list_metadata(resource, scope, selector)
        if resource.kind == "ConfigMap":
            listed = [await self._whole_plan(body) for body in listed]
        found = self._view.compare(resource, scope, listed)
        for uid in found.concerned:
            self._queue.add(uid)
        return found.behind

    async def _whole_plan(self, body: cluster.Object) -> cluster.Object:
        """Returns the whole ConfigMap where it holds a Plan that is not known yet."""
        metadata = body["metadata"]
        if not resources.is_plan(body) or self._view.knows(metadata["uid"]):
            return body
        try:
            return await self._api.read("ConfigMap", metadata["namespace"], metadata["name"])
        except errors.ClusterError as error:
            if error.status != 404:
                raise
            return body

    def silence_ns(self) -> int:
        """Returns for how long a watch has not brought a change that listings show."""
        since = min(self._behind_since.values(), default=None)
        return 0 if since is None else self._now_mono_ns() - since

    def mute(self) -> str | None:
        """Returns why the process should be started anew, or None."""
        if self.silence_ns() > SILENCE_NS_MAX:
            return f"a watch has been silent for {self.silence_ns() // 1_000_000_000} s"
        if self._now_mono_ns() - self._tried_ns > AGE_NS_MAX:
            return "no listing was tried for two minutes"
        return None

    def blind(self) -> str | None:
        """Returns why the operator does not see the cluster now, or None."""
        if self._done_ns is None or self._now_mono_ns() - self._done_ns > AGE_NS_MAX:
            return self._failure
        return self.mute()
