import model_cluster
from tickwork_operator.objects import conductor, run


def build(**cluster: object) -> dict:
    made = run.read(model_cluster.experiment(**cluster), 1, model_cluster.OPTIONS)
    return conductor.build(made)["spec"]


def containers(job: dict) -> dict[str, dict]:
    return {each["name"]: each for each in job["template"]["spec"]["containers"]}


def test_a_job_is_never_tried_again() -> None:
    job = build()
    assert (job["backoffLimit"], job["completions"], job["parallelism"]) == (0, 1, 1)
    assert job["podReplacementPolicy"] == "Failed"
    [rule] = job["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_the_keeper_serves_what_the_conductor_wrote() -> None:
    made = containers(build(sink={"kind": "job", "keepSeconds": 77}))
    assert made["keeper"]["args"] == [
        "keep",
        "/run/tickwork/run",
        "--listen",
        "127.0.0.1:8080",
        "--seconds",
        "77",
    ]
    args = made["conductor"]["args"]
    assert args[args.index("--run-directory") + 1] == "/run/tickwork/run"


def test_a_claim_needs_no_keeper_and_gets_a_directory_a_run() -> None:
    job = build(sink={"kind": "pvc", "claim": "results"})
    made = containers(job)
    assert set(made) == {"conductor"}
    args = made["conductor"]["args"]
    assert args[args.index("--run-directory") + 1].startswith("/run/tickwork/sink/demo-")
    [volume] = [each for each in job["template"]["spec"]["volumes"] if each["name"] == "run"]
    assert volume["persistentVolumeClaim"] == {"claimName": "results"}


def test_only_the_conductor_holds_a_token() -> None:
    job = build()
    assert job["template"]["spec"]["automountServiceAccountToken"] is False
    mounts = {
        name: {mount["name"] for mount in each["volumeMounts"]}
        for name, each in containers(job).items()
    }
    assert "token" in mounts["conductor"]
    assert "token" not in mounts["keeper"]


def test_the_jobs_own_deadline_comes_after_all_others() -> None:
    job = build(startDeadlineSeconds=10, activeDeadlineSeconds=20, sink={"keepSeconds": 30})
    assert job["activeDeadlineSeconds"] > 10 + 20 + 30


def test_tls_is_given_only_where_links_are_secured() -> None:
    assert "--tls" in containers(build())["conductor"]["args"]
    assert "--tls" not in containers(build(plaintext=True))["conductor"]["args"]
