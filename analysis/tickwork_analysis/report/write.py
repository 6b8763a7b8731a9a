"""A summary in, ``report.html`` and ``figures/`` out."""

import pathlib

from tickwork import run_directory
from tickwork_analysis import summary
from tickwork_analysis.questions import states
from tickwork_analysis.report import (
    album,
    course,
    flow,
    latency,
    naming,
    opening,
    page,
    proof,
    setting,
)

FOOT = (
    "Percentiles: nearest rank over whole histograms, highest value of the bucket. Intervals are "
    "calibrated at 95 %, not guaranteed. The numbers of this page are in results.json, its figures "
    "in figures/; `tickwork report DIR` makes it again."
)


def write(found: summary.Summary) -> pathlib.Path:
    """Writes the report of ``found`` and its figures into the run directory; returns its path."""
    directory = found.run.directory
    figures = album.Album()
    text = render(found, figures)
    figures.write(directory.figures)
    return replace_text(directory.report, text)


def write_to(found: summary.Summary, path: pathlib.Path) -> pathlib.Path:
    """Writes the report alone to ``path``; the run directory stays as it is."""
    return replace_text(path, render(found, album.Album()))


def render(found: summary.Summary, figures: album.Album) -> str:
    """Returns the report's HTML; its figures are placed into ``figures``."""
    run, told = found.run, found.results
    series = naming.Series(run)
    seen = states.answer(run)
    sections = [
        proof.render(told),
        latency.render_hops(told, series, figures),
        latency.render_distribution(run, told, series, figures),
        latency.render_arms(told.comparisons, figures),
        None if told.comparisons else flow.render_queues(run, told, figures),
        course.render(run, seen, series, figures),
        flow.render_queues(run, told, figures, new_page=True) if told.comparisons else None,
        flow.render_losses(run, told, seen, new_page=not told.comparisons),
        setting.render(run, told),
    ]
    return page.render(
        page.Page(
            title=f"{told.name} · Tickwork",
            head=opening.render(found),
            sections=[each for each in sections if each is not None],
            figures=figures.figures,
            foot=FOOT,
        )
    )


def comparison_path(found: summary.Summary) -> pathlib.Path:
    """Returns where a comparison with ``found`` as B is written."""
    return found.run.directory.root / run_directory.COMPARISON


def replace_text(path: pathlib.Path, text: str) -> pathlib.Path:
    """Writes ``text`` beside ``path`` and renames it, so that nobody sees half; returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path
