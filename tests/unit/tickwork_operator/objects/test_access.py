import model_cluster
from tickwork_operator.objects import access, run

RUN = run.read(model_cluster.experiment(), 1, model_cluster.OPTIONS)


def test_the_conductor_may_patch_the_status_of_its_own_experiment_only() -> None:
    assert access.build_role(RUN)["rules"] == [
        {
            "apiGroups": ["tickwork.dev"],
            "resources": ["experiments/status"],
            "resourceNames": ["demo"],
            "verbs": ["patch"],
        }
    ]


def test_the_binding_joins_account_and_role() -> None:
    account, role, binding = (
        access.build_account(RUN),
        access.build_role(RUN),
        access.build_binding(RUN),
    )
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    [subject] = binding["subjects"]
    assert subject["name"] == account["metadata"]["name"]
    assert account["automountServiceAccountToken"] is False
