import os

from tickwork_services.host import environment


def test_limits_are_read_from_the_cgroup(tmp_path):
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text("536870912\n")
    found = environment.read_environment(tmp_path)
    assert (found.cpu_quota, found.memory_bytes_max) == (1.5, 536870912)
    assert found.cpus == len(os.sched_getaffinity(0))
    assert len(found.boot_id) == 36


def test_no_limit_and_no_cgroup_are_none(tmp_path):
    assert environment.parse_cpu_max("max 100000") is None
    assert environment.parse_memory_max("max") is None
    found = environment.read_environment(tmp_path)
    assert (found.cpu_quota, found.memory_bytes_max) == (None, None)


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
