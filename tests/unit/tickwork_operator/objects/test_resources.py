import model_cluster
from tickwork_operator.objects import resources, run

from tickwork.manifest.cluster import GroupPlacement

MIB = 1 << 20


def read() -> run.Run:
    return run.read(model_cluster.experiment(), 1, model_cluster.OPTIONS)


def test_segments_count_for_the_unit_that_makes_them() -> None:
    plan = read().plan
    written = sum(
        link.capacity_bytes
        for link in plan.links
        if link.segment and link.outlet.unit == "pipeline/publisher"
    )
    counted = resources.segments_mib(plan, "pipeline/publisher")
    assert written * 1.1 / MIB <= counted < written * 1.1 / MIB + 1
    assert resources.segments_mib(plan, "pipeline/shm") == 0


def test_the_volume_holds_all_segments_of_its_group() -> None:
    plan = read().plan
    venue, pipeline = plan.groups
    written = sum(link.capacity_bytes for link in plan.links if link.segment)
    assert resources.shared_memory_mib(plan, pipeline) * MIB >= written
    assert resources.shared_memory_mib(plan, venue) == resources.SHARED_MEMORY_MIN_MIB


def test_memory_of_segments_is_added_to_the_limit() -> None:
    made = resources.requirements(GroupPlacement(), 40)
    assert made == {
        "requests": {"cpu": "50m", "memory": "96Mi"},
        "limits": {"memory": "296Mi"},
    }


def test_guaranteed_asks_for_whole_cores_and_no_more_than_its_limits() -> None:
    made = resources.requirements(GroupPlacement(cpus=2, qos="guaranteed"), 10)
    assert made["requests"] == made["limits"] == {"cpu": "2", "memory": "266Mi"}
