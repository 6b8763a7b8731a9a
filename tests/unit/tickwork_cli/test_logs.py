import types

import pytest
from tickwork_cli import logs


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
