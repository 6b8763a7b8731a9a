import model_cluster
import pytest
from tickwork_operator.objects import flows, run

BASE = model_cluster.experiment


def plan(body: dict) -> object:
    return run.read(body, 1, model_cluster.OPTIONS).plan


def test_the_demo_dials_its_venue_and_the_conductor_every_control() -> None:
    found = flows.between(plan(BASE()))
    assert [each for each in found if each.source == "pipeline"] == [
        flows.Flow("pipeline", "venue", 7002),
        flows.Flow("pipeline", "venue", 7003),
    ]
    controls = [each for each in found if each.source == "conductor"]
    assert len(controls) == 7
    assert flows.Flow("conductor", "venue", 7000) in controls


def test_a_consumer_in_another_group_dials_the_publisher() -> None:
    body = BASE()
    body["spec"]["pipeline"]["consumers"][1]["group"] = "far"
    assert flows.Flow("far", "pipeline", 9000) in flows.between(plan(body))


def test_a_provider_has_no_conductor_and_opens_its_broadcast() -> None:
    made = plan(model_cluster.provider())
    assert {each.source for each in flows.between(made)} == {"pipeline"}
    assert flows.open_ports(made, "pipeline") == (9000,)
    assert flows.open_ports(made, "venue") == ()


def test_what_nobody_in_the_plan_reads_is_for_others() -> None:
    body = BASE()
    assert flows.open_ports(plan(body), "pipeline") == ()
    body["spec"]["pipeline"]["consumers"].pop()
    assert flows.open_ports(plan(body), "pipeline") == (9000,)


@pytest.mark.parametrize(
    ("endpoint", "outside", "ports"),
    [
        (None, True, ()),
        ({"websocket": "wss://feed.test:9443/ws", "rest": "https://feed.test"}, False, (443, 9443)),
        ({"websocket": "wss://feed.test/ws", "rest": "http://feed.test"}, False, (80, 443)),
    ],
)
def test_a_real_venue_is_outside(endpoint: dict | None, outside: bool, ports: tuple) -> None:
    body = BASE()
    venue = body["spec"]["pipeline"]["venue"]
    del venue["twin"]
    body["spec"]["pipeline"]["book"]["proof"] = ["ticker"]
    if endpoint is not None:
        venue["endpoint"] = endpoint
    made = plan(body)
    assert flows.reaches_outside(made, "pipeline") == outside
    assert flows.url_ports(made, "pipeline") == ports
