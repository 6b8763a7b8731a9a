import json
import pathlib

import synthetic_run
from tickwork_analysis import read, summary
from tickwork_analysis.questions import host
from tickwork_analysis.report import setting


def told(tmp_path: pathlib.Path, secured: bool | None, **said: object) -> read.Run:
    root = synthetic_run.write_run(tmp_path / "run")
    for path in root.rglob("counters.json"):
        state = json.loads(path.read_text())
        state["host"] |= said
        state.setdefault("process", {})["cpuThrottledNs"] = 5
        path.write_text(json.dumps(state))
    conductor = json.loads((root / "conductor.json").read_text()) | {"secured": secured}
    (root / "conductor.json").write_text(json.dumps(conductor))
    return read.read_run(root)


def test_what_a_cluster_set_around_the_units_is_told(tmp_path: pathlib.Path) -> None:
    run = told(
        tmp_path,
        True,
        cgroup="v1",
        qosClass="guaranteed",
        affinityExclusive=True,
        cpuQuota=1.0,
        memoryBytesMax=1 << 29,
    )
    found = host.answer(run)
    assert (found.cgroup, found.qos_class, found.affinity_exclusive) == ("v1", "guaranteed", True)
    assert (found.cpu_quota, found.memory_bytes_max, found.secured) == (1.0, 1 << 29, True)
    assert found.cpu_throttled_ns == 5 * len(run.units())


def test_a_bare_machine_sets_nothing(tmp_path: pathlib.Path) -> None:
    found = host.answer(told(tmp_path, None, affinityExclusive=False))
    assert (found.qos_class, found.cpu_quota, found.memory_bytes_max) == (None, None, None)
    assert found.affinity_exclusive is False
    assert found.secured is None


def test_the_report_says_how_groups_spoke(tmp_path: pathlib.Path) -> None:
    def rows(secured: bool | None) -> dict[str, str]:
        run = told(tmp_path / str(secured), secured, qosClass="burstable", cgroup="v2")
        return dict(setting.host_facts(run, summary.summarise(run.directory.root).results))

    assert rows(True)["Between Groups"] == setting.SECURED
    assert rows(False)["Between Groups"] == setting.PLAIN
    bare = rows(None)
    assert "Between Groups" not in bare
    assert bare["Pods"].startswith("burstable, CPUs shared with others, no CPU quota")
