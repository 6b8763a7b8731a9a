"""The dashboards: well-formed, stable, about metrics that exist, and as their code says."""

import pathlib
import re
import subprocess

import pytest
from monitoring import boards, expressions

from architecture import tree

PYTHON = tree.ROOT / ".venv-dashboards" / "bin" / "python"
BUILT_IN = {"__rate_interval"}


def ids(path: pathlib.Path) -> str:
    return path.stem


def test_there_is_a_dashboard_for_each_concern() -> None:
    names = {path.stem for path in boards.FILES}
    assert names == {"books", "experiment", "hops", "operator"}


def test_uids_are_unique_and_stable() -> None:
    assert [boards.load(path)["uid"] for path in boards.FILES] == [
        f"tickwork-{path.stem}" for path in boards.FILES
    ]


@pytest.mark.parametrize("path", boards.FILES, ids=ids)
def test_the_data_source_is_a_variable_everywhere(path: pathlib.Path) -> None:
    board = boards.load(path)
    kinds = {each["name"]: each["type"] for each in board["templating"]["list"]}
    assert kinds["datasource"] == "datasource"
    for panel in boards.panels(path):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize("path", boards.FILES, ids=ids)
def test_every_variable_that_is_used_is_there(path: pathlib.Path) -> None:
    board = boards.load(path)
    there = {each["name"] for each in board["templating"]["list"]} | BUILT_IN
    used = set(re.findall(r"\$\{?(\w+)", path.read_text("utf-8"))) - {"__all"}
    assert used <= there


@pytest.mark.parametrize("path", boards.FILES, ids=ids)
def test_panels_have_a_place_a_number_and_a_description(path: pathlib.Path) -> None:
    everything = boards.load(path)["panels"]
    numbers = [panel["id"] for panel in everything]
    assert len(set(numbers)) == len(numbers)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert all(panel["description"].endswith(".") for panel in boards.panels(path))


@pytest.mark.parametrize("path", boards.FILES, ids=ids)
def test_panels_and_variables_name_metrics_that_exist(path: pathlib.Path) -> None:
    queries = [each.expression for each in boards.asked(path)]
    queries += [
        each["query"] for each in boards.load(path)["templating"]["list"] if each["type"] == "query"
    ]
    named = set().union(*(expressions.metrics_of(each) for each in queries))
    assert named - expressions.listed() == set()


def test_no_panel_averages_percentiles() -> None:
    for path in boards.FILES:
        for each in boards.asked(path):
            assert not re.search(r"avg[^(]*\(\s*histogram_quantile|avg.*latency", each.expression)


@pytest.mark.skipif(
    not PYTHON.exists(),
    reason="Grafana's SDK is not installed: make .venv-dashboards installs it",
)
def test_dashboards_are_as_their_code_says() -> None:
    done = subprocess.run(
        [PYTHON, "-m", "dashboards", "--check"],
        cwd=tree.ROOT / "tools",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
