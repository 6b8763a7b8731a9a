"""A run directory in, its results and verdict out. Writes ``results.json``, nothing else."""

import dataclasses
import json
import pathlib
from typing import cast

from tickwork import errors
from tickwork_analysis import read, results, verdict
from tickwork_analysis.questions import (
    book_proof,
    comparisons,
    consumers,
    hops,
    host,
    lines,
    losses,
    queues,
    recordings,
    restarts,
)


@dataclasses.dataclass(frozen=True)
class Summary:
    """What a run showed and what it is worth."""

    run: read.Run
    results: results.Results
    verdict: verdict.Verdict


def summarise(root: pathlib.Path) -> Summary:
    """Reads the run directory ``root`` and answers every question; raises ResultError."""
    run = read.read_run(root)
    ending = ending_of(run)
    book = book_proof.answer(run)
    lost = losses.answer(run)
    decided = verdict.decide(ending, book, lost)
    return Summary(
        run,
        results.Results(
            kind=run.kind,
            name=run.name,
            status=cast("results.Status", ending.status),
            verdict=decided.text,
            book=book,
            hops=hops.answer(run),
            consumers=consumers.answer(run),
            lines=lines.answer(run),
            losses=lost,
            queues=queues.answer(run),
            host=host.answer(run),
            comparisons=comparisons.answer(run),
            recordings=recordings.answer(run),
            restarts=restarts.answer(run),
            counters=losses.counted(run),
        ),
        decided,
    )


def write(summary: Summary, root: pathlib.Path) -> pathlib.Path:
    """Writes ``results.json`` into ``root``, whole or not at all; returns its path."""
    path = root / "results.json"
    part = path.with_name(path.name + ".part")
    part.write_text(to_json(summary.results) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def to_json(found: results.Results) -> str:
    """Returns results.json's text: camelCase keys in the order of the models."""
    return json.dumps(found.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False)


def ending_of(run: read.Run) -> verdict.Ending:
    """Returns how the run ended, from conductor.json; without one the run was cut off."""
    seen = run.conductor
    if not seen:
        return verdict.Ending(interrupted=True)
    failures = seen.get("failures", [])
    death = errors.UnitDiedError.__name__
    died = (str(each["unit"]) for each in failures if each["error"] == death)
    return verdict.Ending(
        interrupted=seen.get("status") in {"interrupted", "running"},
        died=tuple(dict.fromkeys(died)),
        failures=tuple(str(each["text"]) for each in failures),
        exit_code=seen.get("exitCode") or 0,
    )
