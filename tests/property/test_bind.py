"""Whatever is planned: every endpoint is bound, and both ends of a link get one address."""

import itertools

import hypothesis
import hypothesis.strategies as st

from tickwork.kinds import compiler
from tickwork.plan import bind

BASE = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: base}
spec:
  durationSeconds: 10
  pipeline:
    venue: {name: binance-usdm, instruments: [BTCUSDT], twin: {}}
    publish: {tcp: {}}
"""


@hypothesis.settings(max_examples=40)
@hypothesis.given(
    placement=st.sampled_from(["split", "fused"]),
    consumers=st.lists(st.sampled_from(["shm", "tcp", "far"]), max_size=5),
    arms=st.integers(0, 3).filter(lambda count: count != 1),
)
def test_both_ends_of_every_link_are_bound_to_one_address(placement, consumers, arms) -> None:
    written = ", ".join(
        f"{{name: c{index}, transport: {'tcp' if each == 'far' else each}, "
        f"group: {'far' if each == 'far' else 'pipeline'}}}"
        for index, each in enumerate(consumers)
    )
    sets = [f"pipeline.placement={placement}", f"pipeline.consumers=[{written}]"]
    if arms:
        sets.append(f"arms=[{', '.join(f'{{name: a{index}}}' for index in range(arms))}]")
    plan = compiler.compile_experiment(compiler.load(BASE, "base.yaml", sets))
    endpoints = [endpoint for endpoint, _ in bind.endpoints(plan)]
    assert len(set(endpoints)) == len(endpoints)
    numbers = itertools.count(1)
    addresses = {endpoint: f"host:{next(numbers)}" for endpoint in endpoints}
    directories = {path: bind.Directories(f"/out/{path}", "/shm") for path in plan.unit_paths()}
    units = bind.bind(plan, bind.Binding("run", addresses, directories))
    assert [unit.path for unit in units] == plan.unit_paths()
    ends = [
        (unit.arm, each.link, each.address)
        for unit in units
        for component in unit.components
        for each in (*component.inlets, *component.outlets)
    ]
    places = {(arm, link): address for arm, link, address in ends}
    assert all(places[arm, link] == address for arm, link, address in ends)
    shared = [each for key, each in places.items() if not each.startswith("/") and "." not in each]
    assert len(set(shared)) == len(shared)
