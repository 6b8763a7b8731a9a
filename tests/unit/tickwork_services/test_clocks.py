"""Waiting for an instant: never before it, and at once where it has passed."""

import asyncio

from tickwork_services import clocks


def test_sleep_until_exactly_never_returns_early():
    for ahead_ns in (1_000, 200_000, 2_000_000):
        instant_ns = clocks.now_mono_ns() + ahead_ns
        clocks.sleep_until_exactly(instant_ns)
        assert clocks.now_mono_ns() >= instant_ns


def test_an_instant_that_has_passed_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(clocks, "sleep", lambda duration_ns: 1 / 0)
    clocks.sleep_until_exactly(clocks.now_mono_ns() - 1)


def test_sleep_until_yields_once_for_an_instant_that_has_passed():
    async def wait() -> list[str]:
        order: list[str] = []
        other = asyncio.create_task(_note(order, "other"))
        await clocks.sleep_until(clocks.now_mono_ns() - 1)
        order.append("waiter")
        await other
        return order

    assert asyncio.run(wait()) == ["other", "waiter"]


async def _note(order: list[str], name: str) -> None:
    order.append(name)
