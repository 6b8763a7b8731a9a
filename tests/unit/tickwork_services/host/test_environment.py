import os

from tickwork_services.host import environment


def test_limits_and_affinity_are_read(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text("536870912\n")
    found = environment.read_environment(tmp_path, tmp_path)
    assert (found.cgroup, found.cpu_quota, found.memory_bytes_max) == ("v2", 1.5, 536870912)
    assert found.cpus == len(os.sched_getaffinity(0))
    assert len(found.boot_id) == 36
    assert (found.qos_class, found.affinity_exclusive) == (None, False)


def test_cpus_are_written_as_ranges():
    assert environment.show_cpus({0, 1, 2, 5, 7, 8}) == "0-2,5,7-8"
    assert environment.show_cpus(set()) == ""


def test_online_cpus_are_counted(tmp_path):
    (tmp_path / "online").write_text("0-2,5,8-9\n")
    assert environment.count_online(tmp_path / "online") == 6
    assert environment.count_online(tmp_path / "absent") == len(os.sched_getaffinity(0))


def test_whole_cpus_of_a_guaranteed_pod_are_its_own():
    assert environment.is_exclusive("guaranteed", 1, 2, None)
    assert environment.is_exclusive("guaranteed", 1, 2, 1.0)
    assert not environment.is_exclusive("guaranteed", 1, 2, 0.5)
    assert not environment.is_exclusive("guaranteed", 2, 2, None)
    assert not environment.is_exclusive("burstable", 1, 2, None)
    assert not environment.is_exclusive(None, 1, 2, None)


def test_anonymous_memory_is_read_from_status():
    assert environment.parse_rss_anon("VmRSS:\t 9 kB\nRssAnon:\t   128 kB\n") == 131072
    assert environment.parse_rss_anon("Name:\tx\n") == 0


def test_the_use_of_this_process_is_positive():
    use = environment.read_process_use()
    assert min(use.rss_anon_bytes, use.cpu_seconds, use.open_files) > 0


def test_no_cpus_bind_nothing():
    before = os.sched_getaffinity(0)
    environment.bind_cpus(())
    assert os.sched_getaffinity(0) == before


def test_plugins_are_switched_off(monkeypatch):
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "")
    environment.skip_plugins()
    assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == "__all__"
