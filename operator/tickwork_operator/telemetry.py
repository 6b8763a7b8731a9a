"""Logs and metrics of the operator; its only room for structlog and prometheus_client."""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

import prometheus_client
import prometheus_client.core
import prometheus_client.registry
import structlog

from tickwork import clock, errors

RECONCILE_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
REQUEST_BUCKETS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 15.0)
DIGESTS_SHOWN_MAX = 500
PHASES = (
    "Pending",
    "Suspended",
    "Planned",
    "Starting",
    "Running",
    "Collecting",
    "Complete",
    "Failed",
)
WAITING_PHASES = ("Pending", "Planned", "Starting")
QUIET_LOGGERS = ("kopf", "aiohttp.access", "asyncio")


class Sighting(NamedTuple):
    """What metrics say of one Experiment: where it stands, since when, and its digest."""

    namespace: str
    name: str
    kind: str
    phase: str
    reason: str
    run: str
    created_unix_ns: int
    digest: Mapping[str, Any]


class Metrics:
    """The operator's metrics, in a registry of their own."""

    def __init__(self, version: str) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = prometheus_client.CollectorRegistry()
        make: dict[str, Any] = {"registry": self.registry}
        self._reconciles = prometheus_client.Counter(
            "tickwork_operator_reconciles", "Experiments looked at.", ["outcome"], **make
        )
        self._errors = prometheus_client.Counter(
            "tickwork_operator_errors",
            "Calls of the API and decisions that failed.",
            ["kind"],
            **make,
        )
        self._seconds = prometheus_client.Histogram(
            "tickwork_operator_reconcile_seconds",
            "How long one look at an Experiment took.",
            buckets=RECONCILE_BUCKETS,
            **make,
        )
        self._requests = prometheus_client.Histogram(
            "tickwork_operator_request_seconds",
            "How long calls of the API took.",
            ["method"],
            buckets=REQUEST_BUCKETS,
            **make,
        )
        self._events = prometheus_client.Counter(
            "tickwork_operator_watch_events", "Changes that the watches brought.", ["kind"], **make
        )
        self._missed = prometheus_client.Counter(
            "tickwork_operator_missed_deletions",
            "Objects gone without a word of the watch.",
            **make,
        )
        self._dropped = prometheus_client.Counter(
            "tickwork_operator_warnings_dropped", "Warnings forgotten since too many came.", **make
        )
        self.deadlines = prometheus_client.Gauge(
            "tickwork_operator_deadlines", "Experiments with a deadline ahead.", **make
        )
        self.waiting = prometheus_client.Gauge(
            "tickwork_operator_queue", "Experiments that wait to be looked at.", **make
        )
        self._silence = prometheus_client.Gauge(
            "tickwork_operator_watch_silence_seconds",
            "For how long a watch has not brought a change that a listing shows; 0 while all do.",
            **make,
        )
        prometheus_client.Gauge(
            "tickwork_operator_build_info", "The operator's version.", ["version"], **make
        ).labels(version).set(1)
        for kind in ("conflict", "forbidden", "unreachable", "timeout", "invalid", "other"):
            self._errors.labels(kind)
        for outcome in ("changed", "unchanged", "failed"):
            self._reconciles.labels(outcome)

    def count_reconcile(self, outcome: str, duration_ns: int) -> None:
        """Counts one look at an Experiment; ``outcome`` is changed, unchanged or failed."""
        self._reconciles.labels(outcome).inc()
        self._seconds.observe(duration_ns / 1e9)

    def count_error(self, kind: str) -> None:
        """Counts one failed call or decision."""
        self._errors.labels(kind).inc()

    def count_watch_event(self, kind: str) -> None:
        """Counts one change that a watch brought."""
        self._events.labels(kind).inc()

    def count_missed_deletion(self) -> None:
        """Counts one object whose deletion no watch told."""
        self._missed.inc()

    def count_dropped_warning(self) -> None:
        """Counts one Warning Event forgotten for want of room."""
        self._dropped.inc()

    def observe_request(self, method: str, duration_ns: int) -> None:
        """Records how long one call of the API took."""
        self._requests.labels(method).observe(duration_ns / 1e9)

    def show_silence(self, silence_ns: int) -> None:
        """Sets for how long a watch has been behind what a listing shows."""
        self._silence.set(silence_ns / 1e9)

    def show_experiments(self, sightings: Callable[[], Iterable[Sighting]]) -> None:
        """Exposes what ``sightings`` returns at each scrape."""
        self.registry.register(_Experiments(sightings))

    def serve(self, port: int, address: str = "0.0.0.0") -> None:  # noqa: S104 — scraped from afar
        """Serves ``/metrics``, from a thread; raises PortTakenError."""
        try:
            prometheus_client.start_http_server(port, address, self.registry)
        except OSError as error:
            raise errors.PortTakenError("The operator's metrics", f"{address}:{port}") from error


class _Experiments(prometheus_client.registry.Collector):
    """Experiments by phase, the oldest that waits, and the digests of the newest; at a scrape."""

    def __init__(self, sightings: Callable[[], Iterable[Sighting]]) -> None:
        self._sightings = sightings

    def describe(self) -> Iterable[prometheus_client.core.Metric]:
        return ()

    def collect(self) -> Iterable[prometheus_client.core.Metric]:
        seen = sorted(self._sightings(), key=lambda each: -each.created_unix_ns)
        yield _by_phase(seen)
        yield _oldest_pending(seen, clock.now_unix_ns())
        yield from _digests(seen[:DIGESTS_SHOWN_MAX])


def _gauge(name: str, text: str, labels: Iterable[str] = ()) -> Any:
    return prometheus_client.core.GaugeMetricFamily(name, text, labels=list(labels))


def _by_phase(seen: list[Sighting]) -> prometheus_client.core.Metric:
    made = _gauge("tickwork_operator_experiments", "Experiments by phase.", ["namespace", "phase"])
    for namespace in sorted({each.namespace for each in seen}):
        for phase in PHASES:
            count = sum(1 for each in seen if (each.namespace, each.phase) == (namespace, phase))
            made.add_metric([namespace, phase], count)
    return made  # type: ignore[no-any-return]


def _oldest_pending(seen: list[Sighting], now_unix_ns: int) -> prometheus_client.core.Metric:
    waiting = [each.created_unix_ns for each in seen if each.phase in WAITING_PHASES]
    made = _gauge(
        "tickwork_operator_oldest_pending_seconds", "Age of the oldest that waits to run; 0: none."
    )
    made.add_metric([], max(0, now_unix_ns - min(waiting)) / 1e9 if waiting else 0)
    return made  # type: ignore[no-any-return]


_RUN = ("namespace", "experiment", "run")
_BOOK = {
    "compared": "tickwork_experiment_book_compared",
    "equal": "tickwork_experiment_book_equal",
    "liveShare": "tickwork_experiment_book_live_ratio",
    "openGaps": "tickwork_experiment_book_open_gaps",
}


def _digests(seen: list[Sighting]) -> Iterable[prometheus_client.core.Metric]:
    """What each Experiment's digest says, so that a run nobody scraped is seen all the same."""
    info = _gauge("tickwork_experiment_info", "Always 1.", [*_RUN, "kind", "phase", "reason"])
    latency = _gauge(
        "tickwork_experiment_latency_seconds",
        "Quantiles of each question of the digest.",
        [*_RUN, "question", "arm", "quantile"],
    )
    skew = _gauge("tickwork_experiment_start_skew_seconds", "Achieved skew of the start.", _RUN)
    books = {key: _gauge(name, "Of the digest.", _RUN) for key, name in _BOOK.items()}
    for each in seen:
        run = [each.namespace, each.name, each.run]
        info.add_metric([*run, each.kind, each.phase, each.reason], 1)
        for question in each.digest.get("questions") or ():
            for quantile, key in (("0.5", "p50Ns"), ("0.99", "p99Ns")):
                if isinstance(question.get(key), int | float):
                    names = [str(question.get("name", "")), str(question.get("arm", ""))]
                    latency.add_metric([*run, *names, quantile], question[key] / 1e9)
        for key, made in books.items():
            if isinstance((each.digest.get("book") or {}).get(key), int | float):
                made.add_metric(run, each.digest["book"][key])
        if isinstance(each.digest.get("skewNs"), int | float):
            skew.add_metric(run, each.digest["skewNs"] / 1e9)
    return [info, latency, skew, *books.values()]


def start_logs() -> Any:
    """Sends every log line of the process to stderr as one JSON object; returns a logger.

    Lines of kopf below warning are dropped: it tells of each event, and we tell of each change.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        _stamp,
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return structlog.get_logger("tickwork_operator")


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["at_unix_ns"] = clock.now_unix_ns()
    return event
