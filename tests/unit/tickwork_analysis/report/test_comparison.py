import json
import pathlib

import pytest
import synthetic_run
from tickwork_analysis import summary
from tickwork_analysis.report import comparison


def _run(root: pathlib.Path, factor: int = 1, **host: object) -> summary.Summary:
    synthetic_run.write_run(root, (synthetic_run.Block(factor=factor),))
    for path in root.glob("blocks/*/*/*/counters.json"):
        state = json.loads(path.read_text())
        state["host"] |= {"kernel": "6.1", "wait": "park"} | host
        path.write_text(json.dumps(state))
    return summary.summarise(root)


def test_like_runs_may_be_compared_and_a_difference_has_its_interval(
    tmp_path: pathlib.Path,
) -> None:
    pair = comparison.compare(_run(tmp_path / "a"), _run(tmp_path / "b", factor=2))
    assert pair.obstacles == []
    assert pair.verdict.startswith("These runs may be compared")
    parse = next(each for each in pair.differences if each.hop == "parse")
    assert parse.low_ns is not None
    assert parse.high_ns is not None
    assert parse.low_ns <= parse.theirs.p50_ns - parse.ours.p50_ns <= parse.high_ns
    assert "slower (95\u00a0% interval".replace("\u00a0", " ") in comparison.sentence(parse)


def test_equal_runs_show_no_difference(tmp_path: pathlib.Path) -> None:
    pair = comparison.compare(_run(tmp_path / "a"), _run(tmp_path / "b"))
    assert all("no difference could be shown" in comparison.sentence(r) for r in pair.differences)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ({"kernel": "6.2"}, "kernel (6.1 and 6.2)"),
        ({"build": "debug"}, "build"),
        ({"cpus": 8}, "CPUs"),
    ],
)
def test_other_machine_or_build_forbids_it(
    tmp_path: pathlib.Path, host: dict[str, object], named: str
) -> None:
    pair = comparison.compare(_run(tmp_path / "a"), _run(tmp_path / "b", **host))
    assert "may not be compared" in pair.verdict
    assert named in pair.verdict
    assert named.partition(" ")[0] in comparison.render(pair)


def test_settings_that_differ_are_listed(tmp_path: pathlib.Path) -> None:
    ours = _run(tmp_path / "a")
    other = _run(tmp_path / "b")
    plan = json.loads((tmp_path / "b" / "plan.json").read_text()) | {"seed": 7}
    (tmp_path / "b" / "plan.json").write_text(json.dumps(plan))
    pair = comparison.compare(ours, summary.summarise(tmp_path / "b"))
    assert other.results.name == "small"
    assert [(each.name, each.ours, each.theirs) for each in pair.changes] == [
        ("seed", "absent", "7")
    ]
