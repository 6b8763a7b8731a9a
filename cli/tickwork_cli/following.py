"""``tickwork run FILE --cluster``: the same Experiment on a cluster, followed to its end."""

import argparse
import contextlib
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tickwork import clock, errors, run_directory
from tickwork.kinds import compiler
from tickwork.manifest.envelope import Experiment
from tickwork_cli import cluster, far, fetching, report_table, wings

FINAL_PHASES = ("Complete", "Failed")
# What of a run's phases has nothing that another would lose by its deletion.
IDLE_PHASES = ("Pending", "Suspended")
REPLACE_SECONDS = 60
INTERRUPTED = 130
# An API server that is started anew, or moves to another node, is back within this.
AWAY_SECONDS = 60
_AGAIN_NS = 2_000_000_000
Say = Callable[[str], None]


def perform(options: argparse.Namespace) -> int:
    """Creates the Experiment on the cluster, follows it, fetches its run; returns the exit code."""
    experiment = compiler.load_file(options.file, options.sets)
    plan = compiler.compile_experiment(experiment)
    on = cluster.Cluster(options.context, options.namespace)
    console = report_table.make_console(to_stderr=options.json)
    is_followed = not (options.detach or plan.is_provider)
    try:
        return _run(on, experiment, options, console, is_followed=is_followed)
    except KeyboardInterrupt as ended:
        if not ended.args:
            raise
        for line in ended.args:
            _say_on(console)(line)
        return INTERRUPTED


def _say_on(console: Any) -> Say:
    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    return say


def _run(
    on: cluster.Cluster,
    experiment: Experiment,
    options: argparse.Namespace,
    console: Any,
    *,
    is_followed: bool,
) -> int:
    name, say = experiment.name, _say_on(console)
    made = _create(on, experiment, say, replace=options.replace)
    say(f"{name}: created in namespace {on.namespace}")
    if not is_followed:
        say(f"  follow  kubectl get exp {name} -n {on.namespace} -w")
        return 0
    try:
        with _if_interrupted(
            f"interrupted: {name} goes on in the cluster",
            f"  end it    kubectl delete exp {name} -n {on.namespace}",
            f"  results   tickwork fetch {name} -n {on.namespace}",
        ):
            ended = _follow(on, name, made["metadata"]["uid"], say)
    except cluster.GoneError:
        raise
    except errors.TickworkError as error:
        error.remedy = f"{error.remedy} {_left(on, name)}".strip()
        raise
    return _conclude(on, name, ended, options, console)


@contextlib.contextmanager
def _if_interrupted(*lines: str) -> Iterator[None]:
    """Gives a Ctrl-C the ``lines`` that say what was done and what goes on."""
    try:
        yield
    except KeyboardInterrupt as ended:
        raise KeyboardInterrupt(*lines) from ended


def _create(
    on: cluster.Cluster, experiment: Experiment, say: Say, *, replace: bool
) -> Mapping[str, Any]:
    """Creates the Experiment; one of its name that is over makes room where that was asked for."""
    try:
        found = on.get(experiment.name)
    except cluster.GoneError:
        return _make(on, experiment)
    phase = _phase(found)
    if not replace:
        raise errors.InputError(
            f"Experiment {experiment.name} is in namespace {on.namespace} already ({phase}).",
            "Replace it: --replace. Or give this one another name in its metadata.",
        )
    if not (is_over(found) or phase in IDLE_PHASES or "deletionTimestamp" in found["metadata"]):
        raise errors.InputError(
            f"Experiment {experiment.name} in namespace {on.namespace} still goes on "
            f"({describe(found)}): --replace ends no run.",
            f"Wait for it, or end it: kubectl delete exp {experiment.name} -n {on.namespace}",
        )
    with _if_interrupted(
        f"interrupted: the {experiment.name} before ({phase}) is being deleted, "
        "and none was created in its place"
    ):
        with contextlib.suppress(cluster.GoneError):
            on.delete(found)
        on.wait_gone(experiment.name, REPLACE_SECONDS)
        say(f"{experiment.name}: the one before ({phase}) was deleted")
    return _make(on, experiment)


def _make(on: cluster.Cluster, experiment: Experiment) -> Mapping[str, Any]:
    name = experiment.name
    with _if_interrupted(
        f"interrupted: {name} may have been created; if so, it goes on in the cluster",
        f"  look      kubectl get exp {name} -n {on.namespace}",
        f"  end it    kubectl delete exp {name} -n {on.namespace}",
    ):
        return on.create(dict(experiment.document))


def _left(on: cluster.Cluster, name: str) -> str:
    """Returns how a run goes on that is not followed any more, and how to come back to it."""
    return (
        f"Nothing ended {name}: where the cluster lives, it goes on. "
        f"Follow it: kubectl get exp {name} -n {on.namespace} -w. "
        f"Its results: tickwork fetch {name} -n {on.namespace}"
    )


def _follow(on: cluster.Cluster, name: str, uid: str, say: Say) -> Mapping[str, Any]:
    """Says every change until the run is over; returns the Experiment as it then is."""
    told = ""
    for seen in _patiently(on, name, uid):
        line = describe(seen)
        if line != told:
            say(f"  {line}")
            told = line
        elif not seen.get("status"):
            say(f"  no operator has looked at it: does one watch namespace {on.namespace}?")
        if is_over(seen):
            return seen
    raise errors.RunError(f"Following {name} ended before the run did.")


def _patiently(on: cluster.Cluster, name: str, uid: str) -> Iterator[Mapping[str, Any]]:
    """Yields what following yields; an API server that is away for a moment is waited for.

    Raises what it was last told once it was away for AWAY_SECONDS in a row.
    """
    away_ns: int | None = None
    while True:
        try:
            for seen in on.follow(name, uid):
                away_ns = None
                yield seen
        except cluster.AWAY as error:
            now_ns = clock.now_mono_ns()
            if away_ns is None:
                away_ns = now_ns
                far.warn(
                    f"{error.text} {name} goes on; waiting {AWAY_SECONDS} s for the API server."
                )
            elif now_ns - away_ns >= AWAY_SECONDS * 1_000_000_000:
                raise
            clock.sleep(_AGAIN_NS)


def is_over(experiment: Mapping[str, Any]) -> bool:
    """Says whether the run is final, by its conditions."""
    conditions = experiment.get("status", {}).get("conditions", [])
    return any(each["type"] in FINAL_PHASES and each["status"] == "True" for each in conditions)


def _phase(experiment: Mapping[str, Any]) -> str:
    return str(experiment.get("status", {}).get("phase", "Pending"))


def describe(experiment: Mapping[str, Any]) -> str:
    """Returns one line: the phase, how far it came, and why it stands where it stands."""
    status = experiment.get("status", {})
    phase = _phase(experiment)
    progress = status.get("progress") or {}
    words = [phase]
    if phase in {"Running", "Collecting"} and progress:
        blocks = _whole(progress.get("blocks")) or 1
        of = f", block {progress.get('block') or 0} of {blocks}" if blocks > 1 else ""
        words.append(f"{progress.get('percent') or 0} %{of}")
    reason = reason_of(experiment)
    if reason:
        words.append(reason)
    return "  ".join(words)


def reason_of(experiment: Mapping[str, Any]) -> str:
    """Returns reason and message of the condition that says why a run failed or waits."""
    conditions = {each["type"]: each for each in experiment.get("status", {}).get("conditions", [])}
    failed = conditions.get("Failed", {})
    scheduled = conditions.get("Scheduled", {})
    if failed.get("status") == "True":
        return _words(failed)
    if scheduled.get("status") == "False" and scheduled.get("reason") != "Waiting":
        return _words(scheduled)
    return ""


def _words(condition: Mapping[str, Any]) -> str:
    return ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))


def _whole(value: object) -> int | None:
    """Returns a whole number of a status, which others write: None for what is none."""
    return value if isinstance(value, int) else None


def _conclude(
    on: cluster.Cluster,
    name: str,
    ended: Mapping[str, Any],
    options: argparse.Namespace,
    console: Any,
) -> int:
    """Fetches the run, shows its results; returns the exit code of what it showed."""
    code, say = exit_code(ended), _say_on(console)
    again = f"tickwork fetch {name} -n {on.namespace}"
    try:
        root = fetching.fetch(
            on, name, options.output, release=True, say=lambda _: None, warn=far.warn
        )
    except KeyboardInterrupt as stopped:
        run = ended.get("status", {}).get("run")
        here = options.output / run if run else None
        raise KeyboardInterrupt(*_kept(name, here, again)) from stopped
    except errors.TickworkError as error:
        if isinstance(error, cluster.AWAY):
            error.remedy = f"{error.remedy} {name} is over; its results: {again}"
        if code == 0:
            raise
        say(f"Nothing could be fetched. {error}")
        return code
    with _if_interrupted(f"interrupted: {name} is over; its run is in {root}"):
        draw(run_directory.RunDirectory(root), code, options, console)
        say(f"  results in {root}")
    return code


def _kept(name: str, here: pathlib.Path | None, again: str) -> tuple[str, ...]:
    """Says where a run is whose fetch was interrupted: it comes whole, or not at all."""
    if here is not None and here.is_dir():
        return (f"interrupted: {name} is over; its run is in {here}",)
    return (
        f"interrupted: {name} is over; what the cluster keeps of its run stays there",
        f"  results   {again}",
    )


def draw(
    run: run_directory.RunDirectory, code: int, options: argparse.Namespace, console: Any
) -> None:
    """Shows results.json of ``run``, on the output as it is where that was asked for."""
    if not run.results.exists():
        console.print("The run left no results.json.", markup=False)
        return
    text = run.results.read_text(encoding="utf-8", errors="replace")
    if options.json:
        print(text, end="")
        return
    models = wings.load("tickwork_analysis.results", options.verb)
    try:
        results = models.Results.model_validate_json(text)
    except ValueError as error:
        why = str(error).splitlines()[0]
        far.warn(f"{run.results} cannot be shown: {why}. Make it again: tickwork report {run.root}")
    else:
        report_table.draw(console, results, code)
    if run.report.exists():
        console.print(f"  report in {run.report}", markup=False, soft_wrap=True)


def exit_code(experiment: Mapping[str, Any]) -> int:
    """Returns the exit code that the Conductor gave; never 0 for a run that Failed."""
    status = experiment.get("status", {})
    code = _whole((status.get("digest") or {}).get("exitCode"))
    if status.get("phase") == "Complete":
        return code or 0
    return code or 1
