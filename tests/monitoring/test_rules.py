"""Alerts: their form, a test that fires for each, and metrics that exist."""

import re
import subprocess

import pytest
import yaml

from monitoring import expressions, local_run, prometheus

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(240)]

TESTS = sorted((local_run.ROOT / "tests/monitoring/rules").glob("*.yaml"))
RULES = yaml.safe_load(local_run.RULES.read_text("utf-8"))
ALERTS = {each["alert"]: each for group in RULES["groups"] for each in group["rules"]}
needs_promtool = pytest.mark.skipif(
    prometheus.find("promtool") is None,
    reason="promtool is not installed: tools/install-prometheus.sh installs it",
)


def promtool(*arguments) -> None:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_takes_the_rules():
    promtool("check", "rules", local_run.RULES)


@needs_promtool
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_every_rule_test_passes(path):
    promtool("test", "rules", path)


def test_every_alert_has_a_test_that_fires_and_one_that_does_not():
    fired, quiet = set(), set()
    for path in TESTS:
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            for each in test["alert_rule_test"]:
                (fired if each.get("exp_alerts") else quiet).add(each["alertname"])
    assert fired == set(ALERTS)
    assert quiet == set(ALERTS)


def test_every_alert_says_how_grave_it_is_and_what_to_do():
    for name, alert in ALERTS.items():
        assert re.fullmatch(r"Tickwork[A-Z]\w+", name)
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert set(alert["annotations"]) == {"summary", "description"}


def test_the_page_lists_every_alert_as_grave_as_it_is():
    page = (local_run.ROOT / "docs/how-to/monitor.md").read_text("utf-8")
    listed = re.findall(r"^\| `(Tickwork\w+)` \| .+ \| (\w+) \|$", page, re.MULTILINE)
    assert dict(listed) == {name: alert["labels"]["severity"] for name, alert in ALERTS.items()}


@pytest.mark.parametrize("name", ALERTS)
def test_alerts_name_metrics_that_exist(name):
    unknown = expressions.metrics_of(ALERTS[name]["expr"]) - expressions.listed() - {"up"}
    assert unknown == set()


def measured(name: str) -> str:
    """Returns what an alert compares: it finds series also while the alert is silent."""
    first = re.split(r"\s(?:==|!=|>|<|unless)\s", ALERTS[name]["expr"])[0]
    return expressions.with_window(first)


def of_runs() -> list[str]:
    return [name for name in ALERTS if not expressions.is_of_the_operator(ALERTS[name]["expr"])]


@pytest.mark.parametrize("name", of_runs())
def test_what_alerts_compare_has_data_in_a_run(observed, name):
    assert observed.series(measured(name)) != []


@pytest.mark.parametrize("name", sorted(set(ALERTS) - set(of_runs())))
def test_what_alerts_compare_has_data_of_an_operator(operated, name):
    assert operated.series(measured(name)) != []


def test_alerts_fire_in_a_real_server(operated):
    """One Experiment failed and one is unequal: the server that loaded the rules says so."""
    alerts = operated.server.ask("alerts", {})["alerts"]
    firing = {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}
    assert {"TickworkExperimentFailed", "TickworkExperimentUnequal"} <= firing


def test_no_alert_fires_in_a_good_run(observed):
    """Faults strike in the demo and are healed: that alone calls nobody."""
    told = observed.series('ALERTS{alertstate="firing",severity="critical"}')
    assert {each["metric"]["alertname"] for each in told} == set()
