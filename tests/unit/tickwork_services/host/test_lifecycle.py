import pytest
from tickwork_services.host import lifecycle

from tickwork import errors

DO, DONE = lifecycle.Step.DO, lifecycle.Step.DONE
FAILURE = lifecycle.Failure("RuntimeError", "it broke", "mend it")


def opened():
    life = lifecycle.Lifecycle("group/unit")
    assert life.begin_open() is DO
    life.end_open()
    return life


def running(block="000-main"):
    life = opened()
    assert life.begin_start(block) is DO
    return life


def test_a_whole_life():
    life = lifecycle.Lifecycle("group/unit")
    seen = [life.state]
    life.begin_open()
    seen.append(life.state)
    life.end_open()
    seen.append(life.state)
    for block in ("000-main", "001-main"):
        life.begin_start(block)
        seen.append(life.state)
        assert life.block == block
        life.begin_stop(final=False)
        seen.append(life.state)
        life.end_stop(final=False)
        seen.append(life.state)
    life.begin_stop(final=True)
    life.end_stop(final=True)
    seen.append(life.state)
    block = ["running", "stopping", "ready"]
    assert seen == ["new", "starting", "ready", *block, *block, "terminated"]


def test_calls_are_idempotent():
    life = running()
    assert life.begin_open() is DONE
    assert life.begin_start("000-main") is DONE
    assert life.begin_stop(final=False) is DO
    life.end_stop(final=False)
    assert life.begin_stop(final=False) is DONE
    assert life.state == "ready"


def test_stop_before_start_is_legal():
    assert lifecycle.Lifecycle("u").begin_stop(final=False) is DONE
    assert opened().begin_stop(final=False) is DONE
    life = lifecycle.Lifecycle("u")
    assert life.begin_stop(final=True) is DO
    life.end_stop(final=True)
    assert life.state == "terminated"
    assert life.begin_stop(final=True) is DONE


def test_another_block_is_refused_while_one_runs():
    with pytest.raises(errors.LifecycleError, match="start block 001-main but is running"):
        running().begin_start("001-main")


def test_start_before_open_is_refused():
    with pytest.raises(errors.LifecycleError, match="is new"):
        lifecycle.Lifecycle("u").begin_start("000-main")


@pytest.mark.parametrize("make", [lambda: lifecycle.Lifecycle("u"), opened, running])
def test_a_failure_is_final_and_the_first_one_counts(make):
    life = make()
    assert life.fail(FAILURE) is True
    assert life.fail(lifecycle.Failure("Other", "later", "")) is False
    assert (life.state, life.failure) == ("failed", FAILURE)
    assert life.begin_stop(final=True) is DONE
    with pytest.raises(errors.LifecycleError):
        life.begin_open()


def test_a_terminated_unit_cannot_fail_nor_open():
    life = opened()
    life.begin_stop(final=True)
    life.end_stop(final=True)
    assert life.fail(FAILURE) is False
    with pytest.raises(errors.LifecycleError):
        life.begin_open()
