"""Least privilege, as data."""

from tickwork_operator import resources


def _verbs() -> dict[str, set[str]]:
    return {name: set(rule["verbs"]) for rule in resources.rules() for name in rule["resources"]}


def test_nothing_is_asked_of_secrets_or_of_the_cluster():
    assert not set(_verbs()) & {"secrets", "nodes", "namespaces", "customresourcedefinitions"}
    assert "*" not in {verb for verbs in _verbs().values() for verb in verbs}


def test_an_experiment_is_read_and_only_its_status_is_written():
    assert _verbs()["experiments"] == {"list", "watch"}
    assert _verbs()["experiments/status"] == {"patch"}


def test_only_what_is_watched_may_be_watched():
    watched = {name for name, verbs in _verbs().items() if "watch" in verbs}
    assert watched == {"experiments", "events", "pods", "jobs", "deployments"}


def test_paths():
    assert resources.KINDS["Pod"].path("n", "p") == "/api/v1/namespaces/n/pods/p"
    assert resources.KINDS["Job"].path(None) == "/apis/batch/v1/jobs"
    assert resources.EXPERIMENTS.path("n", "e", "status") == (
        "/apis/tickwork.dev/v1alpha1/namespaces/n/experiments/e/status"
    )
