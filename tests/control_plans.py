"""Small plans whose units are idle: they drive control alone, without links or a venue."""

import pathlib
import sys

from tickwork.plan import plan as plans

IDLE = (sys.executable, "-P", str(pathlib.Path(__file__).parent / "integration" / "idle_unit.py"))


def small_plan(
    *names: str,
    seconds: float = 1.0,
    blocks: int = 1,
    restart: str = "never",
    settings: dict[str, dict[str, object]] | None = None,
    publish_names: tuple[str, ...] = (),
) -> plans.Plan:
    """Returns a plan of one group ``idle`` with the units ``names``, in the order of the flow."""
    units = tuple(
        plans.PlannedUnit(
            name=name,
            wait="park",
            flow=flow,
            ports=(plans.Port(name="control"), plans.Port(name="metrics")),
            components=(
                plans.PlannedComponent(
                    name=name, component="idle", settings=(settings or {}).get(name, {})
                ),
            ),
        )
        for flow, name in enumerate(names)
    )
    return plans.Plan.model_validate(
        {
            "experiment": "small",
            "kind": "pipeline",
            "seed": 1,
            "drain_ms": 500,
            "restart": restart,
            "publish_names": publish_names,
            "groups": (plans.Group(name="idle", arm="main", units=units),),
            "links": (),
            "blocks": tuple(
                plans.Block(
                    index=index,
                    arm="main",
                    repeat=index,
                    duration_ns=round(seconds * 1e9),
                    warm_up_ns=0,
                )
                for index in range(blocks)
            ),
        }
    )
