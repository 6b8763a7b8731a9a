"""``tickwork record FILE``: every frame of a venue, or of an Experiment's twin, in one file."""

import argparse
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.manifest.envelope import Experiment
from tickwork_cli import run, validate, wings

EXAMPLES = """\
examples:
  tickwork record minute.twr --venue binance-usdm --instruments BTCUSDT,ETHUSDT --seconds 60
  tickwork record demo.twr --experiment experiments/pipeline/demo.yaml
  tickwork record demo.twr --experiment demo.yaml --set durationSeconds=5

The pipeline runs and is proven as ever; the recorder reads a copy of every frame, before lines are
merged, and can lose some but never hold the pipeline up. Beside FILE lie its manifest and checksum.
`tickwork replay FILE` plays it, `tickwork audit FILE` proves its books.

exit codes: those of `run`; 1 too where the recording is partial (its manifest says why)
"""

SECONDS = 60.0
STALE_MS = 5000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("file", type=pathlib.Path, metavar="FILE", help="usually named ….twr")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--venue", choices=("binance-spot", "binance-usdm"), help="record the real exchange"
    )
    source.add_argument(
        "--experiment", type=pathlib.Path, metavar="YAML", help="record what this Experiment reads"
    )
    parser.add_argument(
        "--instruments", metavar="A,B", help="symbols, for --venue", default="BTCUSDT"
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="how long")
    validate.add_set(parser)
    run.add_output(parser)


def execute(options: argparse.Namespace) -> int:
    """Runs and records; returns the run's exit code, or 1 for a recording that is partial."""
    wings.require("tickwork_services", "record")
    path = options.file.absolute()
    if path.exists():
        raise errors.InputError(
            f"Recording to {path}: there is such a file already.", "Choose another name."
        )
    code = run.perform(load(options, path), options)
    try:
        manifest = json.loads(path.with_name(f"{path.name}.manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise errors.RunError(
            f"Nothing was recorded: {path} has no manifest ({error}).",
            "The run's log lines say why: units/pipeline/recorder/log.jsonl.",
        ) from error
    if not options.json:
        print("\n".join(draw(manifest)))
    return code or (0 if manifest["status"] == "complete" else 1)


def load(options: argparse.Namespace, path: pathlib.Path) -> Experiment:
    """Returns the Experiment to run, with its recorder."""
    sets = [f"pipeline.record={json.dumps({'file': str(path)})}", *options.sets]
    if options.experiment is not None:
        if options.seconds is not None:
            sets.append(f"durationSeconds={options.seconds:g}")
        return compiler.load_file(options.experiment, sets)
    return compiler.load(text_for_venue(options), "record", sets)


def text_for_venue(options: argparse.Namespace) -> str:
    """Returns an Experiment that reads the real exchange; JSON is YAML."""
    interval_ms = 0 if options.venue == "binance-usdm" else 100
    pipeline = {
        "venue": {
            "name": options.venue,
            "instruments": options.instruments.split(","),
            "channels": ["depth", "bookTicker", "trade"],
            "depthIntervalMs": interval_ms,
        },
        "forwarder": {"lines": 2, "stallSeconds": 10},
        "book": {"staleAfterMs": STALE_MS, "proof": ["ticker"]},
        "placement": "fused",
    }
    spec = {"durationSeconds": options.seconds or SECONDS, "pipeline": pipeline}
    envelope = {
        "apiVersion": "tickwork.dev/v1alpha1",
        "kind": "Experiment",
        "metadata": {"name": "record"},
        "spec": spec,
    }
    return json.dumps(envelope, indent=1) + "\n"


def draw(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yields what came over each connection: what a twin's facts say of its lines."""
    for each in manifest["connections"]:
        yield f"  connection {each['id']}: {each['payloads']:,} messages, sha256 {each['sha256']}"
