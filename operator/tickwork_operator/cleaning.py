"""What of a finished run is kept, and until when; and where its results are. Pure."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tickwork.manifest.cluster import Cluster, Sink
from tickwork_operator import endings, reasons, scene, status
from tickwork_operator.objects import addresses, conductor, names
from tickwork_operator.objects.options import Options
from tickwork_operator.objects.run import Run

Object = Mapping[str, Any]
Key = scene.Key

# The Conductor's pod is served by these until the end; all else goes with the Groups' pods.
_KEPT_KINDS = frozenset({"NetworkPolicy", "ServiceAccount"})

# An image of ours has no shell and no tar, but it has Python.
_PACK = (
    "import sys,tarfile;t=tarfile.open(fileobj=sys.stdout.buffer,mode='w|');"
    f"t.add('{addresses.OUTPUT}','output');t.close()"
)


def rescue(namespace: str, run: str, keep_seconds: int) -> str:
    """Returns how to get at what units wrote where nothing could take it: out of their pods."""
    chosen = f"-l {names.RUN_LABEL}={run},{names.GROUP_LABEL}"
    return (
        f"what units wrote stays in their pods for {keep_seconds} s: "
        f"for pod in $(kubectl get pods -n {namespace} {chosen} -o name); do "
        f'kubectl exec -n {namespace} $pod -- python -c "{_PACK}" > ${{pod#pod/}}.tar; done'
    )


def remainder(seen: scene.Scene) -> str:
    """Returns how to fetch what a Conductor had gathered that did not end by itself.

    Empty where nobody keeps it.
    """
    if not endings.is_kept(seen.conductor_pods):
        return ""
    seconds = seen.run.sink.keep_seconds
    return f"; what was gathered until then is kept for {seconds} s: {_fetch(seen.run)}"


def results(seen: scene.Scene) -> dict[str, Any]:
    """Returns where the run directory is, and the command that fetches it."""
    run = seen.run
    pods = [pod["metadata"]["name"] for pod in seen.conductor_pods]
    where = f"pod/{pods[0]}" if pods else f"job/{run.child(names.CONDUCTOR)}"
    if run.sink.kind == "pvc":
        where = f"pvc/{run.sink.claim}/{conductor.run_directory(run).rsplit('/', maxsplit=1)[-1]}"
    return {
        "sink": run.sink.kind,
        "where": where,
        "fetch": _fetch(run),
        "available": True,
    }


def _fetch(run: Run) -> str:
    return f"tickwork fetch {run.name} -n {run.namespace}"


@dataclasses.dataclass(frozen=True)
class Broom:
    """Decides what of a finished run is swept away."""

    children: Mapping[Key, Object]
    cluster: Cluster
    ledger: status.Ledger
    ended_unix_ns: int
    options: Options

    def removable(self, now_unix_ns: int) -> tuple[Key, ...]:
        """Returns the objects that are no longer needed at ``now_unix_ns``."""
        mine = [key for key in scene.owned(self.children) if not self._is_going(key)]
        if (due := self._ttl_unix_ns()) is not None and now_unix_ns >= due:
            return tuple(sorted(mine))
        if self._keeps_pods(now_unix_ns):
            mine = [key for key in mine if key[0] == "Job"]
        return tuple(sorted(key for key in mine if not self._is_kept(key)))

    def deadlines(self, now_unix_ns: int) -> list[int]:
        """Returns the instants at which more may be removed."""
        due = [self._ttl_unix_ns(), self._sink_unix_ns()]
        return [each for each in due if each is not None and each > now_unix_ns and self.children]

    def has_results(self, now_unix_ns: int, *, begun: bool) -> bool:
        """Says whether the run directory can be fetched now: all of it, or what a keeper has.

        A Conductor that never ``begun`` has left its keeper nothing.
        """
        collected = self.ledger.holds(status.COLLECTED)
        if self._sink.kind == "pvc" or not (begun or collected):
            return collected
        due = self._ttl_unix_ns()
        return endings.is_kept(self._conductor_pods()) and (due is None or now_unix_ns < due)

    @property
    def _sink(self) -> Sink:
        return self.cluster.sink or self.options.sink

    def _ttl_unix_ns(self) -> int | None:
        ttl = self.cluster.ttl_after_finished
        failed = self.ledger.holds(status.FAILED)
        seconds = ttl.failed_seconds if failed else ttl.complete_seconds
        return None if seconds is None else self.ended_unix_ns + seconds * status.SECOND_NS

    def _sink_unix_ns(self) -> int | None:
        """Returns until when the pods are kept because their data could not be gathered."""
        if self.ledger.get(status.COLLECTED).reason != reasons.SINK_UNAVAILABLE:
            return None
        return self.ended_unix_ns + self._sink.keep_seconds * status.SECOND_NS

    def _keeps_pods(self, now_unix_ns: int) -> bool:
        if (due := self._sink_unix_ns()) is not None and now_unix_ns < due:
            return True
        failed = self.ledger.holds(status.FAILED)
        return self.cluster.keep_pods == "always" or (
            self.cluster.keep_pods == "onFailure" and failed
        )

    def _is_kept(self, key: Key) -> bool:
        """Says whether an object outlives the pods: the Job that has ended, and what it needs."""
        kind, _ = key
        if kind == "Job":
            return endings.of_conductor(self.children[key], self._conductor_pods()) is not None
        component = self._labels(key).get(names.COMPONENT_LABEL)
        return kind in _KEPT_KINDS or (kind == "ConfigMap" and component == names.PLAN)

    def _is_going(self, key: Key) -> bool:
        return "deletionTimestamp" in self.children[key]["metadata"]

    def _conductor_pods(self) -> list[Object]:
        return [
            each
            for key, each in self.children.items()
            if key[0] == "Pod" and self._labels(key).get(names.COMPONENT_LABEL) == names.CONDUCTOR
        ]

    def _labels(self, key: Key) -> Mapping[str, str]:
        return self.children[key]["metadata"].get("labels") or {}
