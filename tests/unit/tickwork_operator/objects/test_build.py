import pathlib
import runpy

import model_cluster
import pytest
import yaml
from tickwork_operator.objects import build, run

from tickwork import errors

GOLDEN = model_cluster.ROOT / "tests" / "golden"
MADE = runpy.run_path(str(GOLDEN / "regenerate.py"))


def read(body: dict, attempt: int = 1) -> run.Run:
    return run.read(body, attempt, model_cluster.OPTIONS)


@pytest.mark.parametrize("name", ["demo.yaml", "provider.yaml", "demo-with-wishes.yaml"])
def test_objects_are_the_golden_ones(name: str) -> None:
    made = MADE["show_objects"](MADE["objects"]()[name])
    golden: pathlib.Path = GOLDEN / "operator" / name
    assert list(yaml.safe_load_all(made)) == list(yaml.safe_load_all(golden.read_text())), (
        "run tests/golden/regenerate.py and read the difference"
    )


def test_every_object_is_labelled_owned_and_named_once() -> None:
    made = build.build_all(read(model_cluster.experiment()))
    assert len({build.key(each) for each in made}) == len(made)
    for each in made:
        [owner] = each["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"]) == ("Experiment", "0b5ad7a4")
        assert each["metadata"]["labels"]["tickwork.dev/experiment"] == "demo"
        assert each["metadata"]["namespace"] == "lab"
        assert len(each["metadata"]["name"]) <= 63


def test_two_experiments_of_one_name_share_no_object() -> None:
    one = build.build_all(read(model_cluster.experiment(uid="first")))
    other = build.build_all(read(model_cluster.experiment(uid="second")))
    again = build.build_all(read(model_cluster.experiment(uid="first"), 2))
    names = [{build.key(each) for each in made} for made in (one, other, again)]
    assert not names[0] & names[1]
    assert not names[0] & names[2]


def test_a_group_cannot_have_the_name_of_other_objects() -> None:
    body = model_cluster.experiment()
    body["spec"]["pipeline"]["consumers"][1]["group"] = "conductor"
    with pytest.raises(errors.PlanError, match="cannot be called conductor"):
        build.build_all(read(body))


def test_what_is_read_is_made_before_what_reads_it() -> None:
    kinds = [each["kind"] for each in build.build_all(read(model_cluster.experiment()))]
    first_pod = kinds.index("Pod")
    assert {"ConfigMap", "Service", "NetworkPolicy", "RoleBinding"} <= set(kinds[:first_pod])
    assert kinds[-1] == "Job"
