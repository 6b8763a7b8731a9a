"""What to do next: (Experiment, what was observed, now) → objects to make and remove, and status.

Pure. Safe to run at any time and any number of times: a decision follows from what is there, never
from what was decided before.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tickwork import errors
from tickwork_operator import cleaning, fates, readiness, reasons, scene, status
from tickwork_operator.endings import Ending
from tickwork_operator.fates import Fate
from tickwork_operator.objects import build, config_map, deadlines, names
from tickwork_operator.objects import run as runs
from tickwork_operator.objects.options import Options
from tickwork_operator.objects.run import Run

Object = Mapping[str, Any]
Key = scene.Key
Observed = scene.Observed
Refusal = scene.Refusal

# How long the Conductor may take to write what it has, after a unit of a run died.
CONCLUDE_SECONDS = 45
# How long a cluster takes to notice that a node does not answer, with room.
CONFIRM_SECONDS = 75
# Written by the Conductor under its own name.
PROGRESS = "progress"
_REWRITTEN = frozenset({PROGRESS, "conditions", "phase", "reason", "message"})
_PHASE_CONDITIONS = {
    "Starting": status.SCHEDULED,
    status.RUNNING: status.RUNNING,
    status.COLLECTING: status.RUNNING,
    status.COMPLETE: status.COMPLETE,
    status.SUSPENDED: status.SUSPENDED,
}
_OF_ONE_ATTEMPT = frozenset({"startTime", "plannedStart", "skewNs", "nodes", "restarts"})


@dataclasses.dataclass(frozen=True)
class Event:
    """An event about the Experiment: ``type`` is Normal or Warning."""

    type: str
    reason: str
    message: str


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do, in this order: write the status, say the events, apply, delete.

    The status comes first, so that a crash afterwards finds out what was meant: an object that is
    missing is then known to have been removed by us, or by somebody else. ``apply`` holds only
    objects that are not there (in this order, stopping at the first refusal). ``status`` is all
    that this operator owns of it, without ``progress``; it is equal to the present one where
    nothing changed. ``next_deadline_unix_ns`` is when to decide again though nothing happened.
    """

    status: dict[str, Any]
    apply: tuple[dict[str, Any], ...] = ()
    delete: tuple[Key, ...] = ()
    events: tuple[Event, ...] = ()
    next_deadline_unix_ns: int | None = None


def decide(experiment: Object, observed: Observed, now_unix_ns: int, options: Options) -> Decision:
    """Returns what to do about ``experiment`` now.

    Never raises for what a person wrote: a wrong spec is Failed with InvalidSpec in the status.
    """
    turn = _Turn(experiment, observed, now_unix_ns, options)
    if "deletionTimestamp" in experiment["metadata"]:
        return Decision({key: each for key, each in turn.before.items() if key != PROGRESS})
    if not turn.ledger.is_final:
        _advance(turn)
    if turn.ledger.is_final:
        _clean(turn)
    return turn.decision()


class _Turn:
    """One look at one Experiment: what is known, and the decision while it is made."""

    def __init__(
        self, experiment: Object, observed: Observed, now_unix_ns: int, options: Options
    ) -> None:
        self.experiment = experiment
        self.observed = observed
        self.now = now_unix_ns
        self.options = options
        self.before: Object = experiment.get("status") or {}
        self._generation = experiment["metadata"].get("generation", 1)
        self.ledger = status.Ledger(self.before, self._generation, now_unix_ns)
        self.fields = {key: each for key, each in self.before.items() if key not in _REWRITTEN}
        self.reason: str = self.before.get("reason", "")
        self.message: str = self.before.get("message", "")
        self.apply: tuple[dict[str, Any], ...] = ()
        self.delete: tuple[Key, ...] = ()
        self.deadlines: list[int] = []

    def tell(self, fate: Fate | None) -> None:
        """Says what holds the run up, or that nothing does."""
        self.reason, self.message = ("", "") if fate is None else (fate.reason, fate.message)

    def fail(self, fate: Fate, *, collected: bool = False, remainder: str = "") -> None:
        """Ends the run as Failed; ``remainder`` says what there is of results not collected."""
        ledger = self.ledger
        ledger.set(status.FAILED, "True", fate.reason, fate.message)
        ledger.set(status.COMPLETE, "False", fate.reason, fate.message)
        self._end(fate.reason, fate.message)
        if not collected:
            lost = fate.reason == reasons.SINK_UNAVAILABLE
            reason = reasons.SINK_UNAVAILABLE if lost else "NotCollected"
            more = f"; {self._rescue()}" if lost else remainder
            said = f"{fates.cut(fate.message)}{more}" if more else fate.message
            ledger.set(status.COLLECTED, "False", reason, said)

    def _rescue(self) -> str:
        sink = runs.read_cluster(self.experiment).sink or self.options.sink
        namespace = self.experiment["metadata"]["namespace"]
        return cleaning.rescue(namespace, self.fields.get("run", ""), sink.keep_seconds)

    def complete(self, message: str) -> None:
        """Ends the run as Complete."""
        self.ledger.set(status.COMPLETE, "True", status.COMPLETE, message)
        self.ledger.set(status.FAILED, "False", status.COMPLETE)
        self._end("", message)

    def _end(self, reason: str, message: str) -> None:
        if self.ledger.get(status.RUNNING).status != "False":
            self.ledger.set(status.RUNNING, "False", "Ended")
        self.reason, self.message = reason, message
        self.fields["completionTime"] = status.show_time(self.now)
        self.apply = ()

    def decision(self) -> Decision:
        """Returns the decision as it stands now."""
        made = {
            **self.fields,
            "observedGeneration": self._generation,
            "conditions": self.ledger.write(),
            "phase": self.ledger.phase(),
            "reason": self.reason,
            "message": self.message[: status.MESSAGE_MAX],
        }
        due = min(self.deadlines, default=None)
        return Decision(made, self.apply, self.delete, self._events(made), due)

    def _events(self, made: Object) -> tuple[Event, ...]:
        """Says each transition once: of the phase, of the reason, of the count of restarts."""
        said = []
        phase, reason = made["phase"], made["reason"]
        if reason and reason != self.before.get("reason"):
            said.append(Event("Warning", reason, made["message"]))
        if phase != self.before.get("phase") and phase != status.FAILED:
            said.append(Event("Normal", phase, self._tell_phase(phase)))
        if made.get("restarts", 0) > self.before.get("restarts", 0):
            said.append(Event("Warning", "Restarted", self.ledger.get(status.READY).message))
        return tuple(said)

    def _tell_phase(self, phase: str) -> str:
        source = _PHASE_CONDITIONS.get(phase, status.PLANNED)
        return self.ledger.get(source).message or f"the run is {phase}"


# -- one turn of a run that is not over ------------------------------------------------------------


def _advance(turn: _Turn) -> None:
    attempt = _begin(turn)
    try:
        run = _read(turn, attempt)
        desired = build.build_all(run)
    except errors.TickworkError as error:
        fate = Fate(reasons.INVALID_SPEC, runs.explain(error, turn.experiment), fatal=True)
        turn.ledger.set(status.PLANNED, "False", fate.reason, fate.message)
        turn.fail(fate)
        return
    _plan(turn, run)
    begun = turn.ledger.get(status.SCHEDULED).status != "Unknown"
    seen = scene.Scene(run, desired, turn.observed, begun or _has_progress(turn, run.run_id))
    is_over = seen.ending is not None and not turn.ledger.holds(status.SUSPENDED)
    if turn.experiment["spec"].get("suspend", False) and not is_over:
        _suspend(turn)
        return
    turn.ledger.set(status.SUSPENDED, "False", "NotSuspended")
    turn.fields.update(_identity(turn, run))
    _drive(turn, seen)


def _begin(turn: _Turn) -> int:
    """Returns the number of the attempt; a new one knows nothing of the one before."""
    attempt: int = turn.before.get("attempt", 0)
    if turn.experiment.get("spec", {}).get("suspend", False):
        return max(1, attempt)
    if attempt == 0 or turn.ledger.holds(status.SUSPENDED):
        turn.ledger.begin()
        for key in _OF_ONE_ATTEMPT:
            turn.fields.pop(key, None)
        return attempt + 1
    return attempt


def _read(turn: _Turn, attempt: int) -> Run:
    """Returns the run by the Plan that it was begun with, where that is known."""
    head = turn.experiment["metadata"]
    name = names.child(head["name"], names.PLAN, names.tag(head["uid"], attempt))
    kept = turn.observed.children.get(("ConfigMap", name), {})
    recorded = (kept.get("data") or {}).get(config_map.PLAN)
    return runs.read(turn.experiment, attempt, turn.options, recorded)


def _plan(turn: _Turn, run: Run) -> None:
    groups, units = len(run.plan.groups), len(run.plan.unit_paths())
    text = f"{groups} group(s), {units} unit(s), {len(run.plan.blocks)} block(s)"
    turn.ledger.set(status.PLANNED, "True", status.PLANNED, text)
    turn.fields["kind"] = run.plan.kind
    turn.fields["units"] = units


def _suspend(turn: _Turn) -> None:
    """Takes everything away that runs; the next attempt has names of its own."""
    ledger = turn.ledger
    if ledger.get(status.RUNNING).status == "True":
        ledger.set(status.RUNNING, "False", status.SUSPENDED)
    ledger.set(status.SUSPENDED, "True", status.SUSPENDED, "nothing runs until it is resumed")
    ledger.set(status.FAILED, "False", status.SUSPENDED)
    turn.tell(None)
    turn.delete = tuple(sorted(scene.owned(turn.observed.children)))


def _identity(turn: _Turn, run: Run) -> dict[str, Any]:
    """Returns the fields that name the attempt; its start is never in the future.

    A clock that was set back would otherwise give it hours more.
    """
    now = status.show_time(turn.now)
    started = min(turn.fields.get("startTime", now), now)
    return {"attempt": run.attempt, "run": run.run_id, "startTime": started}


def _progress(turn: _Turn, run: Run) -> Object:
    """Returns what the Conductor of this attempt said last."""
    told: Object = turn.before.get(PROGRESS) or {}
    return told if told.get("run", run.run_id) == run.run_id else {}


def _has_progress(turn: _Turn, run_id: str) -> bool:
    """Says whether a Conductor of this very attempt has begun: there must never be another."""
    return (turn.before.get(PROGRESS) or {}).get("run") == run_id


def _drive(turn: _Turn, seen: scene.Scene) -> None:
    """Makes what is missing, reads how far the run is, ends it when it is over or its time is."""
    turn.fields["nodes"] = seen.nodes() or turn.fields.get("nodes", "")
    progress = _progress(turn, seen.run)
    turn.fields.update(status.start_fields(progress))
    befell = seen.fates()
    if (ending := seen.ending) is not None:
        _conclude(turn, seen, ending, befell)
        return
    _make(turn, seen)
    worst = fates.gravest(befell)
    readiness.observe(turn.ledger, seen, worst, progress)
    restarts = fates.restarts(seen.group_pods)
    counted = sum(count for count, _ in restarts.values())
    if counted:
        turn.fields["restarts"] = max(turn.fields.get("restarts", 0), counted)
    if worst is not None and worst.fatal:
        _falter(turn, seen, worst)
    elif turn.ledger.get(status.FAILED).status != "Unknown":
        turn.tell(worst)
    _watch_clock(turn, seen.run, worst)


def _make(turn: _Turn, seen: scene.Scene) -> None:
    """Applies what is missing; what runs is made once, a provider's as often as it takes."""
    turn.delete = seen.stale
    if not seen.is_clear:
        return
    once = seen.begun and not seen.run.plan.is_provider
    turn.apply = tuple(
        made for made in seen.missing if not (once and made["kind"] in build.RUNNING_KINDS)
    )


# -- how a run ends --------------------------------------------------------------------------------


def _falter(turn: _Turn, seen: scene.Scene, worst: Fate) -> None:
    """A run that cannot be saved: its Conductor may write what it has, then it is Failed."""
    ledger = turn.ledger
    if ledger.get(status.FAILED).status == "Unknown":
        return
    if not (ledger.holds(status.RUNNING) and seen.is_concluding):
        turn.fail(worst)
        return
    turn.tell(worst)
    ledger.set(status.FAILED, "Unknown", worst.reason, worst.message)


def _watch_clock(turn: _Turn, run: Run, worst: Fate | None) -> None:
    """Fails a run whose time is over; else says when that will be."""
    ledger = turn.ledger
    if ledger.is_final:
        return
    if ledger.get(status.FAILED).status == "Unknown":
        cause = ledger.get(status.FAILED)
        due = ledger.since_unix_ns(status.FAILED) + CONCLUDE_SECONDS * status.SECOND_NS
        _expire(turn, due, Fate(cause.reason, cause.message, fatal=True))
        return
    if ledger.holds(status.RUNNING):
        seconds = deadlines.active_seconds(run)
        since = ledger.since_unix_ns(status.RUNNING)
        text = f"not over {seconds} s after it began to run"
    else:
        seconds = run.cluster.start_deadline_seconds
        since = status.read_time(turn.fields["startTime"])
        text = f"not running within {seconds} s"
    if seconds is None:
        return
    reason, why = reasons.DEADLINE_EXCEEDED, ""
    if worst is not None:
        reason, why = worst.reason, worst.message
    elif not ledger.holds(status.SCHEDULED):
        why = ledger.get(status.SCHEDULED).message
    fate = Fate(reason, f"{text}: {why}" if why else text, fatal=True)
    _expire(turn, since + seconds * status.SECOND_NS, fate)


def _expire(turn: _Turn, due_unix_ns: int, fate: Fate) -> None:
    if turn.now >= due_unix_ns:
        turn.fail(fate)
    else:
        turn.deadlines.append(due_unix_ns)


def _conclude(turn: _Turn, seen: scene.Scene, ending: Ending, befell: list[Fate]) -> None:
    """Ends the run as its Conductor ended; what befell a unit explains more than its exit code."""
    turn.fields.update(status.digest_fields(ending.digest))
    turn.fields["results"] = cleaning.results(seen)
    if ending.collected:
        turn.ledger.set(status.COLLECTED, "True", status.COLLECTED, turn.fields["results"]["fetch"])
    if ending.fate is None:
        turn.complete(f"{(ending.digest or {}).get('verdict') or 'the run is complete'}")
        return
    cause = _find_cause(turn, ending.fate, befell)
    if cause == ending.fate and ending.unit and seen.seems_alive(ending.unit):
        # The Conductor lost a unit that its node calls alive: soon the cluster knows more.
        turn.ledger.set(status.FAILED, "Unknown", cause.reason, cause.message)
        turn.tell(cause)
        due = turn.ledger.since_unix_ns(status.FAILED) + CONFIRM_SECONDS * status.SECOND_NS
        if turn.now < due:
            turn.deadlines.append(due)
            return
    begun = _has_progress(turn, seen.run.run_id)
    remainder = cleaning.remainder(seen) if begun else ""
    turn.fail(cause, collected=ending.collected, remainder=remainder)


def _find_cause(turn: _Turn, told: Fate, befell: list[Fate]) -> Fate:
    """Returns why the run failed: what was seen of a unit, else what the Conductor told."""
    if told.reason not in {reasons.COMPONENT_FAILED, reasons.INTERRUPTED}:
        return told
    known = turn.ledger.get(status.FAILED)
    if known.status == "Unknown" and known.message != told.message:
        return Fate(known.reason, known.message, fatal=True)
    grave = [each for each in befell if each.fatal or each.reason == reasons.NODE_LOST]
    return fates.gravest(grave) or told


def _clean(turn: _Turn) -> None:
    """Removes what a finished run no longer needs."""
    cluster = runs.read_cluster(turn.experiment)
    ended = status.read_time(turn.fields["completionTime"])
    broom = cleaning.Broom(turn.observed.children, cluster, turn.ledger, ended, turn.options)
    turn.delete = broom.removable(turn.now)
    turn.deadlines = broom.deadlines(turn.now)
    if "results" in turn.fields:
        begun = _has_progress(turn, turn.fields["run"])
        available = broom.has_results(turn.now, begun=begun)
        turn.fields["results"] = {**turn.fields["results"], "available": available}
