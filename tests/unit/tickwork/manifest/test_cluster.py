import pytest

from tickwork.manifest import cluster, validation


def test_nothing_written_is_the_defaults() -> None:
    made = cluster.Cluster()
    assert made.start_deadline_seconds == 300
    assert made.active_deadline_seconds is None
    assert made.ttl_after_finished == cluster.Ttl(complete_seconds=None, failed_seconds=None)
    assert made.keep_pods == "never"
    assert made.sink is None
    assert not made.plaintext
    assert made.profile == "restricted"
    assert made.groups == {}


def test_a_guaranteed_unit_is_promised_all_of_its_memory() -> None:
    assert cluster.GroupPlacement().memory_request_mib == cluster.MEMORY_REQUEST_MIB
    assert cluster.GroupPlacement(memory_mib=64).memory_request_mib == 64
    assert cluster.GroupPlacement(qos="guaranteed", memory_mib=512).memory_request_mib == 512


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"nodeSelector": {"a b": "c"}}, ("nodeSelector", "a b")),
        ({"nodeSelector": {"a": "c d"}}, ("nodeSelector", "a")),
        ({"memoryMib": 5}, ("memoryMib",)),
        ({"memoryMiB": 5}, ("memoryMiB",)),
        ({"cpus": 0}, ("cpus",)),
        ({"tolerations": [{"efect": "NoExecute"}]}, ("tolerations", 0, "efect")),
        ({"priorityClassName": "No"}, ("priorityClassName",)),
        ({"labels": {str(n): "x" for n in range(33)}}, ("labels",)),
    ],
)
def test_what_kubernetes_would_refuse_is_refused(
    value: dict[str, object], path: tuple[str | int, ...]
) -> None:
    checked = validation.check(cluster.GroupPlacement, value)
    assert [each.path for each in checked.findings] == [path]
