import pathlib
import re

import pytest
import synthetic_run
from tickwork_analysis import summary
from tickwork_analysis.report import write

SIZE_MAX = 2_000_000
FIGURES = {
    "hops", "distribution-end-to-end", "distribution-read", "latency-over-time", "rate-over-time",
    "states-over-time", "queues",
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    root = synthetic_run.write_run(tmp_path_factory.mktemp("runs") / "run")
    write.write(summary.summarise(root))
    return root


@pytest.fixture(scope="module")
def text(root: pathlib.Path) -> str:
    return (root / "report.html").read_text(encoding="utf-8")


def test_report_is_one_small_file_that_asks_for_nothing(text: str) -> None:
    assert len(text.encode()) < SIZE_MAX
    assert "default-src 'none'" in text
    page = text.partition('<script type="application/json"')[0]
    assert re.findall(r'(?:src|href)="(?!data:)', page.replace("xlink:href", "")) == []


def test_report_says_verdict_proof_and_what_limits_it(text: str) -> None:
    assert "The book was right at every one of 100 update ids" in text
    assert "Wake-up bound" in text
    assert "gap, closed in 12.5\u00a0ms" in text


def test_every_figure_is_in_the_page_and_in_both_formats(root: pathlib.Path, text: str) -> None:
    assert set(re.findall(r'data-figure="([a-z-]+)"', text)) == FIGURES
    assert {path.stem for path in (root / "figures").glob("*.svg")} == FIGURES
    assert {path.stem for path in (root / "figures").glob("*.png")} == FIGURES
    assert all(p.read_bytes()[:4] == b"\x89PNG" for p in (root / "figures").glob("*.png"))


def test_figures_of_the_page_follow_the_scheme_and_files_do_not(
    root: pathlib.Path, text: str
) -> None:
    drawn = text[text.index("<figure>") : text.rindex("</figure>")]
    assert "var(--accent)" in drawn
    assert not re.search(r'(?:fill|stroke)="#', drawn)
    assert all("var(" not in path.read_text() for path in (root / "figures").glob("*.svg"))


def test_percentiles_have_n_and_interval_or_a_reason(text: str) -> None:
    row = re.search(r'<tr><th scope="row">parse.*?</tr>', text)
    assert row is not None
    assert ">1,400<" in row.group()
    assert "under 10 values beyond" in row.group()


def test_report_elsewhere_leaves_the_run_as_it_is(tmp_path: pathlib.Path) -> None:
    root = synthetic_run.write_run(tmp_path / "run")
    before = sorted(root.rglob("*"))
    path = write.write_to(summary.summarise(root), tmp_path / "elsewhere" / "page.html")
    assert path.stat().st_size > 100_000
    assert sorted(root.rglob("*")) == before
