import pytest
from tickwork_services.telemetry import naming


@pytest.mark.parametrize(
    ("counter", "name", "kind", "scale", "reason"),
    [
        ("framesDropped", "tickwork_venue_twin_frames_dropped", "counter", 1, None),
        ("liveNs", "tickwork_venue_twin_live_seconds", "counter", 1e-9, None),
        ("tcpHighWater", "tickwork_venue_twin_tcp_high_water_bytes", "gauge", 1, None),
        ("openGaps", "tickwork_venue_twin_open_gaps", "gauge", 1, None),
        (
            "unparsed.badNumber",
            "tickwork_venue_twin_unparsed_by_reason",
            "counter",
            1,
            "bad_number",
        ),
    ],
)
def test_a_name_says_who_counts_and_in_which_unit(counter, name, kind, scale, reason):
    metric = naming.metric_of("venue_twin", counter)
    assert (metric.name, metric.kind, metric.scale, metric.reason) == (name, kind, scale, reason)


def test_what_the_catalogue_knows_is_described_and_the_rest_says_that_it_is_not():
    assert naming.metric_of("book", "gaps").help == "Times that a book missed something."
    assert "does not describe" in naming.metric_of("book", "wonders").help


def test_levels():
    levels = ["highWater", "tcpHighWater", "clients", "tcpClients", "openGaps"]
    assert all(naming.is_level(name) for name in levels)
    assert not any(naming.is_level(name) for name in ["clientsCut", "gaps", "tcpClientsServed"])
