import collections
import importlib.util
import pathlib

import pytest

from tickwork.kinds import compiler

ROOT = pathlib.Path(__file__).parents[4]
_SPEC = importlib.util.spec_from_file_location(
    "regenerate", ROOT / "tests" / "golden" / "regenerate.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
regenerate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(regenerate)


def test_experiments_give_their_golden_plans() -> None:
    golden = {path.name: path.read_text() for path in (ROOT / "tests/golden/plans").glob("*.json")}
    assert regenerate.plans() == golden, "read the diff of: python tests/golden/regenerate.py"


def comparison(*sets: str) -> compiler.Plan:
    path = ROOT / "experiments" / "pipeline" / "fused-against-split.yaml"
    return compiler.compile_experiment(compiler.load_file(path, sets))


def test_a_plan_depends_on_nothing_but_the_experiment() -> None:
    assert comparison() == comparison()


def test_arms_meet_in_every_repeat() -> None:
    blocks = comparison().blocks
    assert [block.index for block in blocks] == list(range(20))
    by_repeat = collections.defaultdict(set)
    for block in blocks:
        by_repeat[block.repeat].add(block.arm)
    assert all(arms == {"fused", "split"} for arms in by_repeat.values())
    assert [block.repeat for block in blocks] == sorted(block.repeat for block in blocks)


def test_the_order_of_arms_is_drawn_from_the_seed() -> None:
    orders = {
        tuple(block.arm for block in comparison(f"seed={seed}").blocks) for seed in range(1, 6)
    }
    assert len(orders) > 1


def test_groups_are_made_once_per_arm() -> None:
    names = [group.name for group in comparison().groups]
    assert names == ["venue-fused", "pipeline-fused", "venue-split", "pipeline-split"]


def test_arms_publish_under_names_of_their_own() -> None:
    assert comparison().publish_names == ("placement-fused", "placement-split")


@pytest.mark.parametrize("name", sorted(compiler.KINDS))
def test_every_kind_has_a_planner(name: str) -> None:
    assert name in compiler._PLANNERS
