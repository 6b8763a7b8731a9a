import json
import pathlib

import pytest
import synthetic_run
from tickwork_analysis import results, summary

from tickwork import errors

KEYS = {
    "schemaVersion", "kind", "name", "status", "verdict", "book", "hops", "consumers", "lines",
    "losses", "queues", "host", "comparisons", "recordings",
    "restarts", "counters",
}  # fmt: skip


def test_whole_run_is_good_and_its_json_has_the_documented_keys(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    found = summary.summarise(root)
    assert found.verdict.exit_code == 0, found.verdict.text
    document = json.loads(summary.write(found, root).read_text())
    assert set(document) == KEYS
    assert document["status"] == "complete"
    assert document["book"]["compared"] == document["book"]["equal"] == 100
    assert document["book"]["liveShare"] == 0.95
    assert document["book"]["resyncMs"] == {"n": 4, "p50": 12.5, "max": 30.0}
    assert document["losses"] == {
        "scheduled": 2, "injected": 2, "frames": 3, "records": 2, "unparsed": 2, "tcpClientsCut": 1,
        "buffersFull": 0,
    }  # fmt: skip
    assert document["queues"] == [
        {"link": "forwarder.frames", "highWater": 4096, "capacity": 65536}
    ]
    assert document["host"]["limit"] == "wake-up"
    assert document["counters"]["forwarder.restDropped"] == 1
    results.Results.model_validate(document)


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (synthetic_run.Block(wrong=1), 3),
        (synthetic_run.Block(untrue=1), 3),
        (synthetic_run.Block(rows=0), 4),
    ],
)
def test_what_is_unequal_or_unproven_is_no_success(
    tmp_path: pathlib.Path, block: synthetic_run.Block, code: int
) -> None:
    root = synthetic_run.write_run(tmp_path / "run", (block,))
    assert summary.summarise(root).verdict.exit_code == code


def test_interrupted_run_is_read_as_far_as_it_went(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run", status="interrupted")
    found = summary.summarise(root)
    assert found.verdict.exit_code == 130
    assert found.results.status == "interrupted"
    assert found.results.book.compared == 100


def test_run_without_conductor_was_cut_off(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    (root / "conductor.json").unlink()
    assert summary.summarise(root).verdict.exit_code == 130


def test_death_of_a_unit_is_named(tmp_path: pathlib.Path) -> None:
    failure = {"unit": "pipeline/book", "error": "UnitDiedError", "text": "it died"}
    root = synthetic_run.write_run(tmp_path / "run", status="failed", failures=[failure])
    found = summary.summarise(root)
    assert found.verdict.exit_code == 6
    assert "pipeline/book" in found.verdict.text


def test_failure_keeps_its_own_exit_code(tmp_path: pathlib.Path) -> None:
    failure = {"unit": "venue/twin", "error": "PortTakenError", "text": "the port is taken"}
    root = synthetic_run.write_run(
        tmp_path / "run", status="failed", exitCode=5, failures=[failure]
    )
    found = summary.summarise(root)
    assert (found.verdict.exit_code, "port is taken" in found.verdict.text) == (5, True)


def test_half_a_directory_is_one_sentence(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.ResultError, match=r"no plan\.json"):
        summary.summarise(tmp_path)
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(errors.ResultError, match="no counters of any unit"):
        summary.summarise(tmp_path)
    (tmp_path / "plan.json").write_text('{"half":')
    with pytest.raises(errors.ResultError, match="not whole JSON"):
        summary.summarise(tmp_path)
