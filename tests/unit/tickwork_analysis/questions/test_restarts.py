import dataclasses

import synthetic_run
from tickwork_analysis import read, results, summary
from tickwork_analysis.questions import restarts

BLOCK = {"label": "000-main", "startUnixNs": 5_000_000_000}


def test_a_unit_that_came_back_is_named_in_the_results(tmp_path) -> None:
    back = {
        "unit": "pipeline/book",
        "incarnation": 2,
        "label": "000-main",
        "atUnixNs": 8_250_999_999,
    }
    root = synthetic_run.write_run(tmp_path / "run")
    seen = {"blocks": [BLOCK], "restarts": [back]}
    run = dataclasses.replace(read.read_run(root), conductor=seen)
    expected = results.Restart(unit="pipeline/book", incarnation=2, block="000-main", at_ms=3250)
    assert restarts.answer(run) == (expected,)


def test_no_unit_died_means_no_row(tmp_path) -> None:
    found = summary.summarise(synthetic_run.write_run(tmp_path / "run"))
    assert found.results.restarts == ()
