"""What people get wrong, and what the cluster around a run gets wrong: each ends with a sentence.

Where a test is about what units and the Conductor say of it, it runs the images under test.
"""

import subprocess
import tarfile

import pytest
from tickwork_operator.objects import addresses, options, run
from tickwork_operator.objects import pod as pods

from cluster import shell, space
from tickwork.kinds import crd
from tickwork.plan import plan as plans

FINAL = {"Complete", "Failed"}
TOMORROW = "rehearsals"
# A unit that was asked to end ends well, and comes back: its provider has restartPolicy Always.
END = "import os,signal;os.kill(1,signal.SIGTERM)"
# The directory that the Conductor gathers into becomes a file.
SPOIL = "open('/run/tickwork/run/blocks','w')"


def test_what_does_not_fit_a_config_map_is_said_at_once_and_not_tried_again(room, operator):
    arms = [{"name": f"arm-{number:02}"} for number in range(16)]
    room.create(space.experiment("demo", seconds=1, arms=arms, repeats=1000))
    status = room.reached(FINAL, 30)
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidSpec")
    assert "ConfigMap" in status["message"]
    assert "1000000 B" in status["message"]
    assert "fewer arms, repeats" in status["message"]
    for kind in ("ConfigMap", "Service", "Pod", "Job"):
        assert room.children(kind) == []
    operator.assert_still()
    assert room.delete() < 2


def test_a_claim_that_is_missing_ends_as_sink_unavailable(room, operator):
    sink = {"kind": "pvc", "claim": "nowhere", "keepSeconds": 10}
    body = space.experiment("demo", seconds=60, cluster={"startDeadlineSeconds": 20, "sink": sink})
    room.create(body)
    room.until(lambda: room.status().get("reason") == "SinkUnavailable", 20, "what it waits for")
    assert room.status()["phase"] == "Starting"
    status = room.reached(FINAL, 40)
    assert (status["phase"], status["reason"]) == ("Failed", "SinkUnavailable")
    assert "nowhere" in status["message"]
    collected = room.condition("Collected")
    assert (collected["status"], collected["reason"]) == ("False", "SinkUnavailable")
    assert groups(room), "what units wrote is kept for a while"
    room.until(lambda: not groups(room), 60, "the pods gone after keepSeconds")


def groups(room):
    """Returns the names of the Groups' pods that nobody deletes yet."""
    return [
        pod["metadata"]["name"]
        for pod in room.children("Pod")
        if f"{space.GROUP}/group" in pod["metadata"]["labels"]
        and "deletionTimestamp" not in pod["metadata"]
    ]


def test_a_sink_that_goes_away_in_mid_run_keeps_the_data_and_says_how_to_get_it(
    room, make_operator, images, tmp_path
):
    make_operator(images).start().wait_ready()
    sink = {"kind": "job", "keepSeconds": 30}
    room.create(space.experiment("demo", seconds=10, cluster={"sink": sink}))
    room.reached("Running", 90)
    [conductor] = [
        pod["metadata"]["name"]
        for pod in room.children("Pod")
        if f"{space.GROUP}/group" not in pod["metadata"]["labels"]
    ]
    execute(room, conductor, "keeper", SPOIL)
    status = room.reached(FINAL, 90)
    assert (status["phase"], status["reason"]) == ("Failed", "SinkUnavailable"), status
    assert "blocks" in status["message"]
    collected = room.condition("Collected")
    assert (collected["status"], collected["reason"]) == ("False", "SinkUnavailable")
    _, _, command = collected["message"].partition("for 30 s: ")
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, timeout=60)
    rescued = {path.stem: names_in(path) for path in tmp_path.glob("*.tar")}
    assert set(rescued) == set(groups(room))
    files = set().union(*rescued.values())
    for unit in ("twin", "book", "shm"):
        assert f"output/{unit}/000-main/counters.json" in files, sorted(files)
    room.until(lambda: not groups(room), 60, "the pods gone after keepSeconds")


def names_in(path):
    """Returns the names of what is in a tar file."""
    with tarfile.open(path) as file:
        return set(file.getnames())


def execute(room, pod, container, code):
    """Runs Python ``code`` in a container."""
    words = ("-c", container, "--", "python", "-c", code)
    return shell.kubectl("exec", pod, "-n", room.name, *words)


def test_a_metrics_port_that_is_taken_in_the_pod_is_said_by_its_number(room, make_operator, images):
    """As where a webhook puts a container of its own into every pod, and that listens there."""
    operator = make_operator(images)
    body = room.create(space.experiment("demo", seconds=60))
    given = options.from_json((operator.folder / "operator.json").read_text())
    planned = run.read(body, 1, given)
    [group] = [each for each in planned.plan.groups if each.name == "pipeline"]
    port = addresses.ports(group)["book", plans.METRICS_PORT]
    made = pods.build(planned, group)
    made["spec"]["initContainers"] = [squatter(made["spec"]["containers"][0], port)]
    room.create(made)
    operator.start().wait_ready()
    status = room.reached(FINAL, 120)
    assert (status["phase"], status["reason"]) == ("Failed", "ComponentFailed"), status
    assert "pipeline/book ended with exit code 5" in status["message"]
    assert f":{port}: the address is in use" in status["message"]


def squatter(like, port):
    """Returns a container that listens on ``port`` before all others start, and stays."""
    return {
        "name": "squatter",
        "image": like["image"],
        "imagePullPolicy": like["imagePullPolicy"],
        "command": ["python", "-m", "http.server", str(port)],
        "restartPolicy": "Always",
        "securityContext": like["securityContext"],
        "startupProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1, "failureThreshold": 60},
    }


@pytest.fixture
def newer_definition(api):
    """The definition of a release to come, which has one field more; ours again afterwards.

    There is one definition in a cluster: nobody else may apply theirs meanwhile.
    """
    made = crd.custom_resource_definition()
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"][TOMORROW] = {"type": "integer"}
    api.apply(made)
    yield
    api.apply(crd.custom_resource_definition())


@pytest.mark.disruptive
def test_an_operator_older_than_the_definition_says_so_and_runs_what_it_knows(
    room, operator, newer_definition
):
    def taken():
        made = room.create(space.experiment("demo", suspend=True, **{TOMORROW: 3}))
        if made["spec"].get(TOMORROW) == 3:
            return True
        room.delete()
        return False

    room.until(taken, 60, "the newer definition served")
    status = room.reached(FINAL, 30)
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidSpec")
    assert status["message"].startswith("this operator is older than the definition")
    assert f"{TOMORROW}: unknown field" in status["message"]
    assert room.children("Pod") == []
    room.create(space.experiment("known"))
    assert room.reached(FINAL, 90, "known")["phase"] == "Complete", room.told()


def test_a_publisher_that_is_ended_again_and_again_is_followed_and_counted(
    room, make_operator, images
):
    make_operator(images).start().wait_ready()
    room.create(space.experiment("demo", seconds=None))
    room.reached("Running", 120)
    [pod] = [each for each in groups(room) if "pipeline" in each]
    deployment = next(each for each in room.list("Deployment") if "pipeline" in str(each))
    port = metrics_port(deployment, "shm")
    generation = read_metrics(room, pod, port)["tickwork_link_generation"]
    for count in (1, 2):
        execute(room, pod, "publisher", END)
        room.until(lambda count=count: restarts(room, pod) == count, 60, f"restart {count}")
        before = read_metrics(room, pod, port)["tickwork_consumer_received_total"]
        grown = lambda before=before: (  # noqa: E731
            read_metrics(room, pod, port)["tickwork_consumer_received_total"] > before + 100
        )
        room.until(grown, 60, f"records of publisher {count + 1}")
    found = read_metrics(room, pod, port)
    assert found["tickwork_link_generation"] >= generation + 2
    assert found["tickwork_consumer_gaps_total"] == 0, found
    assert found["tickwork_consumer_malformed_total"] == 0, found
    assert restarts(room, pod, "shm") == 0
    room.until(lambda: room.condition("Ready")["status"] == "True", 60, "ready again")
    ready = room.condition("Ready")
    assert ready["reason"] == "Restarted"
    assert "pipeline/publisher was restarted 2 time(s)" in ready["message"]
    assert room.status()["phase"] == "Running"
    assert room.status()["restarts"] == 2


def metrics_port(deployment, unit):
    """Returns the number of the port at which ``unit`` shows its metrics."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    [container] = [each for each in containers if each["name"] == unit]
    [port] = [each for each in container["ports"] if each["name"].startswith("metrics")]
    return port["containerPort"]


def read_metrics(room, pod, port):
    """Returns the sum of each metric of a unit over its labels, by way of the API server."""
    path = f"/api/v1/namespaces/{room.name}/pods/{pod}:{port}/proxy/metrics"
    summed = {}
    for line in shell.kubectl("get", "--raw", path).splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            name = name.partition("{")[0]
            summed[name] = summed.get(name, 0) + float(value)
    return summed


def restarts(room, pod, unit="publisher"):
    """Returns how often the container of ``unit`` was restarted."""
    statuses = room.get("Pod", pod)["status"]["containerStatuses"]
    return next(each["restartCount"] for each in statuses if each["name"] == unit)
