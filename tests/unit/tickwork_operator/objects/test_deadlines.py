import model_cluster
from tickwork_operator.objects import deadlines, run


def read(body: dict) -> run.Run:
    return run.read(body, 1, model_cluster.OPTIONS)


def test_a_run_without_a_deadline_gets_one_from_its_blocks() -> None:
    body = model_cluster.experiment()
    body["spec"]["repeats"] = 3
    seconds = deadlines.active_seconds(read(body))
    assert seconds == 3 * (15 + 2) + 3 * 30 + 900


def test_what_is_written_holds() -> None:
    assert deadlines.active_seconds(read(model_cluster.experiment(activeDeadlineSeconds=9))) == 9


def test_a_provider_has_no_end() -> None:
    assert deadlines.active_seconds(read(model_cluster.provider())) is None
