"""Who waits, and who is due."""

import asyncio

from tickwork_operator.handlers import queue


def test_none_waits_twice_and_none_is_with_two_workers(room):
    async def scenario() -> list[str]:
        for uid in ("a", "b", "a"):
            room.waiting.add(uid)
        taken = [await room.waiting.take()]
        room.waiting.add("a")
        taken.append(await room.waiting.take())
        room.waiting.done("b")
        room.waiting.done("a")
        taken.append(await room.waiting.take())
        return taken

    assert asyncio.run(scenario()) == ["a", "b", "a"]


def test_take_waits_for_somebody_to_be_added(room):
    async def scenario() -> str:
        taking = asyncio.create_task(room.waiting.take())
        await asyncio.sleep(0)
        assert not taking.done()
        room.waiting.add("a")
        return await taking

    assert asyncio.run(scenario()) == "a"


def test_only_the_last_deadline_of_an_experiment_holds(room):
    room.deadlines.set("a", room.now + 10)
    room.deadlines.set("a", room.now + 30)
    room.deadlines.set("b", room.now + 20)
    assert room.deadlines.next_unix_ns() == room.now + 20
    room.deadlines.set("b", None)
    assert room.deadlines.next_unix_ns() == room.now + 30


def test_instants_that_were_replaced_are_not_kept_for_ever(room):
    room.deadlines.set("far", room.now + 10**18)
    for turn in range(10_000):
        room.deadlines.set("a", room.now + 10**15 + turn % 2)
    assert len(room.deadlines) <= queue.STALE_MAX + 4
    assert room.deadlines.next_unix_ns() == room.now + 10**15 + 1
    room.now += 10**15 + 1
    room.deadlines.pass_on()
    assert asyncio.run(room.waiting.take()) == "a"
    assert room.deadlines.next_unix_ns() == room.now + 10**18 - 10**15 - 1


def test_due_ones_are_handed_on_also_after_a_jump_of_the_clock(room):
    room.deadlines.set("a", room.now + 10)
    room.deadlines.set("b", room.now + 3_600_000_000_000)
    room.now += 3_600_000_000_000
    room.deadlines.pass_on()

    async def both() -> set[str]:
        return {await room.waiting.take(), await room.waiting.take()}

    assert asyncio.run(both()) == {"a", "b"}
    assert room.deadlines.next_unix_ns() is None


def test_a_sooner_deadline_wakes_the_task(room):
    async def scenario() -> str:
        running = asyncio.create_task(room.deadlines.run())
        await asyncio.sleep(0)
        room.deadlines.set("a", room.now - 1)
        try:
            async with asyncio.timeout(queue.WAIT_SECONDS_MAX / 4):
                return await room.waiting.take()
        finally:
            running.cancel()

    assert asyncio.run(scenario()) == "a"
