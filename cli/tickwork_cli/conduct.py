"""``tickwork conduct``: drives units that somebody else started, and leaves their run directory.

It is the program of a Conductor's pod; it works as well wherever the units can be reached.
"""

import argparse
import json
import pathlib
from typing import Any

from tickwork import errors, run_directory
from tickwork.conductor import conduct, events, far, outcome
from tickwork.local import interruption
from tickwork.plan import plan as plans
from tickwork.unit.unit import Tls
from tickwork_cli import archive, digest, pod, progress, report_table, standing, wings

EXAMPLES = """\
examples:
  tickwork conduct --plan plan.json --experiment experiment.yaml --addresses addresses.json \\
    --run-directory /run/tickwork/run --tls /etc/tickwork/tls --namespace lab --name demo

addresses.json says where each unit's Control listens: {"targets": {"group/unit": "host:port"}}.
SIGTERM stops in the order of the flow and still analyses what was seen.

exit codes:
  0 good   1 run failed   2 bad input   3 proof unequal or a gap left open
  4 nothing could be proven   5 a tool or port is missing   6 a unit died   130 interrupted
"""

TERMINATION_LOG = pathlib.Path("/dev/termination-log")
SINK_REMEDY = "Make room in the volume of the run directory, or choose another sink."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    path = pathlib.Path
    parser.add_argument("--plan", type=path, required=True, metavar="FILE")
    parser.add_argument("--experiment", type=path, required=True, metavar="FILE")
    parser.add_argument("--addresses", type=path, required=True, metavar="FILE")
    parser.add_argument("--run-directory", type=path, required=True, metavar="DIR")
    parser.add_argument(
        "--tls", type=path, metavar="DIR", help="holds tls.crt, tls.key and ca.crt of Control"
    )
    parser.add_argument("--namespace", help="of the Experiment whose progress is told")
    parser.add_argument("--name", help="of the Experiment whose progress is told")
    parser.add_argument(
        "--start-deadline",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="how long units may take to answer (default: 300)",
    )
    parser.add_argument(
        "--digest",
        type=path,
        default=TERMINATION_LOG,
        metavar="FILE",
        help=f"where the digest is written (default: {TERMINATION_LOG})",
    )


def execute(options: argparse.Namespace) -> int:
    """Drives the run to its end and returns the exit code of what it showed."""
    run = run_directory.RunDirectory(options.run_directory)
    mark = archive.Mark(run.root)
    wish = interruption.Interruption(lambda: None)
    with interruption.listening(wish):
        try:
            found = _perform(options, run, mark, wish)
        except BaseException as error:
            sinks = isinstance(error, SinkError | OSError)
            _leave(options, mark, digest.of_error(error, collected=not sinks))
            raise
        _leave(options, mark, found)
    return int(found["exitCode"])


class SinkError(errors.RunError):
    """The run directory takes no more: what units saw is not all in it."""


def _perform(
    options: argparse.Namespace,
    run: run_directory.RunDirectory,
    mark: archive.Mark,
    wish: interruption.Interruption,
) -> dict[str, Any]:
    """Conducts and analyses; returns the digest."""
    plan, (name, targets) = _read_plan(options.plan), _read_addresses(options.addresses)
    wings.require("tickwork_analysis", options.verb)
    _prepare(run, mark, plan, options.experiment)
    fleet = far.FarFleet(
        plan.unit_paths(),
        targets,
        None if options.tls is None else tls_of(options.tls),
        patience_ns=round(options.start_deadline * 1e9),
        away_ns_max=far.away_ns_max(plan.restart),
        interrupted=lambda: wish.is_set,
    )
    writer = _make_writer(options)
    stands = standing.Standing(plan, lambda said: writer.tell({**said, **name}) if writer else None)
    lines = progress.Progress(lambda line: print(line, flush=True))

    def report(event: events.Event) -> None:
        lines.report(event)
        stands.report(event)

    try:
        ended = _conduct(plan, fleet, run, report)
        stands.say("Analysing", None, "analysing what units saw")
        found = _analyse(run, ended, options.verb)
        stands.say("Ended", None, found["verdict"])
        return found
    finally:
        if writer is not None:
            writer.close()
            print(_describe_writer(writer), flush=True)


def _conduct(
    plan: plans.Plan, fleet: far.FarFleet, run: run_directory.RunDirectory, report: events.Report
) -> outcome.Outcome:
    try:
        return conduct.conduct(plan, fleet, run, report)
    except errors.RunError as error:
        # The one error that conducting raises: the run directory cannot be written.
        raise SinkError(error.text, SINK_REMEDY) from error


def _analyse(run: run_directory.RunDirectory, ended: outcome.Outcome, verb: str) -> dict[str, Any]:
    """Writes results.json and the report; returns the digest."""
    analysis = wings.load("tickwork_analysis.summary", verb)
    try:
        found = analysis.summarise(run.root)
    except errors.ResultError as error:
        made = digest.of_outcome(ended, error.text)
    else:
        _write_results(analysis, found, run, verb)
        made = digest.of_results(found.results, int(found.verdict.exit_code))
        report_table.draw(report_table.make_console(), found.results, made["exitCode"])
    made |= digest.start(json.loads(run.conductor.read_text(encoding="utf-8")))
    if ended.failures:
        made["failure"] = digest.failure(ended.failures[0])
    return made


def _write_results(analysis: Any, found: Any, run: run_directory.RunDirectory, verb: str) -> None:
    try:
        analysis.write(found, run.root)
        wings.load("tickwork_analysis.report.write", verb).write(found)
    except OSError as error:
        raise SinkError(f"Writing the results into {run.root}: {error}.", SINK_REMEDY) from error


def _prepare(
    run: run_directory.RunDirectory, mark: archive.Mark, plan: plans.Plan, experiment: pathlib.Path
) -> None:
    """Makes the run directory, and the mark that will conclude it.

    Raises InputError where it holds a run already, SinkError where it cannot be written.
    """
    if run.conductor.exists() or (run.root / archive.CONCLUDED).exists():
        raise errors.InputError(
            f"Conducting into {run.root}: it holds a run already.",
            "Every run needs a directory of its own.",
        )
    try:
        run.root.mkdir(parents=True, exist_ok=True)
        mark.make()
        run.experiment.write_bytes(experiment.read_bytes())
        run.plan.write_text(plan.to_json(), encoding="utf-8")
    except OSError as error:
        raise SinkError(f"Making the run directory {run.root}: {error}.", SINK_REMEDY) from error


def _leave(options: argparse.Namespace, mark: archive.Mark, found: dict[str, Any]) -> None:
    """Writes the digest and concludes the run directory; says what could not be done."""
    try:
        options.digest.write_text(digest.to_json(found), encoding="utf-8")
    except OSError as error:
        print(f"the digest could not be written: {error}", flush=True)
    try:
        mark.conclude()
    except OSError as error:
        print(f"the run could not be concluded: {error}", flush=True)
    print(found["verdict"], flush=True)


def _make_writer(options: argparse.Namespace) -> pod.ProgressWriter | None:
    if not options.name or not options.namespace:
        return None
    access = pod.find_access()
    if access is None:
        print("this process has no account of a cluster: progress is told here alone", flush=True)
        return None
    return pod.ProgressWriter(access, options.namespace, options.name)


def _describe_writer(writer: pod.ProgressWriter) -> str:
    said = f"progress was told {writer.written} times"
    return f"{said}; {writer.failed} times it failed: {writer.reason}" if writer.failed else said


def tls_of(directory: pathlib.Path) -> Tls:
    """Returns the files of a mounted secret of the type ``kubernetes.io/tls``."""
    return Tls(
        certificate_file=str(directory / "tls.crt"),
        key_file=str(directory / "tls.key"),
        ca_file=str(directory / "ca.crt"),
    )


def _read_plan(path: pathlib.Path) -> plans.Plan:
    try:
        plan = plans.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable("the plan", path, error) from error
    if plan.is_provider:
        raise errors.InputError(
            f"Conducting {plan.experiment}: its plan has no blocks; its units start by themselves.",
            "Give the Experiment a duration, or run it without a Conductor.",
        )
    return plan


def _read_addresses(path: pathlib.Path) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the run's name as progress carries it (empty where none is given), and targets."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        name = {"run": str(read["run"])} if "run" in read else {}
        return name, {str(unit): str(target) for unit, target in read["targets"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable("the addresses", path, error) from error


def _unreadable(what: str, path: pathlib.Path, error: Exception) -> errors.InputError:
    return errors.InputError(
        f"Reading {what} in {path}: {type(error).__name__}: {error}",
        "plan.json and addresses.json are written by an executor, together.",
    )
