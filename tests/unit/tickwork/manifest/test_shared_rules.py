import pytest

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.manifest import envelope, shared_rules

BASE = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: base}
spec:
  durationSeconds: 10
  pipeline:
    venue: {name: binance-usdm, instruments: [BTCUSDT], twin: {}}
"""
GROUP = "cluster.groups.pipeline"


@pytest.mark.parametrize(
    ("sets", "path", "words"),
    [
        (["warmUpSeconds=10"], "warmUpSeconds", "the warm-up must end before"),
        (["durationSeconds=null", "repeats=2"], "repeats", "needs durationSeconds"),
        (["arms=[{name: a}]"], "arms", "at least two arms"),
        (["arms=[{name: a}, {name: a}]"], "arms.1.name", "duplicate value"),
        (
            ["arms=[{name: a}, {name: b, set: {cluster.plaintext: true}}]"],
            "arms.1.set.cluster.plaintext",
            "an arm cannot set",
        ),
        (["durationSeconds=null", "restart=never"], "restart", "provider"),
        (["cluster.sink={kind: pvc}"], "cluster.sink", "volume claim"),
        (["cluster.sink={claim: a}"], "cluster.sink", "volume claim"),
        ([f"{GROUP}={{qos: guaranteed}}"], GROUP, "whole cpus: 0.05"),
        (
            [f"{GROUP}.tolerations=[{{operator: Exists, value: a}}]"],
            f"{GROUP}.tolerations.0",
            "toleration",
        ),
        ([f"{GROUP}.tolerations=[{{value: a}}]"], f"{GROUP}.tolerations.0", "toleration"),
        (
            [f"{GROUP}={{labels: {{tickwork.dev/run: a}}}}"],
            f"{GROUP}.labels.tickwork.dev/run",
            "operator's own",
        ),
        (["cluster.groups={nowhere: {}}"], "cluster.groups.nowhere", "no such group"),
    ],
)
def test_a_breach_has_its_place_and_its_words(sets: list[str], path: str, words: str) -> None:
    with pytest.raises(errors.ManifestError) as refused:
        compiler.load(BASE, "x.yaml", sets)
    assert [
        each.text for each in refused.value.mistakes if each.path == path and words in each.text
    ]


def test_groups_of_all_arms_are_known() -> None:
    arm = "{name: %s, set: {pipeline.consumers: [{name: r, transport: tcp, group: %s}]}}"
    sets = [
        "pipeline.publish={tcp: {}}",
        f"arms=[{arm % ('a', 'near')}, {arm % ('b', 'far')}]",
        "cluster.groups={near: {}, far: {}, venue: {}, pipeline: {}}",
    ]
    experiment = compiler.load(BASE, "x.yaml", sets)
    assert sorted(experiment.shared.cluster.groups) == ["far", "near", "pipeline", "venue"]


def test_what_is_right_breaks_no_rule() -> None:
    sets = [
        "cluster.sink={kind: pvc, claim: runs}",
        f"{GROUP}={{qos: guaranteed, cpus: 2, labels: {{team: a}}}}",
    ]
    assert compiler.load(BASE, "x.yaml", sets).shared.suspend is False


def test_every_fixed_field_is_a_field() -> None:
    names = {field.alias for field in envelope.Shared.model_fields.values()}
    assert set(shared_rules.FIXED_FOR_ARMS) <= names
