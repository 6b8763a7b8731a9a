"""One attempt at an Experiment, read from the custom resource: what every builder needs."""

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.manifest import document, validation
from tickwork.manifest.cluster import Cluster, GroupPlacement, Sink
from tickwork.manifest.envelope import API_VERSION
from tickwork.plan import plan as plans
from tickwork_operator.objects import names
from tickwork_operator.objects.options import Options

MISTAKES_SHOWN_MAX = 8
COMPILED_MAX = 256
OLDER = "this operator is older than the definition of Experiments on the cluster, upgrade it"

Object = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Run:
    """One attempt: whose it is, what is asked for, and the Plan.

    ``text`` is the Experiment as YAML. ``mark`` sets the names of its children apart.
    """

    name: str
    namespace: str
    uid: str
    attempt: int
    text: str
    cluster: Cluster
    plan: plans.Plan
    options: Options

    @functools.cached_property
    def mark(self) -> str:
        """The tag in the name of every child."""
        return names.tag(self.uid, self.attempt)

    @functools.cached_property
    def run_id(self) -> str:
        """The run's name in labels, unit files and results."""
        return names.run_id(self.name, self.mark)

    @property
    def sink(self) -> Sink:
        """Where the run directory goes: the Experiment's own wish, else the operator's option."""
        return self.cluster.sink or self.options.sink

    @property
    def secured(self) -> bool:
        """Whether links between Groups, and Control, are under mutual TLS."""
        return self.options.tls_secret is not None and not self.cluster.plaintext

    def child(self, part: str) -> str:
        """Returns the name of the child that is called ``part``: a Group, plan or conductor."""
        return names.child(self.name, part, self.mark)

    def services(self) -> dict[str, str]:
        """Returns the name of each Group's headless Service."""
        return {group.name: self.child(group.name) for group in self.plan.groups}

    def placement(self, group: plans.Group) -> GroupPlacement:
        """Returns what the Experiment asks for the pod of ``group``."""
        arms = len({each.arm for each in self.plan.groups})
        return self.cluster.groups.get(names.plain_group(group, arms), GroupPlacement())

    def labels(self, component: str) -> dict[str, str]:
        """Returns the labels of a child; ``component`` is a Group's name or conductor."""
        extra = self.options.extra_labels
        return names.labels(self.name, self.run_id, self.plan.kind, component, extra)

    def metadata(self, name: str, component: str, **more: Any) -> dict[str, Any]:
        """Returns the metadata of a child: its name, labels, and the Experiment as its owner."""
        return {
            "name": name,
            "namespace": self.namespace,
            "labels": self.labels(component),
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": "Experiment",
                    "name": self.name,
                    "uid": self.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
            **more,
        }


def read(experiment: Object, attempt: int, options: Options, recorded: str | None = None) -> Run:
    """Returns the attempt at ``experiment``.

    ``recorded`` is the Plan that the attempt was begun with, as JSON: it holds, whatever this
    operator would plan today. Raises ManifestError or PlanError where there is none, or where the
    part of the spec that is for the operator is wrong.
    """
    head = experiment["metadata"]
    written = _written(experiment)
    text = _show(written)
    if recorded is None:
        cluster, plan = _compile(text)
    else:
        cluster, plan = read_cluster(experiment), _read_recorded(recorded, head["name"])
    return Run(
        name=head["name"],
        namespace=head["namespace"],
        uid=head["uid"],
        attempt=attempt,
        text=text,
        cluster=cluster,
        plan=plan,
        options=options,
    )


def _read_recorded(text: str, name: str) -> plans.Plan:
    try:
        return plans.from_json(text)
    except ValueError as error:
        raise errors.PlanError(
            f"Reading the Plan that {name} was begun with: this operator does not understand it.",
            "It was begun by another version: run it again under another name.",
        ) from error


def read_cluster(experiment: Object) -> Cluster:
    """Returns what ``experiment`` asks of the cluster; the defaults where that is wrong.

    For a run that has begun: a spec that this operator no longer understands must not end it.
    """
    try:
        return Cluster.model_validate((experiment.get("spec") or {}).get("cluster") or {})
    except ValueError:
        return Cluster()


def explain(error: errors.TickworkError, experiment: Object) -> str:
    """Returns what is wrong with a spec in one line: paths, not lines, since nobody sees those.

    An API server keeps no field that its definition lacks: where one stands in the spec that this
    operator does not know, the definition is newer than the operator.
    """
    if not isinstance(error, errors.ManifestError):
        return str(error)
    shown = [
        f"{mistake.path}: {mistake.text}" if mistake.path else mistake.text
        for mistake in error.mistakes[:MISTAKES_SHOWN_MAX]
    ]
    rest = len(error.mistakes) - len(shown)
    text = "; ".join(shown) + (f"; and {rest} more" if rest else "")
    spec = experiment.get("spec") or {}
    newer = any(
        mistake.text.startswith(validation.UNKNOWN_FIELD) and _stands(spec, mistake.path)
        for mistake in error.mistakes
    )
    return f"{OLDER}: {text}" if newer else text


def _stands(spec: Any, path: str) -> bool:
    """Says whether ``spec`` itself has a value at ``path``; what an arm sets is not in it."""
    here = spec
    for part in path.split("."):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, Sequence) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            return False
    return True


def _written(experiment: Object) -> str:
    """Returns the Experiment as JSON, without what the API server added to it."""
    head = {"name": experiment["metadata"]["name"]}
    written = {
        "apiVersion": experiment.get("apiVersion", API_VERSION),
        "kind": "Experiment",
        "metadata": head,
        "spec": experiment.get("spec"),
    }
    return json.dumps(written, default=dict)


@functools.lru_cache(maxsize=COMPILED_MAX)
def _show(written: str) -> str:
    """Returns the Experiment ``written`` as JSON as YAML, which people read in run directories."""
    return document.write(json.loads(written))


@functools.lru_cache(maxsize=COMPILED_MAX)
def _compile(text: str) -> tuple[Cluster, plans.Plan]:
    """Returns what ``text`` asks of the cluster and its Plan; kept, since it is asked often."""
    experiment = compiler.load(text, "spec")
    return experiment.shared.cluster, compiler.compile_experiment(experiment)
