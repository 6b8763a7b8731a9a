"""The operator's own metrics over Experiments that a test makes up, served for a Prometheus.

Run as a program: ``python -m monitoring.operator_metrics PORT``.
"""

import sys
import time

from tickwork_operator import telemetry

from tickwork import clock

DIGEST = {
    "book": {"compared": 1000, "equal": 990, "liveShare": 0.991, "openGaps": 0},
    "questions": [
        {"name": "endToEnd", "arm": "main", "n": 1000, "p50Ns": 410_000, "p99Ns": 5_600_000}
    ],
    "skewNs": 140_000,
}


def sightings() -> list[telemetry.Sighting]:
    """Returns one Experiment that waits, one that is complete and unequal, one that failed."""
    now_unix_ns = clock.now_unix_ns()

    def seen(name: str, phase: str, reason: str, run: str, digest: dict) -> telemetry.Sighting:
        return telemetry.Sighting(
            "lab", name, "pipeline", phase, reason, run, now_unix_ns - 5_000_000_000, digest
        )

    return [
        seen("waiting", "Pending", "Unschedulable", "", {}),
        seen("demo", "Complete", "", "demo-abcde", DIGEST),
        seen("broken", "Failed", "OOMKilled", "broken-abcde", {}),
    ]


def main() -> int:
    """Serves, and counts something every quarter of a second for a minute at most."""
    metrics = telemetry.Metrics("test")
    metrics.show_experiments(sightings)
    metrics.serve(int(sys.argv[1]), "127.0.0.1")
    print("served", flush=True)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for outcome in ("changed", "unchanged", "failed"):
            metrics.count_reconcile(outcome, 3_000_000)
        metrics.count_error("forbidden")
        metrics.count_watch_event("pods")
        metrics.observe_request("PATCH", 4_000_000)
        metrics.deadlines.set(3)
        time.sleep(0.25)
    return 0


if __name__ == "__main__":
    sys.exit(main())
