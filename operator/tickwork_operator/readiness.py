"""How far a run is, told from its pods and its Conductor's progress: four conditions. Pure."""

from collections.abc import Mapping
from typing import Any

from tickwork_operator import fates, scene, status
from tickwork_operator.fates import Fate

Object = Mapping[str, Any]

# What the Conductor's progress says in the midst of its Blocks, and after them.
BETWEEN = frozenset({"Running", "Collecting"})
ENDING = frozenset({"Analysing", "Ended"})


def observe(ledger: status.Ledger, seen: scene.Scene, worst: Fate | None, progress: Object) -> None:
    """Sets the conditions that say how far the run is; Running stays until the end."""
    groups = len(seen.run.plan.groups)
    why = (worst.reason, worst.message) if worst is not None else (status.WAITING, "")
    if not seen.begun and (seen.missing or not seen.is_clear):
        made = f"{len(seen.desired) - len(seen.missing)} of {len(seen.desired)} made"
        if seen.lingering:
            made = f"{made}; waits for the end of an earlier attempt's {', '.join(seen.lingering)}"
        text = why[1] or made
        ledger.set(status.SCHEDULED, "Unknown", why[0], text)
        return
    counted = seen.count(fates.is_scheduled)
    _count(ledger, status.SCHEDULED, (counted, groups, "have a node"), why)
    over = ledger.get(status.RUNNING).reason == status.COLLECTING
    if not over:
        counted = seen.count(fates.all_ready if seen.run.plan.is_provider else fates.all_started)
        _count(ledger, status.READY, (counted, groups, "answer"), why)
        _note_restarts(ledger, seen)
    if ledger.get(status.FAILED).status == "Unknown":
        return
    serving = not progress and seen.is_driven and seen.count(fates.all_ready) == groups
    if over or _is_collecting(progress):
        ledger.set(status.RUNNING, "True", status.COLLECTING, "the results are being gathered")
    elif progress.get("phase") in BETWEEN or serving or ledger.holds(status.RUNNING):
        ledger.set(status.RUNNING, "True", status.RUNNING, "all units run")


def _is_collecting(progress: Object) -> bool:
    """Says whether the last Block is over; between Blocks a run goes on running."""
    phase = progress.get("phase")
    last = progress.get("block") == progress.get("blocks")
    return phase in ENDING or (phase == "Collecting" and last)


def _count(
    ledger: status.Ledger, name: str, found: tuple[int, int, str], why: tuple[str, str]
) -> None:
    counted, groups, words = found
    text = f"{counted} of {groups} pods {words}"
    if counted == groups:
        ledger.set(name, "True", name, text)
    else:
        reason, told = why
        ledger.set(name, "False", reason, f"{text}; {told}" if told else text)


def _note_restarts(ledger: status.Ledger, seen: scene.Scene) -> None:
    """Says in Ready which units were restarted; readers follow the new generation."""
    counted = fates.restarts(seen.group_pods)
    if not counted:
        return
    told = "; ".join(
        f"{unit} was restarted {count} time(s), the last time after {why}"
        for unit, (count, why) in sorted(counted.items())
    )
    ready = ledger.get(status.READY)
    reason = "Restarted" if ready.status == "True" else ready.reason
    ledger.set(status.READY, ready.status, reason, f"{ready.message}; {told}")
