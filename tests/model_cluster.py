"""A cluster that is only a dictionary: it carries decisions out and lets pods meet their fates.

Enough of Kubernetes for the operator's decisions: a Job makes one pod, a Deployment one at a time;
what is owned goes with its owner. Every write can be the last one before a crash.
"""

import copy
import pathlib
from typing import Any

import yaml
from tickwork_operator import decide, status
from tickwork_operator.objects import names
from tickwork_operator.objects.options import Images, Options

ROOT = pathlib.Path(__file__).resolve().parents[1]
DEMO = ROOT / "experiments" / "pipeline" / "demo.yaml"
OPTIONS = Options(images=Images("registry.test/services:1", "registry.test/conductor:1"))
NOW_UNIX_NS = 1_800_000_000_000_000_000
SECOND_NS = 1_000_000_000
ROUNDS_MAX = 8
# What a Conductor leaves as its termination message.
DIGEST = {
    "status": "complete",
    "exitCode": 0,
    "verdict": "every book equal",
    "book": {"compared": 10, "equal": 10},
    "questions": [{"name": "endToEnd", "n": 9, "p50Ns": 21_400, "p99Ns": 180_000}],
    "skewNs": 412_000,
    "startUnixNs": 1_800_000_003_000_000_123,
}

FINAL = frozenset({"Complete", "Failed"})


class CrashError(Exception):
    """The operator was killed after a write."""


def experiment(path: pathlib.Path = DEMO, uid: str = "0b5ad7a4", **cluster: Any) -> dict[str, Any]:
    """Returns the custom resource of the Experiment in ``path``."""
    made: dict[str, Any] = yaml.safe_load(path.read_text())
    made["metadata"] |= {"namespace": "lab", "uid": uid, "generation": 1}
    if cluster:
        made["spec"]["cluster"] = cluster
    return made


def provider(**cluster: Any) -> dict[str, Any]:
    """Returns the demo as a provider: it has no duration."""
    made = experiment(**cluster)
    del made["spec"]["durationSeconds"]
    return made


class Cluster:
    """One Experiment in a cluster, with the operator's decisions carried out.

    ``made`` counts how often each object was made. ``crash_after`` is the number of writes after
    which the operator dies in the next round.
    """

    def __init__(self, body: dict[str, Any], options: Options = OPTIONS) -> None:
        self.experiment = body
        self.options = options
        self.now = NOW_UNIX_NS
        self.children: dict[tuple[str, str], dict[str, Any]] = {}
        self.made: dict[tuple[str, str], int] = {}
        self.refusals: dict[str, str] = {}
        self.refused: dict[tuple[str, str], decide.Refusal] = {}
        self.warnings: list[decide.Refusal] = []
        self.events: list[decide.Event] = []
        self.crash_after: int | None = None
        self.next_deadline: int | None = None

    # -- the operator -----------------------------------------------------------------------------

    def look(self) -> decide.Decision:
        """Returns what the operator would do now."""
        observed = decide.Observed(
            copy.deepcopy(self.children), tuple(self.refused.values()), tuple(self.warnings)
        )
        body = copy.deepcopy(self.experiment)
        return decide.decide(body, observed, self.now, self.options)

    def settle(self) -> None:
        """Lets the operator work until nothing is left to do, or it dies."""
        try:
            for _ in range(ROUNDS_MAX):
                if not self._carry_out(self.look()):
                    return
        except CrashError:
            self.crash_after = None
            return
        raise AssertionError(f"not at rest after {ROUNDS_MAX} rounds: {self.look()}")

    def _carry_out(self, decision: decide.Decision) -> bool:
        told = self._write_status(decision)
        made = False
        for body in decision.apply:
            before = dict(self.refused)
            if not self._make(body):
                # A refusal for a reason of its own is news, the same one again is not.
                made = made or _reasons(before) != _reasons(self.refused)
                break
            made = True
        removed = [key for key in decision.delete if self._remove(key)]
        self.next_deadline = decision.next_deadline_unix_ns
        return told or made or bool(removed)

    def _write_status(self, decision: decide.Decision) -> bool:
        before = self.experiment.get("status", {})
        if {key: each for key, each in before.items() if key != "progress"} == decision.status:
            return False
        kept = {"progress": before["progress"]} if "progress" in before else {}
        self.experiment["status"] = {**copy.deepcopy(decision.status), **kept}
        self.events += decision.events
        self._count_write()
        return True

    def _make(self, body: dict[str, Any]) -> bool:
        key = (body["kind"], body["metadata"]["name"])
        assert key not in self.children, f"{key} is there already"
        if (reason := self.refusals.get(body["kind"])) is not None:
            self.refused[key] = decide.Refusal(*key, reason, "exceeded quota: few", self.now)
            return False
        self.refused.pop(key, None)
        self.children[key] = copy.deepcopy(body)
        self.made[key] = self.made.get(key, 0) + 1
        if body["kind"] in {"Job", "Deployment"}:
            self._make_pod(body)
        self._count_write()
        return True

    def _make_pod(self, owner: dict[str, Any]) -> None:
        name = f"{owner['metadata']['name']}-{self.made[owner['kind'], owner['metadata']['name']]}"
        template = copy.deepcopy(owner["spec"]["template"])
        template["metadata"] |= {
            "name": name,
            "ownerReferences": [{"kind": owner["kind"], "name": owner["metadata"]["name"]}],
        }
        self.children["Pod", name] = {"kind": "Pod", **template}

    def _remove(self, key: tuple[str, str]) -> bool:
        if key not in self.children:
            return False
        self.delete(key)
        self._count_write()
        return True

    def _count_write(self) -> None:
        if self.crash_after is None:
            return
        self.crash_after -= 1
        if self.crash_after <= 0:
            raise CrashError

    # -- what happens -----------------------------------------------------------------------------

    def delete(self, key: tuple[str, str]) -> None:
        """Deletes an object and what it owns, at once."""
        self.children.pop(key, None)
        for other in [
            each
            for each, body in self.children.items()
            if any((o["kind"], o["name"]) == key for o in body["metadata"]["ownerReferences"])
        ]:
            del self.children[other]

    def wait(self, seconds: float) -> None:
        """Lets time pass, and the operator look at what became of it."""
        self.now += round(seconds * SECOND_NS)
        self.settle()

    def pods(self, component: str | None = None) -> list[dict[str, Any]]:
        """Returns the pods, or those of a Group or the Conductor."""
        return [
            body
            for (kind, _), body in sorted(self.children.items())
            if kind == "Pod"
            and component in {None, body["metadata"]["labels"][names.COMPONENT_LABEL]}
        ]

    def job(self) -> dict[str, Any] | None:
        """Returns the Conductor's Job."""
        found = [body for (kind, _), body in self.children.items() if kind == "Job"]
        assert len(found) <= 1, "two Jobs"
        return found[0] if found else None

    def start_pods(self) -> None:
        """Gives every pod a node and starts all its containers."""
        for pod in self.pods():
            schedule(pod)
            for each in pod["spec"]["containers"]:
                set_container(pod, each["name"], started=True, ready=False, state={"running": {}})

    def tell_progress(self, phase: str, **more: Any) -> None:
        """Writes what the Conductor says of its progress, if there is one that runs."""
        held = self.experiment.setdefault("status", {})
        held["progress"] = {"phase": phase, "percent": 50, "run": held.get("run"), **more}

    def run_until_running(self) -> None:
        """Brings the run to where all its units run."""
        self.settle()
        self.start_pods()
        self.tell_progress("Running")
        self.settle()

    def end_conductor(self, code: int, message: str = "", reason: str = "Completed") -> None:
        """Ends the Conductor's container."""
        for pod in self.pods(names.CONDUCTOR):
            ended = {"exitCode": code, "message": message, "reason": reason, "finishedAt": "z"}
            set_container(pod, names.CONDUCTOR, state={"terminated": ended})

    # -- what a person sees -----------------------------------------------------------------------

    @property
    def status(self) -> dict[str, Any]:
        """The status of the Experiment."""
        found: dict[str, Any] = self.experiment["status"]
        return found

    @property
    def phase(self) -> str:
        """The phase of the Experiment."""
        return str(self.status["phase"])

    def condition(self, name: str) -> dict[str, Any]:
        """Returns a condition of the Experiment."""
        [found] = [each for each in self.status["conditions"] if each["type"] == name]
        return found

    def truth(self, name: str) -> str:
        """Returns the status of a condition."""
        return str(self.condition(name)["status"])

    def kinds(self) -> set[str]:
        """Returns the kinds of the objects that are there."""
        return {kind for kind, _ in self.children}


def running(**cluster: Any) -> Cluster:
    """Returns a cluster in which the demo runs."""
    made = Cluster(experiment(**cluster))
    made.run_until_running()
    assert made.phase == "Running"
    return made


def _reasons(refused: dict[tuple[str, str], decide.Refusal]) -> dict[tuple[str, str], str]:
    return {key: each.reason for key, each in refused.items()}


def schedule(pod: dict[str, Any], node: str = "node-a") -> None:
    """Gives a pod its node."""
    pod["spec"]["nodeName"] = node
    pod.setdefault("status", {})["phase"] = "Running"


def set_container(pod: dict[str, Any], name: str, **said: Any) -> None:
    """Sets the status of one container of a pod."""
    held = pod.setdefault("status", {}).setdefault("containerStatuses", [])
    for each in held:
        if each["name"] == name:
            each.update(said)
            return
    held.append({"name": name, "restartCount": 0, **said})


def set_condition(thing: dict[str, Any], name: str, **said: Any) -> None:
    """Sets a condition of a pod or Job."""
    held = thing.setdefault("status", {}).setdefault("conditions", [])
    held[:] = [each for each in held if each["type"] != name]
    held.append({"type": name, "status": "True", **said})


def rank(phase: str) -> int:
    """Returns how far a phase is; a run never goes back."""
    order = ("Pending", "Suspended", "Planned", "Starting", status.RUNNING, "Collecting")
    return len(order) if phase in FINAL else order.index(phase)
