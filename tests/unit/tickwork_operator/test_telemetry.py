"""Names and values of the operator's metrics."""

import prometheus_client
import pytest
from tickwork_operator import telemetry

from tickwork import clock, errors


def sighting(**more):
    base = {
        "namespace": "lab",
        "name": "demo",
        "kind": "pipeline",
        "phase": "Complete",
        "reason": "",
        "run": "demo-x",
        "created_unix_ns": 5,
        "digest": {},
    }
    return telemetry.Sighting(**{**base, **more})


def shown(*sightings):
    metrics = telemetry.Metrics("1.2")
    metrics.show_experiments(lambda: iter(sightings))
    return prometheus_client.generate_latest(metrics.registry).decode()


def test_phases_are_all_there_with_their_counts():
    text = shown(sighting(), sighting(name="b", phase="Running"))
    for phase in telemetry.PHASES:
        count = {"Complete": 1.0, "Running": 1.0}.get(phase, 0.0)
        assert f'experiments{{namespace="lab",phase="{phase}"}} {count}' in text
    assert 'tickwork_operator_build_info{version="1.2"} 1.0' in text
    assert 'tickwork_operator_errors_total{kind="forbidden"} 0.0' in text


def test_oldest_that_waits():
    created = clock.now_unix_ns() - 60_000_000_000
    text = shown(sighting(phase="Starting", created_unix_ns=created), sighting())
    found = [line for line in text.split("\n") if line.startswith("tickwork_operator_oldest")]
    assert 59 < float(found[0].split(" ")[1]) < 70
    assert "tickwork_operator_oldest_pending_seconds 0.0" in shown(sighting())


def test_digest_is_shown_and_what_it_lacks_is_absent():
    digest = {
        "questions": [{"name": "parse", "arm": "main", "p50Ns": 2000, "p99Ns": None}],
        "book": {"compared": 7, "liveShare": 0.5},
        "skewNs": 1_000_000,
    }
    text = shown(sighting(digest=digest))
    labels = 'experiment="demo",namespace="lab"'
    assert (
        f'latency_seconds{{arm="main",{labels},quantile="0.5",question="parse",run="demo-x"}} 2e-06'
        in text
    )
    assert 'quantile="0.99"' not in text
    assert f'book_compared{{{labels},run="demo-x"}} 7.0' in text
    assert "book_equal{" not in text
    assert f'start_skew_seconds{{{labels},run="demo-x"}} 0.001' in text


def test_port_that_is_taken_is_a_sentence():
    first, second = telemetry.Metrics("1"), telemetry.Metrics("1")
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", first.registry)
    try:
        with pytest.raises(errors.PortTakenError, match="metrics cannot listen"):
            second.serve(server.server_port, "127.0.0.1")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
