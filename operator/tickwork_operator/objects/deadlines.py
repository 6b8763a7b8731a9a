"""How long a run may take, from its Plan and its own wishes; in seconds."""

import math

from tickwork_operator.objects.run import Run

# Around each Block: start margin, drain, collecting what units wrote.
BLOCK_ROOM_SECONDS = 30
# After the last Block: analysis, report, sink.
ENDING_SECONDS = 900
# The Job's own deadline is a backstop: it comes after ours.
BACKSTOP_SECONDS = 120


def active_seconds(run: Run) -> int | None:
    """Returns how long the run may take from Running to its end; None: without limit.

    What a person wrote holds; else a run gets the time of its Blocks with generous room, so that
    none is shown running for ever. A provider has no end.
    """
    if run.cluster.active_deadline_seconds is not None:
        return run.cluster.active_deadline_seconds
    if run.plan.is_provider:
        return None
    drain_ns = run.plan.drain_ms * 1_000_000
    blocks = [block.duration_ns + drain_ns for block in run.plan.blocks]
    held_seconds = math.ceil(sum(blocks) / 1e9 + run.plan.hold_ms / 1000)
    return held_seconds + BLOCK_ROOM_SECONDS * len(blocks) + ENDING_SECONDS


def job_seconds(run: Run) -> int:
    """Returns the Job's own deadline: every other one, and the keeper's time."""
    active = active_seconds(run) or 0
    kept = run.sink.keep_seconds if run.sink.kind == "job" else 0
    return run.cluster.start_deadline_seconds + active + kept + BACKSTOP_SECONDS
