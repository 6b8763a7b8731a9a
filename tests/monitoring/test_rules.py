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


@pytest.mark.parametrize("name", ALERTS)
def test_alerts_name_metrics_that_exist(name):
    unknown = expressions.metrics_of(ALERTS[name]["expr"]) - expressions.listed() - {"up"}
    assert unknown == set()


@pytest.mark.parametrize("name", [each for each in ALERTS if "Operator" not in each])
def test_what_alerts_compare_has_data_in_a_run(observed, name):
    """The part before the last comparison finds series, though the alert itself is silent."""
    expression = ALERTS[name]["expr"]
    if expressions.is_of_the_operator(expression):
        pytest.skip("no operator runs beside a local run: the cluster's test asks it")
    measured = re.split(r"\s(?:==|!=|>|<)\s", expression)[0]
    assert observed.series(expressions.with_window(measured)) != [], measured
