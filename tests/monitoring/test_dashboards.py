"""Every panel of every dashboard finds data in a real run."""

import pytest

from monitoring import boards

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(240)]


def values_of(observed) -> dict[str, str]:
    """Returns what the variables of a board of runs hold while one looks at the run."""
    chosen = {"experiment": "demo", "run": observed.directory.name, "__rate_interval": "4s"}
    return chosen | dict.fromkeys(("unit", "hop", "instrument"), ".*")


@pytest.mark.parametrize("asked", boards.all_asked(of_the_operator=False), ids=str)
def test_every_expression_finds_data(observed, asked):
    series = observed.series(asked.filled(values_of(observed)))
    assert series != []
    assert any(value != "NaN" for each in series for _, value in each["values"])


@pytest.mark.parametrize("asked", boards.all_asked(of_the_operator=True), ids=str)
def test_every_expression_finds_data_of_an_operator(operated, asked):
    chosen = {"namespace": ".*", "experiment": ".*", "__rate_interval": "4s"}
    series = operated.series(asked.filled(chosen))
    assert series != []
    assert any(value != "NaN" for each in series for _, value in each["values"])


@pytest.mark.parametrize("path", boards.FILES, ids=lambda path: path.stem)
def test_every_variable_of_a_run_finds_values(observed, path):
    for variable in boards.load(path)["templating"]["list"]:
        if variable["type"] != "query" or path.stem == "operator":
            continue
        inner = variable["query"].removeprefix("label_values(").removesuffix(")")
        selector, _, label = inner.rpartition(", ")
        asked = boards.Asked("", "", "", selector, "", "").filled(values_of(observed))
        found = observed.server.ask(f"label/{label}/values", {"match[]": asked})
        assert found != [], variable["name"]
