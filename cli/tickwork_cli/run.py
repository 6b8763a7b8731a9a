"""``tickwork run FILE``: an Experiment, watched, analysed, summed up; here or on a cluster."""

import argparse
import pathlib
from collections.abc import Callable
from typing import Any

from tickwork import errors, run_directory
from tickwork.conductor import conduct, outcome
from tickwork.kinds import compiler
from tickwork.local import execution, runs, supervisor
from tickwork.manifest.envelope import Experiment
from tickwork.plan import plan as plans
from tickwork_cli import far, progress, report_table, validate, wings

EXAMPLES = """\
examples:
  tickwork run experiments/pipeline/demo.yaml
  tickwork run demo.yaml --set pipeline.placement=fused     three components in one process
  tickwork run demo.yaml --set durationSeconds=60 -o /data/runs
  tickwork run demo.yaml --json | jq .hops                  results.json on the output
  tickwork run demo.yaml --cluster -n research              on Kubernetes: apply, follow, fetch

Every run makes its own directory below -o (runs/<name>-<UTC>); runs/latest names the newest.
Ctrl-C stops in the order of the flow and still analyses what was seen; a second Ctrl-C kills.
An Experiment without durationSeconds runs until Ctrl-C and is not analysed.

exit codes:
  0 good   1 run failed   2 bad input   3 proof unequal or a gap left open
  4 nothing could be proven   5 a tool or port is missing   6 a unit died   130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("file", type=pathlib.Path, metavar="FILE")
    add_output(parser)
    validate.add_set(parser)
    below = parser.add_argument_group("on a cluster")
    below.add_argument("--cluster", action="store_true", help="run it on Kubernetes, not here")
    far.add_place(below)
    below.add_argument(
        "--replace",
        action="store_true",
        help="delete an Experiment of the same name first, unless it still goes on",
    )
    below.add_argument("--detach", action="store_true", help="create it and do not follow it")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds ``-o`` and ``--json``, which every verb that runs something has."""
    parser.add_argument(
        "-o",
        "--output",
        type=pathlib.Path,
        default=pathlib.Path("runs"),
        metavar="DIR",
        help="where run directories are made (default: runs)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print results.json; progress goes to stderr"
    )


def execute(options: argparse.Namespace) -> int:
    """Runs the Experiment and returns the exit code of what it showed."""
    if options.cluster:
        return int(wings.load("tickwork_cli.following", options.verb).perform(options))
    return perform(compiler.load_file(options.file, options.sets), options)


def perform(experiment: Experiment, options: argparse.Namespace) -> int:
    """Runs ``experiment``; ``options`` has ``output``, ``json`` and ``verb``."""
    plan = compiler.compile_experiment(experiment)
    wings.require("tickwork_services", options.verb)
    analysis = wings.load("tickwork_analysis.summary", options.verb)
    run = runs.make(options.output, experiment.name, experiment.text)
    options.run = run
    console = report_table.make_console(to_stderr=options.json)

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    say(f"{experiment.name}: {len(plan.unit_paths())} units on this machine")
    if plan.is_provider:
        return _provide(plan, run, say)
    watched = progress.Progress(say)
    ended = execution.execute(
        plan, run, lambda fleet: conduct.conduct(plan, fleet, run, watched.report)
    )
    code = _conclude(analysis, run, ended, options, console)
    say(f"  results in {run.root}")
    return code


def _conclude(
    analysis: Any,
    run: run_directory.RunDirectory,
    ended: outcome.Outcome,
    options: argparse.Namespace,
    console: Any,
) -> int:
    """Analyses the run, writes results.json, prints it as asked; returns the exit code."""
    try:
        found = analysis.summarise(run.root)
    except errors.ResultError as error:
        if ended.exit_code == 0:
            raise
        why = ended.failures[0].text if ended.failures else f"It was {ended.status}."
        console.print(f"Nothing was measured. {why} ({error.text})", markup=False)
        return ended.exit_code
    analysis.write(found, run.root)
    if options.json:
        print(analysis.to_json(found.results))
    else:
        report_table.draw(console, found.results, found.verdict.exit_code)
    page = wings.load("tickwork_analysis.report.write", "run").write(found)
    console.print(f"  report in {page}", markup=False, soft_wrap=True)
    return int(found.verdict.exit_code)


def _provide(plan: plans.Plan, run: run_directory.RunDirectory, say: Callable[[str], None]) -> int:
    """Runs a provider until Ctrl-C, or until a unit cannot be kept up."""

    def told(restart: supervisor.Restarted) -> None:
        say(f"unit {restart.unit} was started again (incarnation {restart.incarnation})")

    say(f"publishing {', '.join(plan.publish_names) or 'nothing'} until Ctrl-C")
    ended = execution.provide(plan, run, told)
    if ended.lost is not None:
        raise errors.UnitDiedError(ended.lost, ended.ending or "unknown")
    return 0
