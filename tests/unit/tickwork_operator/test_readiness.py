import model_cluster
from tickwork_operator import reasons


def ready_provider() -> model_cluster.Cluster:
    cluster = model_cluster.Cluster(model_cluster.provider())
    cluster.settle()
    cluster.start_pods()
    for pod in cluster.pods():
        for each in pod["status"]["containerStatuses"]:
            each["ready"] = True
    cluster.settle()
    return cluster


def test_a_provider_has_deployments_and_no_conductor() -> None:
    cluster = ready_provider()
    assert cluster.phase == "Running"
    assert {"Deployment"} == cluster.kinds() & {"Deployment", "Job"}
    assert cluster.next_deadline is None


def test_a_restarted_container_of_a_provider_is_said_in_a_condition() -> None:
    cluster = ready_provider()
    [pod] = cluster.pods("pipeline")
    model_cluster.set_container(
        pod,
        "publisher",
        restartCount=2,
        lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}},
    )
    cluster.settle()
    ready = cluster.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("True", "Restarted")
    assert "pipeline/publisher was restarted 2 time(s)" in ready["message"]
    assert "OOMKilled" in ready["message"]
    assert cluster.phase == "Running"
    assert cluster.events[-1].reason == "Restarted"


def test_a_deployment_that_somebody_deletes_is_made_again() -> None:
    cluster = ready_provider()
    key = next(key for key in cluster.children if key[0] == "Deployment")
    cluster.delete(key)
    cluster.settle()
    assert cluster.made[key] == 2
    assert cluster.phase == "Running"


def test_a_provider_that_never_serves_fails_at_the_start_deadline() -> None:
    cluster = model_cluster.Cluster(model_cluster.provider(startDeadlineSeconds=5))
    cluster.settle()
    cluster.wait(5)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.DEADLINE_EXCEEDED)
    assert "Deployment" not in cluster.kinds()


def test_without_progress_readiness_says_that_it_runs() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    cluster.start_pods()
    cluster.settle()
    assert cluster.phase == "Starting"
    for pod in cluster.pods():
        for each in pod["status"]["containerStatuses"]:
            each["ready"] = True
    cluster.settle()
    assert cluster.phase == "Running"


def test_units_that_serve_do_not_run_while_there_is_no_conductor() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment(startDeadlineSeconds=60))
    cluster.settle()
    for group in ("venue", "pipeline"):
        [pod] = cluster.pods(group)
        model_cluster.schedule(pod)
        for each in pod["spec"]["containers"]:
            running = {"started": True, "ready": True, "state": {"running": {}}}
            model_cluster.set_container(pod, each["name"], **running)
    [conductor] = cluster.pods("conductor")
    told = 'persistentvolumeclaim "runs" not found'
    conductor["status"] = {"phase": "Pending"}
    unschedulable = {"status": "False", "reason": "Unschedulable", "message": told}
    model_cluster.set_condition(conductor, "PodScheduled", **unschedulable)
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Starting", reasons.SINK_UNAVAILABLE)
    cluster.wait(60)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.SINK_UNAVAILABLE)
    assert cluster.condition("Collected")["reason"] == reasons.SINK_UNAVAILABLE
