import io
import pathlib

import rich.console
import synthetic_run
from tickwork_analysis import summary
from tickwork_cli import report_table


def _drawn(root: pathlib.Path, width: int = 120) -> str:
    found = summary.summarise(root)
    out = io.StringIO()
    console = rich.console.Console(file=out, width=width, highlight=False)
    report_table.draw(console, found.results, found.verdict.exit_code)
    return out.getvalue()


def test_summary_says_verdict_proof_hops_consumers_lines_and_losses(tmp_path: pathlib.Path) -> None:
    drawn = _drawn(synthetic_run.write_run(tmp_path / "run"))
    for words in (
        "The book was right at every one of 100 update ids",
        "100 of 100 updates equal",
        "LIVE 95.0% of the time",
        "endToEnd",
        "wake-up bound",
        "3 frames dropped",
        "2 of 2 scheduled faults struck",
    ):
        assert words in drawn
    assert "\x1b" not in drawn
    assert "Arms" not in drawn


def test_arms_are_drawn_with_the_words_that_no_interval_is_given(tmp_path: pathlib.Path) -> None:
    blocks = (synthetic_run.Block(0, "fused"), synthetic_run.Block(1, "split", 2))
    drawn = _drawn(synthetic_run.write_run(tmp_path / "run", blocks))
    assert "Arms" in drawn
    assert "under ten repeats" in drawn
