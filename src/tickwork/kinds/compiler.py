"""Turns an Experiment into a Plan; holds the one table of kinds. Pure.

The whole way for a caller::

    experiment = compiler.load_file(path, sets)
    plan = compiler.compile_experiment(experiment)
"""

import pathlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tickwork.kinds.pipeline import planner as pipeline_planner
from tickwork.kinds.pipeline import rules as pipeline_rules
from tickwork.kinds.pipeline import spec as pipeline_spec
from tickwork.manifest import load as loading
from tickwork.manifest.envelope import MAIN_ARM, Arm, Experiment
from tickwork.manifest.kind import Kind
from tickwork.plan import wiring
from tickwork.plan.plan import Block, Group, Link, Plan


class Layout(NamedTuple):
    """One arm, laid out: its groups, its links, the name it publishes under (or none)."""

    groups: tuple[Group, ...]
    links: tuple[Link, ...]
    publish_name: str


def _plan_pipeline(experiment: Experiment, arm: Arm) -> Layout:
    suffix = "" if arm.name == MAIN_ARM and len(experiment.arms) == 1 else f"-{arm.name}"
    asked = pipeline_planner.Arm(experiment.name, arm.name, suffix, arm.shared.seed)
    laid = pipeline_planner.lay_out(asked, arm.spec)
    return Layout(laid.groups, laid.links, laid.publish_name)


KINDS: Mapping[str, Kind] = {
    "pipeline": Kind(
        "pipeline",
        pipeline_spec.PipelineSpec,
        pipeline_rules.RULES,
        pipeline_planner.group_names,
        pipeline_rules.IS_GROUP,
    ),
}
_PLANNERS: Mapping[str, Callable[[Experiment, Arm], Layout]] = {
    "pipeline": _plan_pipeline,
}


def load_file(path: pathlib.Path, sets: Sequence[str] = ()) -> Experiment:
    """Loads the Experiment in ``path``; raises InputError, ManifestError with every mistake."""
    return loading.load_file(path, KINDS, sets)


def load(text: str, source: str, sets: Sequence[str] = ()) -> Experiment:
    """Loads the Experiment in ``text``; ``source`` names it in mistakes."""
    return loading.load(text, source, KINDS, sets)


def compile_experiment(experiment: Experiment) -> Plan:
    """Returns the Plan of ``experiment``, a function of nothing else.

    Raises PlanError naming every link that cannot reach.
    """
    layouts = [_PLANNERS[experiment.kind](experiment, arm) for arm in experiment.arms]
    groups = tuple(group for layout in layouts for group in layout.groups)
    links = tuple(link for layout in layouts for link in layout.links)
    wiring.check(groups, links)
    return Plan(
        experiment=experiment.name,
        kind=experiment.kind,
        seed=experiment.shared.seed,
        drain_ms=experiment.shared.drain_ms,
        hold_ms=round(experiment.shared.hold_seconds * 1000),
        restart=experiment.shared.restart_policy,
        publish_names=tuple(layout.publish_name for layout in layouts if layout.publish_name),
        groups=groups,
        links=links,
        blocks=_blocks(experiment),
    )


def _blocks(experiment: Experiment) -> tuple[Block, ...]:
    """Returns the blocks in their order: repeat by repeat, the arms of each shuffled by the seed.

    Arms stay paired within a repeat, so that a drift of the machine meets all of them.
    """
    if experiment.shared.duration_seconds is None:
        return ()
    order = random.Random(experiment.shared.seed)
    blocks: list[Block] = []
    for repeat in range(experiment.shared.repeats):
        arms = list(experiment.arms)
        order.shuffle(arms)
        blocks += [_block(len(blocks) + offset, repeat, arm) for offset, arm in enumerate(arms)]
    return tuple(blocks)


def _block(index: int, repeat: int, arm: Arm) -> Block:
    duration: Any = arm.shared.duration_seconds
    return Block(
        index=index,
        arm=arm.name,
        repeat=repeat,
        duration_ns=round(duration * 1e9),
        warm_up_ns=round(arm.shared.warm_up_seconds * 1e9),
    )
