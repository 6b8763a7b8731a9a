"""Runs that are short, old, empty, interrupted, or of many arms: each has a report."""

import json
import pathlib
import re

import pytest
import synthetic_run
from tickwork_analysis import summary
from tickwork_analysis.report import write

EMPTY_LOG = "#[StartTime: 1700000000.000 (seconds since epoch)]\n"


def _report(root: pathlib.Path) -> str:
    return write.write(summary.summarise(root)).read_text(encoding="utf-8")


def _shorten(root: pathlib.Path, seconds: int) -> None:
    """Lets every unit stop after ``seconds``."""
    stop_ns = (synthetic_run.START_UNIX_S + seconds) * 10**9
    for path in root.rglob("counters.json"):
        state = json.loads(path.read_text())
        state["measured"]["stopUnixNs"] = stop_ns
        path.write_text(json.dumps(state))


def test_one_short_block_says_why_it_has_no_interval(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    _shorten(root, 5)
    text = _report(root)
    assert "under 10 s measured" in text
    assert "no interval" in text


def test_run_of_an_older_build_has_no_series_and_says_it(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    for path in root.rglob("series.ndjson"):
        path.unlink()
    for path in root.rglob("counters.json"):
        state = json.loads(path.read_text())
        del state["histograms"], state["host"]
        path.write_text(json.dumps(state))
    text = _report(root)
    assert "it has no series.ndjson" in text
    assert "not said by any unit" in text
    assert "what followed" not in text


@pytest.mark.parametrize("empty", ["histograms", "files"])
def test_empty_histograms_give_a_report_without_curves(tmp_path: pathlib.Path, empty: str) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    for path in root.rglob("hops.hlog"):
        if empty == "histograms":
            path.write_text(EMPTY_LOG)
        else:
            path.unlink()
    text = _report(root)
    assert "No unit recorded a hop." in text
    assert "No reader recorded a latency." in text
    assert "The book was right at every one of 100 update ids" in text


def test_interrupted_run_is_reported_until_then(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    (root / "conductor.json").unlink()
    text = _report(root)
    assert "Interrupted; until then" in text
    assert 'class="verdict bad"' in text


def test_unit_that_left_nothing_is_no_reason_for_no_report(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    for unit in ("shm", "tcp", "book"):
        for path in root.glob(f"blocks/*/*/{unit}/*"):
            path.unlink()
    text = _report(root)
    assert "Nothing could be proven" in text
    assert "No reader recorded a latency." in text


def test_report_of_one_arm_only_says_nothing_of_arms(tmp_path: pathlib.Path) -> None:
    assert 'id="arms"' not in _report(synthetic_run.write_run(tmp_path / "run"))


@pytest.mark.parametrize(
    ("repeats", "words"), [(10, "95 % interval"), (3, "under ten repeats, so no interval is given")]
)
def test_arms_state_their_difference_with_its_interval_or_say_why_not(
    tmp_path: pathlib.Path, repeats: int, words: str
) -> None:
    blocks = tuple(
        synthetic_run.Block(index=2 * repeat + place, arm=arm, factor=1 + place)
        for repeat in range(repeats)
        for place, arm in enumerate(("fused", "split"))
    )
    root = synthetic_run.write_run(tmp_path / "run", blocks)
    text = _report(root)
    head = text.partition("</header>")[0]
    said = "End to end, split was 1\\.0[0-9]\u00a0µs slower than fused in the median"
    assert re.search(said, head)
    assert words in head
    assert (root / "figures" / "arms.svg").is_file()
    assert len(text.encode()) < 2_000_000


def test_names_of_a_manifest_cannot_become_markup(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    plan = json.loads((root / "plan.json").read_text()) | {
        "experiment": "<script>alert(1)</script>"
    }
    (root / "plan.json").write_text(json.dumps(plan))
    text = _report(root)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
