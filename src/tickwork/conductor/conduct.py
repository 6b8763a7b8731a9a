"""One run from the first Describe to the last Collect: the only caller of Control.

::

    connect, open all ─► for each block: start at one instant ─► watch ─► stop in flow order
                         ─► collect                              … final Stop, conductor.json

Whatever happens in between, what units saw is collected, and the outcome says what happened.
"""

import asyncio
from typing import Any

from tickwork_proto.v1 import control_pb2 as messages

from tickwork import clock, errors, run_directory
from tickwork.conductor import channel, collecting, crew, events, journal
from tickwork.conductor.fleet import Fleet
from tickwork.conductor.outcome import Failure, Outcome
from tickwork.plan import plan as plans

# Units need this long to learn of a start instant and to prepare for it.
START_MARGIN_NS = 1_000_000_000
# A clock that is farther off would start its unit late, or measure from another second.
CLOCK_OFFSET_NS_MAX = START_MARGIN_NS // 2
PROGRESS_NS = 500_000_000
# The bound of all Stops together once a person has interrupted.
INTERRUPT_STOP_NS = 8_000_000_000
# Enough for what a unit has at hand; what hangs is read from its disk instead.
EARLY_COLLECT_SECONDS = 5.0
COLLECT_SECONDS = 120.0


def conduct(
    plan: plans.Plan, fleet: Fleet, run: run_directory.RunDirectory, report: events.Report
) -> Outcome:
    """Drives every block of ``plan`` and returns how the run ended; nothing a unit does raises.

    ``conductor.json`` is written after every block and at the end. Raises RunError where the run
    directory cannot be written.
    """
    try:
        return asyncio.run(_Run(plan, fleet, run, report).conduct())
    except OSError as error:
        raise errors.RunError(
            f"Writing what the units saw below {run.root}: {error}.",
            "Make room on the disk, or choose another directory: -o DIR",
        ) from error


class _Run:
    def __init__(
        self,
        plan: plans.Plan,
        fleet: Fleet,
        run: run_directory.RunDirectory,
        report: events.Report,
    ) -> None:
        self._plan = plan
        self._fleet = fleet
        self._directory = run
        self._report = report
        self._began_ns = clock.now_mono_ns()
        self._journal = journal.Journal(plan.experiment, clock.now_unix_ns())
        # A Unix socket is reached by its owner alone: there is nothing to secure.
        if not all(fleet.target(name).startswith("unix:") for name in plan.unit_paths()):
            self._journal.secured = fleet.tls() is not None
        self._hung: set[str] = set()

    async def conduct(self) -> Outcome:
        self._crew = crew.Crew(
            self._fleet,
            self._plan.unit_paths(),
            self._plan.restart == "onFailure",
            self._report,
        )
        self._crew.begin_watching()
        try:
            await self._open_all()
            for block in self._plan.blocks:
                await self._run_block(block)
            if self._plan.hold_ms:
                self._report(events.Holding(self._plan.hold_ms / 1000))
                await self._crew.guard(self._crew.hold(self._plan.hold_ms))
            # A unit may have died after its last Stop; what it saw is collected, and it is named.
            self._crew.check_units()
            return await self._end("complete")
        except crew.InterruptedRunError:
            return await self._end("interrupted")
        except crew.UnitFailure as lost:
            return await self._end("failed", lost.failure)
        except errors.TickworkError as error:
            failure = Failure("", type(error).__name__, error.text, error.remedy)
            return await self._end("failed", failure)
        finally:
            await self._crew.close()

    async def _open_all(self) -> None:
        names = self._plan.unit_paths()
        await self._crew.guard(self._crew.bring_all(names))
        await self._crew.guard(self._compare_clocks())
        self._journal.ready_unix_ns = clock.now_unix_ns()
        for name, member in self._crew.members.items():
            if member.description is not None:
                self._journal.facts[name] = dict(member.description.facts)
                self._journal.versions[name] = member.description.version
        self._report(events.AllReady(len(names), clock.now_mono_ns() - self._began_ns))

    async def _compare_clocks(self) -> None:
        """Refuses units whose clock would make the one start instant mean something else."""
        members = self._crew.members
        seen = await asyncio.gather(*(each.channel.measure_clock() for each in members.values()))
        self._journal.clocks = dict(zip(members, seen, strict=True))
        for name, clocks in self._journal.clocks.items():
            if abs(clocks.offset_ns) - clocks.bound_ns > CLOCK_OFFSET_NS_MAX:
                raise crew.UnitFailure(_clock_failure(name, clocks))

    # -- a block ----------------------------------------------------------------------------------

    async def _run_block(self, block: plans.Block) -> None:
        seen, request = self._schedule(block)
        names = self._plan.unit_paths(block.arm)
        self._journal.blocks.append(seen)
        seen.units = {name: journal.UnitSeen() for name in names}
        try:
            self._report(
                events.BlockStarted(
                    block.index,
                    len(self._plan.blocks),
                    block.label,
                    block.arm,
                    seen.start_unix_ns,
                    block.duration_ns,
                )
            )
            replies = await self._crew.guard(self._crew.bring_all(names, request))
            for name, reply in replies.items():
                self._note_start(seen, name, reply)
            await self._follow(block, seen, names, request)
            await self._stop_block(block, seen)
            seen.complete = True
        except errors.TickworkError:
            await self._stop_early(block, seen)
            raise
        finally:
            lost = await self._collect_block(block, seen)
            self._journal.write(self._directory.conductor)
        if lost:
            seen.complete = False
            raise crew.UnitFailure(lost[0])

    def _schedule(self, block: plans.Block) -> tuple[journal.BlockSeen, messages.StartRequest]:
        start_unix_ns = clock.now_unix_ns() + START_MARGIN_NS
        seen = journal.BlockSeen(
            block.label,
            block.arm,
            block.repeat,
            start_unix_ns,
            start_unix_ns + block.warm_up_ns,
            start_unix_ns + block.duration_ns,
        )
        request = messages.StartRequest(
            block=block.index,
            arm=block.arm,
            label=block.label,
            start_unix_ns=seen.start_unix_ns,
            measure_from_unix_ns=seen.measure_from_unix_ns,
            stop_unix_ns=seen.stop_unix_ns,
        )
        return seen, request

    def _note_start(self, seen: journal.BlockSeen, name: str, reply: Any) -> None:
        unit = seen.units[name]
        first = unit.incarnation == 0
        unit.incarnation = self._crew.members[name].incarnation
        if first:
            unit.started_unix_ns = reply.started_unix_ns
            unit.lateness_ns = reply.lateness_ns
        unit.clock_bound_ns = max(unit.clock_bound_ns, reply.clock_bound_ns)

    async def _follow(
        self,
        block: plans.Block,
        seen: journal.BlockSeen,
        names: list[str],
        request: messages.StartRequest,
    ) -> None:
        """Waits for the block's end, reports progress, brings restarted units up again."""
        told_ns = 0
        bringing: dict[str, asyncio.Task[Any]] = {}
        try:
            while (now_ns := clock.now_unix_ns()) < seen.stop_unix_ns:
                self._crew.check()
                for name in self._crew.returned(names):
                    if name not in bringing:
                        bringing[name] = asyncio.create_task(self._crew.bring(name, request))
                self._note_restarts(seen, bringing)
                if now_ns - told_ns >= PROGRESS_NS:
                    told_ns = now_ns
                    self._tell_progress(block, seen, names, now_ns)
                rest_ns = seen.stop_unix_ns - now_ns
                await asyncio.sleep(min(crew.TICK_SECONDS, rest_ns / 1e9))
        finally:
            for task in bringing.values():
                task.cancel()
            await asyncio.gather(*bringing.values(), return_exceptions=True)

    def _note_restarts(
        self, seen: journal.BlockSeen, bringing: dict[str, asyncio.Task[Any]]
    ) -> None:
        for name in [name for name, task in bringing.items() if task.done()]:
            self._note_start(seen, name, bringing.pop(name).result())
            self._journal.restarts.append(
                journal.Restart(name, seen.units[name].incarnation, seen.label, clock.now_unix_ns())
            )

    def _tell_progress(
        self, block: plans.Block, seen: journal.BlockSeen, names: list[str], now_ns: int
    ) -> None:
        counters = {
            name: dict(progress.counters)
            for name in names
            if (progress := self._crew.members[name].progress) is not None
        }
        elapsed_ns = max(0, now_ns - seen.start_unix_ns)
        self._report(events.Progressed(block.label, elapsed_ns, block.duration_ns, counters))

    # -- stopping ---------------------------------------------------------------------------------

    async def _stop_block(self, block: plans.Block, seen: journal.BlockSeen) -> None:
        """Stops in the order of flow; a unit that fails doing so ends the run afterwards."""
        failures: list[Failure] = []
        for name in self._plan.stop_order(block.arm):
            member = self._crew.members[name]
            try:
                reply = await member.channel.stop(self._plan.drain_ms, "end of block", final=False)
                seen.units[name].undrained = reply.undrained
            except channel.RefusedError as refused:
                failures.append(refused.failure)
            except channel.AwayError as away:
                self._hung.add(name)
                lost = self._crew.lost(name, member)
                failures.append(lost or Failure(name, "RunError", away.text))
        self._report(events.BlockStopped(block.label, _undrained(seen)))
        if failures:
            self._journal.failures += failures[1:]
            raise crew.UnitFailure(failures[0])

    async def _stop_early(self, block: plans.Block, seen: journal.BlockSeen) -> None:
        """Stops what still answers, within the bound of an interrupted run."""
        if self._fleet.interrupted() and self._journal.interrupted_unix_ns is None:
            self._journal.interrupted_unix_ns = clock.now_unix_ns()
            self._report(events.Interrupted())
        deadline_ns = clock.now_mono_ns() + INTERRUPT_STOP_NS
        for name in self._plan.stop_order(block.arm):
            stopped = seen.units[name].undrained is not None
            if stopped or name in self._hung or self._crew.is_lost(name):
                continue
            rest_ns = max(deadline_ns - clock.now_mono_ns(), 0)
            drain_ms = min(self._plan.drain_ms, rest_ns // 2_000_000)
            try:
                reply = await self._crew.members[name].channel.stop(
                    drain_ms, "ended early", final=False, timeout_seconds=rest_ns / 1e9 + 0.1
                )
                seen.units[name].undrained = reply.undrained
            except (channel.AwayError, channel.RefusedError) as error:
                self._journal.failures.append(Failure(name, type(error).__name__, error.text))
        self._report(events.BlockStopped(block.label, _undrained(seen)))

    async def _collect_block(self, block: plans.Block, seen: journal.BlockSeen) -> list[Failure]:
        """Collects from every unit; returns the failures of those of whom nothing can be had."""
        names = self._plan.unit_paths(block.arm)
        lost = await asyncio.gather(*(self._collect_unit(block, seen, name) for name in names))
        files = sum(unit.files for unit in seen.units.values())
        size_bytes = sum(unit.size_bytes for unit in seen.units.values())
        self._report(events.BlockCollected(block.label, files, size_bytes))
        return [each for each in lost if each is not None]

    async def _collect_unit(
        self, block: plans.Block, seen: journal.BlockSeen, name: str
    ) -> Failure | None:
        """Collects from the unit, or from its disk where it cannot be asked any more."""
        into = self._directory.block_unit(block.label, *name.split("/"))
        unit = seen.units[name]
        unit.partial = unit.undrained is None
        early = unit.partial or self._fleet.interrupted()
        try:
            if self._crew.is_lost(name):
                raise channel.AwayError(f"{name} ended.")
            collected = await self._crew.members[name].channel.collect(
                block.label, into, EARLY_COLLECT_SECONDS if early else COLLECT_SECONDS
            )
        except errors.TickworkError as error:
            output = self._fleet.left_behind(name)
            unit.partial = True
            if output is None:
                failure = Failure(name, type(error).__name__, error.text)
                self._journal.failures.append(failure)
                return failure
            collected = await asyncio.to_thread(
                collecting.copy_left_behind, output, block.label, into
            )
        unit.files, unit.size_bytes = collected.files, collected.size_bytes
        return None

    # -- the end ----------------------------------------------------------------------------------

    async def _end(self, status: Any, failure: Failure | None = None) -> Outcome:
        if status == "interrupted" and self._journal.interrupted_unix_ns is None:
            self._journal.interrupted_unix_ns = clock.now_unix_ns()
            self._report(events.Interrupted())
        if failure is not None:
            self._report(
                events.UnitFailed(failure.unit, failure.error, failure.text, failure.remedy)
            )
            self._journal.failures.insert(0, failure)
        await self._collect_far_words()
        await self._stop_for_good(status)
        complete = sum(block.complete for block in self._journal.blocks)
        failures = (failure,) if failure is not None else ()
        outcome = Outcome(status, complete, failures)
        self._journal.outcome = outcome
        self._journal.ended_unix_ns = clock.now_unix_ns()
        self._journal.write(self._directory.conductor)
        return outcome

    async def _collect_far_words(self) -> None:
        """Fetches unit.json and the log of every unit whose executor does not keep them here."""
        names = [name for name in self._crew.members if self._fleet.left_behind(name) is None]
        asked = [name for name in names if not self._crew.is_lost(name)]
        fetched = await asyncio.gather(
            *(
                self._crew.members[name].channel.collect(
                    run_directory.UNIT,
                    self._directory.unit(*name.split("/")),
                    EARLY_COLLECT_SECONDS,
                )
                for name in asked
            ),
            return_exceptions=True,
        )
        for name, error in zip(asked, fetched, strict=True):
            if isinstance(error, errors.TickworkError):
                self._journal.failures.append(Failure(name, type(error).__name__, error.text))
            elif isinstance(error, BaseException):
                raise error

    async def _stop_for_good(self, status: str) -> None:
        """Says goodbye to all units at once; each has been stopped and collected already."""
        living = [name for name in self._crew.members if not self._crew.is_lost(name)]
        stops = [
            self._crew.members[name].channel.stop(0, status, final=True, timeout_seconds=2.0)
            for name in living
        ]
        # A unit that does not answer here is ended by its executor.
        await asyncio.gather(*stops, return_exceptions=True)


def _clock_failure(name: str, seen: channel.ClockOffset) -> Failure:
    side = "ahead of" if seen.offset_ns > 0 else "behind"
    return Failure(
        name,
        "RunError",
        f"The clock of unit {name} is {abs(seen.offset_ns) / 1e9:.3f} s {side} the Conductor's "
        f"(± {seen.bound_ns / 1e9:.3f} s); at most {CLOCK_OFFSET_NS_MAX / 1e9:g} s are allowed.",
        "Synchronise the clocks of the machines (chrony, NTP), then run again.",
    )


def _undrained(seen: journal.BlockSeen) -> int:
    return sum(unit.undrained or 0 for unit in seen.units.values())
