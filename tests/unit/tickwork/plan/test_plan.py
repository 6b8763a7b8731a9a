import pathlib

import pytest

from tickwork.kinds import compiler
from tickwork.plan import plan

EXPERIMENTS = sorted(
    (pathlib.Path(__file__).parents[4] / "experiments" / "pipeline").glob("*.yaml")
)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_a_plan_survives_its_json(path: pathlib.Path) -> None:
    made = compiler.compile_experiment(compiler.load_file(path))
    assert plan.from_json(made.to_json()) == made


def test_units_start_and_stop_in_their_orders() -> None:
    demo = next(path for path in EXPERIMENTS if path.stem == "demo")
    made = compiler.compile_experiment(compiler.load_file(demo))
    assert made.unit_paths() == [
        "venue/twin",
        "pipeline/publisher",
        "pipeline/book",
        "pipeline/normalizer",
        "pipeline/forwarder",
        "pipeline/shm",
        "pipeline/tcp",
    ]
    assert made.stop_order() == [
        "pipeline/forwarder",
        "pipeline/normalizer",
        "pipeline/book",
        "pipeline/publisher",
        "pipeline/shm",
        "pipeline/tcp",
        "venue/twin",
    ]
    assert not made.is_provider
