import tickwork_native
from tickwork_services.telemetry import metrics

LABELS = {"group": "pipeline", "unit": "book", "arm": "main"}


def test_names_are_snake_case():
    assert metrics.metric_name("framesDropped") == "tickwork_frames_dropped"
    assert metrics.metric_name("unparsed.badNumber") == "tickwork_unparsed_bad_number"


def test_a_counter_is_one_family_with_its_components_as_labels():
    counters = {"book": {"gaps": 3}, "publisher": {"gaps": 4, "sent": 5}}
    page = metrics.render(counters, [], LABELS).decode()
    assert page.count("# TYPE tickwork_gaps_total counter") == 1
    common = 'arm="main",component="book",group="pipeline",unit="book"'
    assert f"tickwork_gaps_total{{{common}}} 3.0" in page
    assert "tickwork_sent_total" in page


def test_hops_are_histograms_without_instrument_labels():
    histogram = tickwork_native.Histogram("parse")
    histogram.record(1_500)
    page = metrics.render({}, [histogram], LABELS).decode()
    assert "tickwork_hop" in page
    assert "parse" in page
    assert "instrument" not in page
