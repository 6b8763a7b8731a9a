"""``tickwork replay CAPTURE``: a capture through the whole pipeline, proven at every update id."""

import argparse
import json
import pathlib
from typing import Any

from tickwork import errors
from tickwork.kinds import compiler
from tickwork_cli import run, validate, wings

EXAMPLES = """\
examples:
  tickwork replay incident.twr                        with the pacing of the recording
  tickwork replay incident.twr --speed max            as fast as the pipeline takes it
  tickwork replay btcusdt_20240808.gz --venue binance-usdm --speed 10
  tickwork replay incident.twr --set pipeline.placement=split

A twin of the venue serves the recorded messages byte for byte, and answers for depth snapshots from
the recording's own book at that instant. Read is whatever `tickwork audit` reads.

exit codes: those of `run`; 1 too where the time was over before the capture was
"""

SECONDS_BEFORE = 4.0
"""Until lines are connected and books are in step, and for the pipeline to run empty."""

MESSAGES_PER_SECOND = 4_000
"""What the slowest machine is trusted with at the speed `max`."""

QUIET_SECONDS = 3_600
FRAME_BYTES_MAX = 2 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("capture", type=pathlib.Path, metavar="CAPTURE")
    parser.add_argument(
        "--speed", default="1", metavar="1|N|max", help="multiple of the recorded pace (default: 1)"
    )
    parser.add_argument(
        "--venue",
        choices=("binance-spot", "binance-usdm"),
        help="for captures of other people; our own say it themselves",
    )
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="how long at most (default: enough)"
    )
    validate.add_set(parser)
    run.add_output(parser)


def execute(options: argparse.Namespace) -> int:
    """Replays; returns the run's exit code, or 1 where the capture was not over."""
    services = wings.load("tickwork_services.survey", "replay")
    surveyed = services.survey(options.capture, options.venue)
    text = text_for(surveyed, options)
    code = run.perform(compiler.load(text, "replay", options.sets), options)
    told = read_replay(options)
    if told is None or told["finished"]:
        return code
    raise errors.RunError(
        f"The time was over after {told['sent']:,} of {told['messages']:,} messages.",
        "Give it more time: --seconds N",
    )


def text_for(surveyed: Any, options: argparse.Namespace) -> str:
    """Returns the Experiment that replays ``surveyed``; JSON is YAML."""
    seconds = options.seconds or duration_seconds(surveyed, options.speed)
    capture = {"capture": str(options.capture.absolute()), "speed": options.speed}
    pipeline = {
        "venue": {
            "name": surveyed.venue,
            "instruments": list(surveyed.instruments),
            "channels": list(surveyed.channels),
            "depthIntervalMs": surveyed.depth_interval_ms,
            "twin": {"replay": capture},
        },
        "forwarder": {
            "lines": 1,
            "stallSeconds": QUIET_SECONDS,
            "frameBytesMax": FRAME_BYTES_MAX,
        },
        "book": {
            "staleAfterMs": QUIET_SECONDS * 1000,
            "proof": ["ticker", "truth"] if "bookTicker" in surveyed.channels else ["truth"],
        },
        "placement": "fused",
        "consumers": [{"name": "shm", "transport": "shm"}],
    }
    envelope = {
        "apiVersion": "tickwork.dev/v1alpha1",
        "kind": "Experiment",
        "metadata": {"name": "replay"},
        "spec": {"durationSeconds": seconds, "warmUpSeconds": 0, "pipeline": pipeline},
    }
    return json.dumps(envelope, indent=1) + "\n"


def duration_seconds(surveyed: Any, speed: str) -> float:
    """Returns how long the replay has to be given; raises InputError for what is no speed."""
    try:
        paced = surveyed.messages / MESSAGES_PER_SECOND if speed == "max" else float(speed)
    except ValueError as error:
        raise errors.InputError(
            f"Replaying at the speed {speed!r}: that is no speed.", "Give 1, a multiple, or max."
        ) from error
    if paced <= 0:
        raise errors.InputError(
            f"Replaying at the speed {speed!r}: it must be over 0.", "Give 1, a multiple, or max."
        )
    seconds = paced if speed == "max" else surveyed.span_ns / 1e9 / paced
    return round(seconds + SECONDS_BEFORE, 1)


def read_replay(options: argparse.Namespace) -> dict[str, Any] | None:
    """Returns how far the twin came, from its counters of the run; None where it left none."""
    for path in sorted(options.run.blocks.glob("*/venue/twin/counters.json")):
        facts = json.loads(path.read_text("utf-8"))["components"]["twin"]["facts"]
        if "replay" in facts:
            return dict(facts["replay"])
    return None
