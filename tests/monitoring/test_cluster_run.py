"""What a real Prometheus finds of a real run on a cluster, and of the operator that ran it."""

import pytest

from monitoring import boards, expressions, local_run, test_rules

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(600)]


def values_of(clustered) -> dict[str, str]:
    chosen = {"run": clustered.directory.name, "__rate_interval": "6s"}
    names = ("experiment", "unit", "hop", "instrument", "namespace")
    return chosen | dict.fromkeys(names, ".*")


def test_every_unit_and_the_operator_were_scraped(clustered):
    units = clustered.series('sum(up{job="tickwork-units"})')
    assert max(float(value) for _, value in units[0]["values"]) == local_run.UNITS
    assert clustered.series('up{job="tickwork-operator"} == 1') != []


def test_units_say_the_run_that_the_operator_says(clustered):
    told = clustered.series('tickwork_experiment_info{phase="Complete"}')
    assert {each["metric"]["run"] for each in told} == {clustered.directory.name}
    units = clustered.series("tickwork_unit_info")
    assert {each["metric"]["run"] for each in units} == {clustered.directory.name}


@pytest.mark.parametrize("asked", boards.all_asked(of_the_operator=False), ids=str)
def test_every_expression_finds_data(clustered, asked):
    series = clustered.series(asked.filled(values_of(clustered)))
    assert any(value != "NaN" for each in series for _, value in each["values"])


@pytest.mark.parametrize("asked", boards.all_asked(of_the_operator=True), ids=str)
def test_every_expression_finds_data_of_the_operator(clustered, asked):
    series = clustered.series(asked.filled(values_of(clustered)))
    assert any(value != "NaN" for each in series for _, value in each["values"])


@pytest.mark.parametrize("name", test_rules.ALERTS)
def test_what_alerts_compare_has_data(clustered, name):
    if name == "TickworkExperimentFailed":
        expression = "tickwork_experiment_info"
    else:
        expression = test_rules.measured(name)
    assert clustered.series(expression) != []


def test_the_digest_is_proven_and_no_grave_alert_fires(clustered):
    compared = clustered.series("tickwork_experiment_book_compared")[0]["values"][-1][1]
    equal = clustered.series("tickwork_experiment_book_equal")[0]["values"][-1][1]
    assert float(compared) == float(equal) > 0
    told = clustered.series('ALERTS{alertstate="firing",severity="critical"}')
    assert {each["metric"]["alertname"] for each in told} == set()


def test_everything_exposed_is_listed(clustered):
    told = clustered.server.ask("metadata", {})
    named = {name.removesuffix("_total") for name in told if name.startswith("tickwork_")}
    listed = {name.removesuffix("_total") for name in expressions.types()}
    assert named - listed == set()
