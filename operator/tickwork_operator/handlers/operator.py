"""The whole operator, put together: kopf watches, workers look, one task keeps the deadlines."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import kopf

from tickwork import clock, errors
from tickwork_operator import cluster, resources, telemetry
from tickwork_operator.handlers import audit as audits
from tickwork_operator.handlers import health, queue, refusals, watching
from tickwork_operator.handlers import reconcile as reconciling
from tickwork_operator.handlers import view as views
from tickwork_operator.handlers.means import Means
from tickwork_operator.objects.options import Options

WORKERS = 4
CRD_WAIT_SECONDS = 3.0


class Operator:
    """One process of the operator; ``run`` returns when it is told to end."""

    def __init__(self, options: Options, metrics: telemetry.Metrics, logger: Any) -> None:
        self._login = cluster.Login()
        waiting = queue.Queue(metrics)
        self._means = Means(
            api=cluster.Cluster(self._login, metrics),
            view=views.View(metrics),
            waiting=waiting,
            deadlines=queue.Deadlines(waiting, clock.now_unix_ns, metrics),
            options=options,
            metrics=metrics,
            logger=logger,
        )
        self._options, self._logger = options, logger
        self._audit = audits.Audit(self._means, clock.now_mono_ns)
        self._reconciler = reconciling.Reconciler(self._means, clock.now_unix_ns)

    async def run(self) -> None:
        """Works until SIGTERM or SIGINT; raises what ended it otherwise."""
        self._means.metrics.show_experiments(self._sightings)
        self._means.metrics.serve(self._options.metrics_port)
        probes = health.application(self._audit.mute, self._audit.blind)
        runner = await health.serve(probes, self._options.health_port)
        try:
            await self._wait_for_resource()
            await self._work()
        finally:
            await runner.cleanup()
            await self._means.api.close()

    async def _wait_for_resource(self) -> None:
        """Waits until the CRD is there: kopf looks once, at its start."""
        while not await self._is_served():
            self._logger.warning(
                "waiting for the custom resource",
                remedy=f"Install the CRD {resources.EXPERIMENTS.plural}.{resources.GROUP}.",
            )
            await asyncio.sleep(CRD_WAIT_SECONDS)

    async def _is_served(self) -> bool:
        try:
            return await self._means.api.is_served(resources.EXPERIMENTS)
        except errors.ClusterError as error:
            self._logger.warning("the API server does not answer", error=str(error))
            return False

    async def _work(self) -> None:
        """Runs kopf and the operator's own tasks; the first that ends, ends all."""
        watches = watching.Watches(self._login, self._means, self._reconciler)
        own: list[Coroutine[Any, Any, None]] = [self._audit.run(), self._means.deadlines.run()]
        own += [self._look() for _ in range(WORKERS)]
        tasks = [asyncio.create_task(each) for each in own]
        stop = asyncio.Event()
        for task in tasks:
            task.add_done_callback(lambda _: stop.set())
        names = self._options.namespaces
        self._logger.info("started", namespaces=names or "all")
        try:
            await kopf.operator(
                registry=watches.registry(),
                settings=watching.settings(),
                standalone=True,
                clusterwide=names is None,
                namespaces=names or (),
                stop_flag=stop,
            )
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for each in ended:
            if isinstance(each, Exception):
                raise each
        self._logger.info("ended")

    async def _look(self) -> None:
        """Looks at one Experiment after the other, for ever; after the first audit."""
        await self._audit.first.wait()
        while True:
            uid = await self._means.waiting.take()
            began = clock.now_mono_ns()
            try:
                outcome = await self._reconciler.reconcile(uid)
            finally:
                self._means.waiting.done(uid)
            self._means.metrics.count_reconcile(outcome, clock.now_mono_ns() - began)

    def _sightings(self) -> Iterator[telemetry.Sighting]:
        for body in self._means.view.experiments():
            yield _sighting(body)


def _sighting(body: dict[str, Any]) -> telemetry.Sighting:
    found = body.get("status", {})
    metadata = body["metadata"]
    failed = [each for each in found.get("conditions", ()) if each["type"] == "Failed"]
    return telemetry.Sighting(
        namespace=metadata["namespace"],
        name=metadata["name"],
        kind=found.get("kind", ""),
        phase=found.get("phase", "Pending"),
        reason=failed[0]["reason"] if failed and failed[0]["status"] == "True" else "",
        run=found.get("run", ""),
        created_unix_ns=refusals.unix_ns(metadata["creationTimestamp"]),
        digest=found.get("digest") or {},
    )
