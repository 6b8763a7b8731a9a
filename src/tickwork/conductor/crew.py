"""All units of a run at once: brought up, watched, brought up again after a restart."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from tickwork_proto.v1 import control_pb2 as messages

from tickwork import errors
from tickwork.conductor import channel, events
from tickwork.conductor.fleet import Fleet
from tickwork.conductor.outcome import Failure

Result = TypeVar("Result")

TICK_SECONDS = 0.1
RETRY_SECONDS = 0.1
START_GRACE_SECONDS = 30.0
SILENCE_REMEDY = "Its log says more: in the run directory, or with whoever started it."


class InterruptedRunError(errors.RunError):
    """A person asked for the end of the run."""


class UnitFailure(errors.RunError):
    """A unit failed or died while it was needed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text, failure.remedy)
        self.failure = failure


@dataclasses.dataclass
class Member:
    """One unit as the Conductor sees it; ``incarnation`` is the one that was last brought up."""

    name: str
    channel: channel.UnitChannel
    incarnation: int = 0
    description: messages.Description | None = None
    progress: messages.Progress | None = None
    failure: Failure | None = None


class Crew:
    """The units of a run. Every wait goes through ``guard``, which notices deaths and Ctrl-C."""

    def __init__(
        self, fleet: Fleet, names: Sequence[str], restarts: bool, report: events.Report
    ) -> None:
        self._fleet = fleet
        self._restarts = restarts
        self._report = report
        self.members = {
            name: Member(name, channel.UnitChannel(name, fleet.target(name), fleet.tls()))
            for name in names
        }
        self._watches: list[asyncio.Task[None]] = []

    def begin_watching(self) -> None:
        """Follows every unit's progress until ``close``."""
        self._watches = [
            asyncio.create_task(self._watch(member)) for member in self.members.values()
        ]

    async def close(self) -> None:
        """Ends watching and closes all channels."""
        for task in self._watches:
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await asyncio.gather(*(member.channel.close() for member in self.members.values()))

    async def guard(self, work: Awaitable[Result]) -> Result:
        """Awaits ``work``; raises as soon as a unit is lost or a person interrupts."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                self.check()
                await asyncio.wait({task}, timeout=TICK_SECONDS)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def check(self) -> None:
        """Raises InterruptedRunError, or UnitFailure with the first unit that is lost."""
        if self._fleet.interrupted():
            raise InterruptedRunError("The run was interrupted.")
        self.check_units()

    def check_units(self) -> None:
        """Raises UnitFailure with the first unit that is lost."""
        for name, member in self.members.items():
            if failure := self.lost(name, member):
                raise UnitFailure(failure)

    def lost(self, name: str, member: Member) -> Failure | None:
        """Returns why the unit will not go on, or None: its own words first, then its ending."""
        if member.failure is not None and not self._restarts:
            return member.failure
        ending = self._fleet.ending(name)
        if ending is None:
            return None
        if member.failure is not None:
            return member.failure
        lines = self._fleet.last_lines(name)
        if said := last_words(name, lines):
            return said
        died = errors.UnitDiedError(name, ending, lines)
        return Failure(name, "UnitDiedError", died.text, died.remedy, lines)

    def is_lost(self, name: str) -> bool:
        """Says whether the unit cannot be asked any more."""
        return self._fleet.ending(name) is not None

    def returned(self, names: Sequence[str]) -> list[str]:
        """Returns the units that were started anew since they were brought up."""
        return [
            name for name in names if self._fleet.incarnation(name) > self.members[name].incarnation
        ]

    async def bring(
        self, name: str, request: messages.StartRequest | None = None
    ) -> messages.StartReply | None:
        """Opens the unit, and starts it if asked; waits for one that is not up (again) yet.

        Raises UnitFailure where it refuses, or does not answer as long as the fleet has patience.
        """
        member = self.members[name]
        loop = asyncio.get_running_loop()
        patience_seconds = self._fleet.patience_ns() / 1e9
        deadline = loop.time() + patience_seconds
        refusal: Failure | None = None
        while loop.time() < deadline:
            try:
                return await self._bring_once(member, request)
            except channel.AwayError:
                await asyncio.sleep(RETRY_SECONDS)
            except channel.RefusedError as refused:
                refusal = refused.failure
                if not self._restarts:
                    raise UnitFailure(refusal) from refused
                await asyncio.sleep(RETRY_SECONDS)
        if refusal is None:
            why = await channel.diagnose(self._fleet.target(name), self._fleet.tls())
            silence = f"Unit {name} did not become ready within {patience_seconds:g} s"
            refusal = Failure(name, "RunError", f"{silence}{why and ': '}{why}.", SILENCE_REMEDY)
        raise UnitFailure(refusal)

    async def bring_all(
        self, names: Sequence[str], request: messages.StartRequest | None = None
    ) -> dict[str, messages.StartReply | None]:
        """Brings all of ``names`` up at once; the first failure ends the rest."""
        tasks = {name: asyncio.create_task(self.bring(name, request)) for name in names}
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return {name: task.result() for name, task in tasks.items()}

    async def hold(self, hold_ms: int) -> None:
        """Returns when every unit was scraped once more, or after ``hold_ms``."""
        until = asyncio.get_running_loop().time() + hold_ms / 1000
        before = now = await self._scrapes()
        while any(now.get(name, count + 1) <= count for name, count in before.items()):
            rest_seconds = until - asyncio.get_running_loop().time()
            if rest_seconds <= 0:
                return
            await asyncio.sleep(min(RETRY_SECONDS, rest_seconds))
            now = await self._scrapes()

    async def _scrapes(self) -> dict[str, int]:
        """Returns how often each unit was scraped; one that is away is not among them."""
        found = {}
        for name, member in self.members.items():
            try:
                found[name] = (await member.channel.describe()).scrapes
            except (channel.AwayError, channel.RefusedError):
                continue
        return found

    async def _bring_once(
        self, member: Member, request: messages.StartRequest | None
    ) -> messages.StartReply | None:
        description = await member.channel.describe()
        opened = await member.channel.open()
        again = 0 < member.incarnation < opened.incarnation
        if member.incarnation != opened.incarnation:
            member.incarnation = opened.incarnation
            member.description = description
            member.failure = None
            told = events.UnitRestarted if again else events.UnitReady
            self._report(told(member.name, opened.incarnation))
        if request is None:
            return None
        return await member.channel.start(request, START_GRACE_SECONDS)

    async def _watch(self, member: Member) -> None:
        while True:
            try:
                described = await member.channel.describe()
                self._fleet.heard(member.name, described.incarnation)
                async for progress in member.channel.watch():
                    self._fleet.heard(member.name, described.incarnation)
                    member.progress = progress
                    if progress.state == messages.STATE_FAILED and progress.HasField("failure"):
                        member.failure = _failure_of(member.name, progress.failure)
            except (channel.AwayError, channel.RefusedError):
                # The unit is down or being restarted; the fleet says whether for good.
                pass
            await asyncio.sleep(RETRY_SECONDS)


def last_words(name: str, lines: Sequence[str]) -> Failure | None:
    """Returns the failure that a unit logged last, before anybody could ask it; None if none.

    Lines are JSON as telemetry writes them: ``event`` failed with ``error``, ``text``, ``remedy``.
    What an earlier incarnation said before this one was ready does not count.
    """
    for line in reversed(lines):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        event = said.get("event") if isinstance(said, dict) else None
        if event in ("ready", "started"):
            return None
        if event == "failed":
            error, text = str(said.get("error", "RunError")), str(said.get("text", ""))
            return Failure(name, error, text, str(said.get("remedy", "")), tuple(lines))
    return None


def _failure_of(name: str, said: messages.Failure) -> Failure:
    return Failure(name, said.error, said.text, said.remedy, tuple(said.last_log_lines))
