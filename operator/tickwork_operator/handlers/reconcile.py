"""Carries decisions out: looks, decides, writes, and looks again until nothing is left to do.

Every step is safe to repeat and to break off: names are functions of the Experiment, an object
that has the name already is adopted where this Experiment owns it and left alone where not, and
whoever starts again decides from what is there.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tickwork import errors
from tickwork_operator import decide, resources
from tickwork_operator.handlers import refusals
from tickwork_operator.handlers import view as views
from tickwork_operator.handlers.means import Means
from tickwork_operator.objects.options import Options

ROUNDS_MAX = 8
BACK_OFF_NS_MIN = 500_000_000
BACK_OFF_NS_MAX = 60_000_000_000
EVENT_TEXT_MAX = 1000

# What the Conductor tells every second, and no decision looks at.
_PASSING = frozenset({"percent", "block", "message"})

Object = dict[str, Any]
Outcome = Literal["changed", "unchanged", "failed"]
Decide = Callable[[Mapping[str, Any], decide.Observed, int, Options], decide.Decision]


@dataclasses.dataclass
class _Trouble:
    """Why the last look at an Experiment did not get through, and when to try again."""

    refused: dict[tuple[str, str], decide.Refusal] = dataclasses.field(default_factory=dict)
    back_off_ns: int = 0
    retry_unix_ns: int = 0

    def put_off(self, now_unix_ns: int) -> None:
        """Waits twice as long as the last time."""
        self.back_off_ns = min(max(self.back_off_ns * 2, BACK_OFF_NS_MIN), BACK_OFF_NS_MAX)
        self.retry_unix_ns = now_unix_ns + self.back_off_ns


class Reconciler:
    """Looks at one Experiment at a time, as often as the queue says; several may run at once."""

    def __init__(
        self,
        means: Means,
        now_unix_ns: Callable[[], int],
        decide_next: Decide = decide.decide,
    ) -> None:
        self._api = means.api
        self._view = means.view
        self._deadlines = means.deadlines
        self._options = means.options
        self._metrics = means.metrics
        self._logger = means.logger
        self._now_unix_ns = now_unix_ns
        self._decide = decide_next
        self._troubles: dict[str, _Trouble] = {}
        self._rested: dict[str, Any] = {}

    async def reconcile(self, uid: str) -> Outcome:
        """Brings one Experiment as far as it goes now.

        A failure is logged, counted and tried again after a while: it never ends the operator.
        """
        trouble = self._troubles.setdefault(uid, _Trouble())
        try:
            return "changed" if await self._rounds(uid, trouble) else "unchanged"
        except errors.TickworkError as error:
            self._logger.warning("put off", uid=uid, error=str(error))
        except Exception:
            self._logger.exception("cannot decide", uid=uid)
            self._metrics.count_error("other")
        trouble.put_off(self._now_unix_ns())
        self._deadlines.set(uid, trouble.retry_unix_ns)
        return "failed"

    def drop(self, uid: str) -> None:
        """Forgets an Experiment that is gone."""
        self._view.forget(uid)
        self._leave(uid)

    def _leave(self, uid: str) -> None:
        self._deadlines.set(uid, None)
        self._troubles.pop(uid, None)
        self._rested.pop(uid, None)

    def is_news(self, uid: str) -> bool:
        """Says whether an Experiment is other than when it was last left at rest.

        The echo of the operator's own status and the percents of the Conductor are no news.
        """
        experiment = self._view.experiment(uid)
        return experiment is None or self._rested.get(uid) != _essence(experiment)

    async def _rounds(self, uid: str, trouble: _Trouble) -> bool:
        changed = False
        for _ in range(ROUNDS_MAX):
            sight = self._view.sight(uid)
            if sight is None:
                self._leave(uid)
                return changed
            observed = self._view.observed(sight, trouble.refused.values())
            now = self._now_unix_ns()
            decision = self._decide(sight.experiment, observed, now, self._options)
            if not await self._carry_out(sight, decision, trouble):
                break
            changed = True
        else:
            raise errors.RunError(f"Experiment {uid} was not at rest after {ROUNDS_MAX} rounds.")
        self._rested[uid] = _essence(sight.experiment)
        wanted = {(each["kind"], each["metadata"]["name"]) for each in decision.apply}
        # A refusal of what nobody wants any more would be due for ever, and never be tried.
        trouble.refused = {key: each for key, each in trouble.refused.items() if key in wanted}
        if not trouble.refused:
            trouble.back_off_ns = 0
        retry = trouble.retry_unix_ns if trouble.refused else None
        due = [at for at in (decision.next_deadline_unix_ns, retry) if at is not None]
        self._deadlines.set(uid, min(due, default=None))
        return changed

    async def _carry_out(
        self, sight: views.Sight, decision: decide.Decision, trouble: _Trouble
    ) -> bool:
        """Does what was decided; says whether there was anything to do."""
        told = await self._write_status(sight, decision)
        if told is None:
            return True
        made = await self._make(sight, decision, trouble)
        removed = await self._remove(sight, decision)
        return told or made or removed

    async def _write_status(self, sight: views.Sight, decision: decide.Decision) -> bool | None:
        """Writes the status where it differs; None: the Experiment is gone."""
        experiment = sight.experiment
        old = {k: v for k, v in experiment.get("status", {}).items() if k != "progress"}
        if old == decision.status:
            return False
        uid = experiment["metadata"]["uid"]
        try:
            self._view.see(await self._api.apply_status(experiment, dict(decision.status)))
        except errors.ClusterError as error:
            if not refusals.tells_gone(error):
                raise
            # Gone, or another Experiment has its name now; no watch has told yet.
            self._logger.info("gone", uid=uid, error=str(error))
            self._view.forget(uid)
            return None
        self._logger.info("status", **_named(experiment), phase=decision.status.get("phase"))
        for event in decision.events:
            await self._post(experiment, event)
        return True

    async def _make(self, sight: views.Sight, decision: decide.Decision, trouble: _Trouble) -> bool:
        """Makes objects in their order, up to the first that is refused."""
        for body in decision.apply:
            key = (body["kind"], body["metadata"]["name"])
            if key in trouble.refused and self._now_unix_ns() < trouble.retry_unix_ns:
                return False
            try:
                self._view.see(await self._ensure(sight, dict(body)))
            except errors.ClusterError as error:
                return self._note_refusal(sight, key, error, trouble)
            trouble.refused.pop(key, None)
            self._logger.info("made", **_named(sight.experiment), kind=key[0], child=key[1])
        return bool(decision.apply)

    async def _ensure(self, sight: views.Sight, body: Object) -> Object:
        """Makes one object, or brings it to what it should be; returns it as it is now."""
        known = sight.children.get((body["kind"], body["metadata"]["name"]))
        if known is not None:
            return await self._api.apply(body, known["metadata"]["uid"])
        try:
            return await self._api.create(body)
        except errors.ClusterError as error:
            if error.reason != "AlreadyExists":
                raise
        metadata = body["metadata"]
        found = await self._api.read(body["kind"], metadata["namespace"], metadata["name"])
        uid = sight.experiment["metadata"]["uid"]
        if self._view.owner_of(found) != uid:
            raise refusals.taken(body, found)
        return found

    def _note_refusal(
        self,
        sight: views.Sight,
        key: tuple[str, str],
        error: errors.ClusterError,
        trouble: _Trouble,
    ) -> bool:
        """Keeps a refusal for the next decision; says whether it says anything new."""
        now = self._now_unix_ns()
        refusal = refusals.refusal(key, error, now)
        if refusal is None:
            raise error
        trouble.put_off(now)
        before = trouble.refused.get(key)
        trouble.refused[key] = refusal
        if before is not None and before.reason == refusal.reason:
            return False
        self._logger.warning(
            "refused",
            **_named(sight.experiment),
            child=key[1],
            reason=refusal.reason,
            error=str(error),
        )
        return True

    async def _remove(self, sight: views.Sight, decision: decide.Decision) -> bool:
        """Deletes objects; one that is on its way already is left to go."""
        removed = False
        for kind, name in decision.delete:
            metadata = sight.children[kind, name]["metadata"]
            if "deletionTimestamp" in metadata:
                continue
            removed = True
            try:
                answer = await self._api.delete(kind, metadata["namespace"], name, metadata["uid"])
            except errors.ClusterError as error:
                if error.status not in {404, 409}:
                    raise
                answer = {}
            if answer.get("kind") == kind and "deletionTimestamp" in answer["metadata"]:
                self._view.see(answer)
            else:
                self._view.forget(metadata["uid"])
            self._logger.info("removed", **_named(sight.experiment), kind=kind, child=name)
        return removed

    async def _post(self, experiment: Object, said: decide.Event) -> None:
        """Posts one Event; one of the same words about the same Experiment is there already."""
        try:
            await self._api.create(event(experiment, said, self._now_unix_ns()))
        except errors.ClusterError as error:
            if error.reason != "AlreadyExists":
                self._logger.warning("event lost", **_named(experiment), error=str(error))


def event(experiment: Object, said: decide.Event, now_unix_ns: int) -> Object:
    """Returns an Event about ``experiment``, named by what it says, so that none comes twice."""
    metadata = experiment["metadata"]
    words = "\0".join((metadata["uid"], said.type, said.reason, said.message))
    name = f"{metadata['name'][:40]}.{hashlib.sha256(words.encode()).hexdigest()[:16]}"
    at = refusals.utc(now_unix_ns)
    return {
        "apiVersion": resources.EVENTS.api_version,
        "kind": resources.EVENTS.kind,
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": resources.EXPERIMENTS.api_version,
            "kind": resources.EXPERIMENT,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": said.type,
        "reason": said.reason,
        "message": said.message[:EVENT_TEXT_MAX],
        "source": {"component": resources.FIELD_MANAGER},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }


def _essence(experiment: Object) -> Any:
    status = dict(experiment.get("status", {}))
    told = status.pop("progress", None) or {}
    progress = {key: value for key, value in told.items() if key not in _PASSING}
    # While a definition is replaced one generation may be shown twice: at first without the fields
    # that are new in it.
    return experiment["metadata"].get("generation"), experiment.get("spec"), status, progress


def _named(experiment: Object) -> dict[str, str]:
    metadata = experiment["metadata"]
    return {"namespace": metadata["namespace"], "experiment": metadata["name"]}
