"""Runs a Plan as one process tree on this machine: the entry points for a command line.

A run with blocks::

    run = runs.make(parent, experiment.name, experiment.text)
    outcome = execution.execute(
        plan, run, lambda fleet: conduct.conduct(plan, fleet, run, report)
    )

A provider (a Plan without blocks)::

    ended = execution.provide(plan, run, told)
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import tempfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from tickwork import clock, errors, run_directory
from tickwork.local import addresses, claim, interruption, process, segments, supervisor
from tickwork.plan import bind
from tickwork.plan import plan as plans
from tickwork.unit import unit as units

Result = TypeVar("Result")

SCRATCH_PREFIX = "tw-"
# A short place: the path of a Unix socket has at most 107 bytes.
SCRATCH_PARENT = pathlib.Path("/tmp")  # noqa: S108 — the directory in it is made by mkdtemp
OUTPUT = "output"
LAST_LINES_MAX = 5
LAST_BYTES_MAX = 16 << 10

UNIT_PATIENCE_NS = 60_000_000_000
FINAL_STOP_NS = 2_000_000_000
END_EACH_GRACE_NS = 1_000_000_000
END_ALL_NS = 8_000_000_000
PROVIDER_LOOK_NS = 200_000_000


class LocalFleet:
    """The units of one run on this machine, as a Conductor wants to see them."""

    def __init__(
        self,
        bound: Sequence[units.Unit],
        run: run_directory.RunDirectory,
        keeper: supervisor.Supervisor,
        wish: interruption.Interruption,
    ) -> None:
        self._units = {unit.path: unit for unit in bound}
        self._run = run
        self._keeper = keeper
        self._wish = wish

    def target(self, unit: str) -> str:
        """Returns the Unix socket of the unit's Control."""
        return self._units[unit].control

    def tls(self) -> units.Tls | None:
        """Returns None: the sockets lie in a directory that only this user reads."""
        return None

    def patience_ns(self) -> int:
        """Returns how long a unit may take to come up."""
        return UNIT_PATIENCE_NS

    def heard(self, unit: str, incarnation: int) -> None:
        """Takes note of nothing: the supervisor sees the processes."""

    def incarnation(self, unit: str) -> int:
        """Returns how often the unit was started, from 1."""
        return self._keeper.incarnation(unit)

    def ending(self, unit: str) -> str | None:
        """Returns how the unit ended for good, or None."""
        return self._keeper.ending(unit)

    def last_lines(self, unit: str) -> tuple[str, ...]:
        """Returns the last lines of the unit's log."""
        path = self._run.unit(*unit.split("/")) / run_directory.LOG_FILE
        try:
            with path.open("rb") as log:
                log.seek(max(0, path.stat().st_size - LAST_BYTES_MAX))
                lines = deque(log.read().decode(errors="replace").splitlines(), LAST_LINES_MAX)
        except OSError:
            return ()
        return tuple(lines)

    def left_behind(self, unit: str) -> pathlib.Path | None:
        """Returns the unit's output directory."""
        return pathlib.Path(self._units[unit].output_directory)

    def interrupted(self) -> bool:
        """Says whether a person asked for the end."""
        return self._wish.is_set

    def pids(self) -> dict[str, int]:
        """Returns the process ids of the units that run."""
        return self._keeper.pids()


@dataclasses.dataclass(frozen=True)
class ProviderEnding:
    """How a provider ended: ``lost`` names a unit that could not be kept up, and its ending."""

    lost: str | None
    ending: str | None

    @property
    def exit_code(self) -> int:
        """0 where a person ended it; 6 where a unit died for good."""
        return 0 if self.lost is None else errors.UnitDiedError.exit_code


def execute(
    plan: plans.Plan,
    run: run_directory.RunDirectory,
    conduct: Callable[[LocalFleet], Result],
    *,
    told: Callable[[supervisor.Restarted], None] = lambda _: None,
    program: Sequence[str] = process.SERVICES,
) -> Result:
    """Starts every unit of ``plan``, lets ``conduct`` drive them, and ends them all.

    Nothing is left afterwards but the run directory. The first Ctrl-C is told to ``conduct``
    through the fleet, the second kills all units; ``conduct`` then reads what is on disk.
    Raises PortTakenError, MissingError (a name in use, too few cores) before anything starts.
    """
    with _running(plan, run, told, program) as (fleet, keeper):
        result = conduct(fleet)
        keeper.wait(FINAL_STOP_NS)
        return result


def provide(
    plan: plans.Plan,
    run: run_directory.RunDirectory,
    told: Callable[[supervisor.Restarted], None] = lambda _: None,
    *,
    ready: Callable[[LocalFleet], None] = lambda _: None,
    program: Sequence[str] = process.SERVICES,
) -> ProviderEnding:
    """Runs a provider until a person ends it, or a unit cannot be kept up.

    Its units open and start by themselves; SIGTERM in the order of the flow is their final Stop.
    """
    lost: tuple[str | None, str | None] = (None, None)
    with _running(plan, run, told, program) as (fleet, keeper):
        ready(fleet)
        while not fleet.interrupted() and lost == (None, None):
            clock.sleep(PROVIDER_LOOK_NS)
            lost = next(iter(keeper.endings().items()), lost)
    return ProviderEnding(*lost)


@contextlib.contextmanager
def _running(
    plan: plans.Plan,
    run: run_directory.RunDirectory,
    told: Callable[[supervisor.Restarted], None],
    program: Sequence[str],
) -> Iterator[tuple[LocalFleet, supervisor.Supervisor]]:
    cores = os.sched_getaffinity(0)
    refuse_spinners(plan, len(cores))
    refuse_absent_cores(plan, cores)
    with contextlib.ExitStack() as stack:
        try:
            started = _start(stack, plan, run, told, program)
        except OSError as error:
            raise errors.RunError(
                f"Starting the units of {plan.experiment} in {run.root}: {error}.",
                "Make room on the disk, or choose another directory: -o DIR",
            ) from error
        yield started


def _start(
    stack: contextlib.ExitStack,
    plan: plans.Plan,
    run: run_directory.RunDirectory,
    told: Callable[[supervisor.Restarted], None],
    program: Sequence[str],
) -> tuple[LocalFleet, supervisor.Supervisor]:
    """Starts every unit; what undoes each step lies on ``stack``, in the order of undoing."""
    run.plan.write_text(plan.to_json(), encoding="utf-8")
    scratch = _make_scratch()
    stack.callback(scratch.release)
    held = segments.claim_names(plan.publish_names, segments.base_directory())
    stack.callback(held.remove)
    bound = _bind(plan, run, scratch.directory, held.base)
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    stack.callback(os.close, write_end)
    stack.callback(os.close, read_end)
    launches = [_prepare(unit, run, read_end, program) for unit in bound]
    keeper = supervisor.Supervisor(launches, restarts=plan.restart == "onFailure", told=told)
    wish = interruption.Interruption(keeper.kill)
    stack.enter_context(interruption.listening(wish))
    stack.callback(_gather_rest, run, bound)
    stack.callback(keeper.close)
    each_ns = plan.drain_ms * 1_000_000 + END_EACH_GRACE_NS
    keeper.start()
    stack.callback(keeper.end, plan.stop_order(), each_ns, END_ALL_NS)
    return LocalFleet(bound, run, keeper, wish), keeper


def refuse_spinners(plan: plans.Plan, cores: int) -> None:
    """Raises MissingError where more units of one arm spin than there are cores.

    Spinners that share a core starve each other and measure the scheduler.
    """
    for arm in sorted({group.arm for group in plan.groups}):
        spinners = [unit.name for _, unit in plan.units(arm) if unit.wait == "spin"]
        if len(spinners) > cores:
            raise errors.MissingError(
                f"wait: spin needs a core for each of {len(spinners)} spinners "
                f"({', '.join(spinners)}); this machine gives {cores}.",
                "Choose wait: park, or placement: fused.",
            )


def refuse_absent_cores(plan: plans.Plan, cores: AbstractSet[int]) -> None:
    """Raises MissingError where a unit is bound to a core that this machine does not give."""
    for group, unit in plan.units():
        if absent := sorted(set(unit.cpus) - cores):
            raise errors.MissingError(
                f"Unit {group.name}/{unit.name} is bound to cores {list(unit.cpus)}; "
                f"{absent} are not there, only {sorted(cores)}.",
                "Change cpus in the manifest.",
            )


def _make_scratch() -> claim.Claim:
    """Makes this run's directory of sockets; removes those that dead runs left."""
    claim.clean_leftovers(list(SCRATCH_PARENT.glob(f"{SCRATCH_PREFIX}*")))
    made = pathlib.Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=SCRATCH_PARENT))
    taken = claim.take(made)
    if taken is None:
        raise errors.RunError(f"The directory {made}, made just now, was claimed by somebody.")
    return taken


def _bind(
    plan: plans.Plan,
    run: run_directory.RunDirectory,
    scratch: pathlib.Path,
    base: pathlib.Path,
) -> tuple[units.Unit, ...]:
    directories = {
        path: bind.Directories(str(run.unit(*path.split("/")) / OUTPUT), str(base))
        for path in plan.unit_paths()
    }
    # The name is drawn by mkdtemp: runs that start together begin to look at different ports.
    seed = zlib.crc32(scratch.name.encode())
    found = addresses.allocate(bind.endpoints(plan), scratch, seed)
    return bind.bind(plan, bind.Binding(run.root.name, found, directories))


def _prepare(
    unit: units.Unit, run: run_directory.RunDirectory, parent_pipe: int, program: Sequence[str]
) -> process.Launch:
    directory = run.unit(unit.group, unit.name)
    pathlib.Path(unit.output_directory).mkdir(parents=True, exist_ok=True)
    unit_file = directory / run_directory.UNIT_FILE
    text = unit.model_dump_json(by_alias=True, indent=2) + "\n"
    unit_file.write_text(text, encoding="utf-8")
    return process.Launch(
        unit.path, unit_file, directory / run_directory.LOG_FILE, parent_pipe, program
    )


def _gather_rest(run: run_directory.RunDirectory, bound: Sequence[units.Unit]) -> None:
    """Moves what nobody collected below ``blocks``, then removes the units' own directories."""
    for unit in bound:
        output = pathlib.Path(unit.output_directory)
        for left in sorted(path for path in output.iterdir() if path.is_dir()):
            target = run.block_unit(left.name, unit.group, unit.name)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(left, target)
        shutil.rmtree(output, ignore_errors=True)
