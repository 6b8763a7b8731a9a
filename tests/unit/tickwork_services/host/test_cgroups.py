import pathlib

import pytest
from tickwork_services.host import cgroups

POD = "/kubepods/burstable/pod51ea2cdc/1f32aabe"


def write(root: pathlib.Path, files: dict[str, str]) -> pathlib.Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def proc(root: pathlib.Path, cgroup: str = "", score: int = 0) -> pathlib.Path:
    return write(root / "proc", {"cgroup": cgroup, "oom_score_adj": f"{score}\n"})


def test_a_container_of_version_2_sees_its_own_group_at_the_root(tmp_path) -> None:
    files = {"cgroup.controllers": "cpu\n", "cpu.max": "150000 100000\n", "memory.max": "4096\n"}
    root = write(tmp_path / "cgroup", files)
    found = cgroups.read_limits(root, proc(tmp_path, "0::/\n"))
    assert found == cgroups.Limits("v2", 1.5, 4096)


def test_the_tightest_group_above_binds(tmp_path) -> None:
    files = {
        "cgroup.controllers": "cpu\n",
        "a/memory.max": "1000\n",
        "a/b/memory.max": "max\n",
        "a/b/cpu.max": "max 100000\n",
        "a/cpu.max": "50000 100000\n",
    }
    root = write(tmp_path / "cgroup", files)
    found = cgroups.read_limits(root, proc(tmp_path, "0::/a/b\n"))
    assert found == cgroups.Limits("v2", 0.5, 1000)


def test_a_container_of_version_1_has_a_root_per_controller(tmp_path) -> None:
    files = {
        "cpu/cpu.cfs_quota_us": "50000\n",
        "cpu/cpu.cfs_period_us": "100000\n",
        "memory/memory.limit_in_bytes": "134217728\n",
    }
    root = write(tmp_path / "cgroup", files)
    found = cgroups.read_limits(root, proc(tmp_path, f"4:memory:{POD}\n1:cpu,cpuacct:{POD}\n"))
    assert found == cgroups.Limits("v1", 0.5, 128 << 20)


def test_no_limit_of_version_1_is_none(tmp_path) -> None:
    files = {
        "cpu/cpu.cfs_quota_us": "-1\n",
        "cpu/cpu.cfs_period_us": "100000\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    root = write(tmp_path / "cgroup", files)
    assert cgroups.read_limits(root, proc(tmp_path)) == cgroups.Limits("v1", None, None)


def test_no_groups_are_no_limits(tmp_path) -> None:
    assert cgroups.read_limits(tmp_path, tmp_path) == cgroups.Limits(None, None, None)
    assert cgroups.read_throttling(tmp_path, tmp_path) is None


def test_throttling_is_counted_in_nanoseconds(tmp_path) -> None:
    old = write(
        tmp_path / "old", {"cpu/cpu.stat": "nr_periods 9\nnr_throttled 2\nthrottled_time 77000\n"}
    )
    new = write(
        tmp_path / "new",
        {
            "cgroup.controllers": "cpu\n",
            "cpu.stat": "usage_usec 5\nnr_periods 9\nnr_throttled 2\nthrottled_usec 77\n",
        },
    )
    expected = cgroups.Throttling(9, 2, 77_000)
    assert cgroups.read_throttling(old, proc(tmp_path)) == expected
    assert cgroups.read_throttling(new, proc(tmp_path)) == expected
    assert cgroups.parse_cpu_stat("usage_usec 5\n") is None


@pytest.mark.parametrize(
    ("path", "score", "expected"),
    [
        (POD, 998, "burstable"),
        ("/kubepods/pod99cbf952/1e5fa6d7", -997, "guaranteed"),
        ("/kubepods.slice/kubepods-besteffort.slice/x", 1000, "bestEffort"),
        ("/", -997, "guaranteed"),
        ("/", 1000, "bestEffort"),
        ("/", 930, "burstable"),
        ("/", 0, None),
    ],
)
def test_the_quality_of_service_is_told_by_path_or_score(tmp_path, path, score, expected) -> None:
    assert cgroups.read_qos(proc(tmp_path, f"0::{path}\n", score)) == expected
