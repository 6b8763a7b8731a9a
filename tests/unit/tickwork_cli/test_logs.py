import types

import pytest
from tickwork_cli import logs

from tickwork import errors


def pod(name, component, *containers):
    metadata = types.SimpleNamespace(name=name, labels={"app.kubernetes.io/component": component})
    spec = types.SimpleNamespace(
        containers=[types.SimpleNamespace(name=each) for each in containers]
    )
    return types.SimpleNamespace(metadata=metadata, spec=spec)


PODS = [
    pod("demo-pipeline-x", "pipeline", "book", "shm"),
    pod("demo-conductor-x", "conductor", "conductor", "keeper"),
]


def test_every_container_is_a_source_under_the_name_of_its_unit() -> None:
    names = [name for name, _, _ in logs._sources(PODS)]
    assert names == ["pipeline/book", "pipeline/shm", "conductor", "keeper"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, 4),
        ("pipeline", 2),
        ("pipeline/book", 1),
        ("conductor", 1),
        ("pipe", 0),
    ],
)
def test_a_unit_or_a_whole_group_is_chosen(wanted, found) -> None:
    names = [name for name, _, _ in logs._sources(PODS)]
    assert sum(logs._matches(name, wanted) for name in names) == found


WAITING = errors.InputError("Reading the log: container is waiting to start: ContainerCreating")
LOST = errors.RunError("Reading the log: no route to host")
AWAY = errors.MissingError("Reading the log: lab does not answer.")


class Cluster:
    """A cluster whose containers log one line each, but for the ones in ``refusing``."""

    def __init__(self, **refusing: errors.TickworkError) -> None:
        self.refusing = refusing
        self.asked: list[str] = []

    def log(self, _pod, container, **_wanted):
        self.asked.append(container)
        if container in self.refusing:
            raise self.refusing[container]
        yield "began"


SOURCES = list(logs._sources(PODS))


@pytest.mark.parametrize("why", [WAITING, LOST], ids=["waiting", "lost"])
def test_a_container_without_a_log_hides_no_other(capsys, why) -> None:
    logs._print(Cluster(book=why), SOURCES, 20)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"pipeline/book  (no log: {why.text})"
    assert lines[1:] == ["pipeline/shm  began", "conductor  began", "keeper  began"]


def test_where_no_log_can_be_read_that_is_the_end() -> None:
    on = Cluster(book=WAITING, shm=LOST)
    with pytest.raises(errors.InputError, match="waiting to start"):
        logs._print(on, SOURCES[:2], 20)


def test_one_log_that_was_asked_for_is_refused_once(capsys) -> None:
    with pytest.raises(errors.InputError, match="waiting to start"):
        logs._print(Cluster(book=WAITING), SOURCES[:1], 20)
    assert capsys.readouterr().out == ""


def test_an_api_server_that_is_away_is_not_asked_for_every_container() -> None:
    on = Cluster(book=AWAY)
    with pytest.raises(errors.MissingError, match="does not answer"):
        logs._print(on, SOURCES, 20)
    assert on.asked == ["book"]
