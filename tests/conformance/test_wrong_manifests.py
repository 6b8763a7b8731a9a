"""`tickwork validate` and the operator refuse each wrong manifest, at its place and in its words.

tests/cluster/test_crd.py has the API server refuse the same ones in the same words.
"""

import model_cluster
import pytest
import wrong_manifests
from tickwork_operator import reasons

from tickwork import errors
from tickwork.kinds import compiler, validations

IDENTITY = {"namespace": "lab", "uid": "0b5ad7a4", "generation": 1}
CASES = wrong_manifests.cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_manifest_is_refused_where_it_is_wrong(case: wrong_manifests.Case) -> None:
    with pytest.raises(errors.ManifestError) as refused:
        compiler.load(wrong_manifests.to_yaml(case.manifest), case.name)
    told = refused.value.mistakes
    assert [each for each in told if each.path == case.path and case.words in each.text], told
    assert case.also or {each.path for each in told} == {case.path}, told
    assert all(each.line > 0 for each in told)


# What stands beside spec never reaches the operator.
@pytest.mark.parametrize(
    "case", [each for each in CASES if each.path != "spce"], ids=lambda case: case.name
)
def test_the_operator_fails_what_was_let_through(case: wrong_manifests.Case) -> None:
    body = {**case.manifest, "metadata": {**case.manifest["metadata"], **IDENTITY}}
    cluster = model_cluster.Cluster(body)
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.INVALID_SPEC)
    assert case.words in cluster.status["message"]
    assert cluster.children == {}


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    assert len([case for case in CASES if not case.admitted]) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_rule_of_the_table_has_a_case() -> None:
    told = [case.words for case in CASES]
    unproven = [
        entry.rule.words
        for entry in validations.table()
        if not any(words in entry.rule.words or entry.rule.words in words for words in told)
    ]
    assert unproven == []
