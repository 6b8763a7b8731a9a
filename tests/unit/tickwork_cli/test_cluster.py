import json

import pytest
from kubernetes.client import exceptions
from tickwork_cli import cluster

from tickwork import errors


def refuse(status: int, body: str) -> errors.TickworkError:
    error = exceptions.ApiException(status=status, reason="Not Found")
    error.body = body
    with pytest.raises(errors.TickworkError) as raised:
        cluster._refuse("Reading Experiment demo", "lab", error)
    return raised.value


def status(message: str) -> str:
    return json.dumps({"kind": "Status", "message": message})


def test_a_cluster_without_the_definition_is_said() -> None:
    told = refuse(404, "404 page not found\n")
    assert isinstance(told, errors.MissingError)
    assert "helm install" in str(told.remedy)


def test_an_experiment_that_is_not_there_is_said() -> None:
    told = refuse(404, status('experiments.tickwork.dev "demo" not found'))
    assert isinstance(told, cluster.GoneError)
    assert '"demo" not found' in told.text


@pytest.mark.parametrize(("code", "remedy"), [(401, "Log in"), (403, "Ask whoever")])
def test_who_is_not_known_logs_in_and_who_may_not_asks(code, remedy) -> None:
    told = refuse(code, status("no"))
    assert isinstance(told, errors.InputError)
    assert remedy in str(told.remedy)
