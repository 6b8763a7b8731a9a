"""What a real Prometheus finds of a real run on this machine."""

import re
import time

import pytest

from monitoring import conftest, expressions, local_run, prometheus

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(240)]

# The demo records nothing, replays nothing, and its only tcp outlet is the publisher's own.
NOT_IN_A_DEMO = re.compile(
    r"tickwork_(recorder_.*|venue_twin_(not_asked|unread|replay_gaps)_total"
    r"|link_(late|lost|refused|dropped)_total|link_clients\w*)"
)
SUFFIXES = re.compile(r"_(bucket|sum|count)$")


def exposed(observed) -> dict[str, str]:
    """Returns the families that the run's units showed, with their types."""
    told = observed.server.ask("metadata", {})
    return {name: kinds[0]["type"] for name, kinds in told.items() if name.startswith("tickwork_")}


def test_every_unit_was_scraped(observed):
    up = observed.series('sum(up{job="tickwork-units"})')
    assert max(float(value) for _, value in up[0]["values"]) == local_run.UNITS


def test_what_is_exposed_is_what_the_page_lists(observed):
    names = {
        SUFFIXES.sub("", each)
        for each in observed.server.ask("label/__name__/values", {})
        if each.startswith("tickwork_")
    }
    listed = expressions.types("unit")
    assert names - set(listed) == set()
    missing = {name for name in set(listed) - names if not NOT_IN_A_DEMO.fullmatch(name)}
    assert missing == set()


def test_types_and_descriptions_are_those_of_the_page(observed):
    listed = expressions.types("unit")
    families = exposed(observed)
    assert families
    for name, kind in families.items():
        assert listed[name] == kind, name
    told = observed.server.ask("metadata", {})
    undescribed = [name for name in families if "does not describe" in told[name][0]["help"]]
    assert undescribed == []


def test_what_the_operator_exposes_is_what_the_page_lists(operated):
    named = {
        # OpenMetrics, which the client library speaks where it is asked, names the family.
        f"{name.removesuffix('_total')}_total" if kind == "counter" else name: kind
        for name, kind in exposed(operated).items()
    }
    assert named == expressions.types("operator")


def test_every_series_says_of_which_run_and_unit_it_is(observed):
    for series in observed.server.ask("series", {"match[]": '{__name__=~"tickwork_.+"}'}):
        assert set(series) >= expressions.UNIT_LABELS, series
        assert series["experiment"] == "demo"
        assert series["run"] == observed.directory.name


def test_percentiles_are_within_a_bucket_of_the_results(observed):
    """Prometheus interpolates inside a wide bucket, and warm-up is in its counts."""
    for row in observed.results["hops"]:
        if "." in row["name"]:
            # A hop of the consumer over TCP, told apart by its unit.
            continue
        buckets = f'tickwork_hop_seconds_bucket{{hop="{row["name"]}",unit!="tcp"}}'
        expression = f"histogram_quantile(0.5, sum by (le) ({buckets}))"
        last = observed.series(expression)[0]["values"][-1]
        assert 0.3 < float(last[1]) * 1e9 / row["p50Ns"] < 3, row["name"]


def test_counters_end_near_those_of_the_run_directory(observed):
    """The last scrape is a second and a bit before the end, more where the machine is busy."""
    expression = "sum(last_over_time(tickwork_consumer_received_total[1m]))"
    last = observed.series(expression)[0]["values"][-1]
    counted = observed.results["counters"]
    total = counted["shm.received"] + counted["tcp.received"]
    assert 0.5 * total < float(last[1]) <= total


def test_a_short_run_that_is_held_is_scraped_to_its_last_record(tmp_path):
    """The series end in the very counts that the run directory has."""
    if prometheus.find("prometheus") is None:
        pytest.skip(conftest.MISSING)
    short = ("durationSeconds=3", "pipeline.venue.twin.faults=[]", "holdSeconds=90")
    began = time.monotonic()
    with local_run.observe(tmp_path, *short) as seen:
        took = time.monotonic() - began
        expression = "sum by (unit) (last_over_time(tickwork_consumer_received_total[1m]))"
        ends = {
            each["metric"]["unit"]: float(each["values"][-1][1]) for each in seen.series(expression)
        }
        counted = seen.results["counters"]
        assert ends == {name: counted[f"{name}.received"] for name in ("shm", "tcp")}
    assert took < 90, "the hold ends with the scrape"
