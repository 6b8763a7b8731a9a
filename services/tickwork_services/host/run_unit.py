"""Turns one Unit into a running process, from ``unit.json`` to the exit code.

Signals: SIGTERM is a final Stop; SIGINT is ignored (units have sessions of their own, and Ctrl-C
is for the parent). A unit with ``--parent-pipe FD`` ends when that pipe closes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sys
from collections.abc import Callable, Sequence

from tickwork import errors, run_directory
from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.host import (
    component,
    control,
    environment,
    exposition,
    parts,
    privileges,
    unit_host,
)
from tickwork_services.telemetry import logs, metrics, pages

CONTROL_GRACE_SECONDS = 1.0
STALL_NS = 5_000_000_000


def run(arguments: Sequence[str], make: parts.Make) -> int:
    """Runs the unit that ``arguments`` name until it ends; returns the exit code."""
    asked = _parse(arguments)
    lines = logs.LogLines(sys.stderr)
    log = logs.make_logger(lines, {"unit": asked.unit})
    try:
        incarnation = asked.incarnation
        if asked.incarnation_file is not None:
            incarnation = count_incarnation(asked.incarnation_file)
        unit = read_unit(pathlib.Path(asked.unit), incarnation)
        if asked.incarnation_file is not None:
            keep_words(pathlib.Path(asked.unit), unit, lines)
        environment.bind_cpus(unit.cpus)
        for refused in privileges.ask(unit.real_time_priority, lock_memory=unit.lock_memory):
            log.warning("not permitted", text=refused)
        return asyncio.run(_serve(unit, make, asked.parent_pipe, lines))
    except errors.TickworkError as error:
        fields = {"error": type(error).__name__, "text": error.text, "remedy": error.remedy}
        log.error("failed", **fields)  # noqa: TRY400 — the text says all that a person needs
        return error.exit_code
    except OSError as error:
        log.exception("failed", error=type(error).__name__, text=str(error))
        return errors.RunError.exit_code
    finally:
        lines.close()


def read_unit(path: pathlib.Path, incarnation: int | None) -> units.Unit:
    """Returns the unit of ``path``; ``incarnation`` (when given) replaces the file's.

    Raises InputError where the file is absent, no JSON, or no unit.
    """
    try:
        content = json.loads(path.read_text())
        if incarnation is not None:
            content["incarnation"] = incarnation
        return units.Unit.model_validate(content)
    except (OSError, ValueError, TypeError) as error:
        raise errors.InputError(
            f"Reading the unit {path}: {error}",
            "Unit files are written by an executor: run the experiment again.",
        ) from error


def keep_words(path: pathlib.Path, unit: units.Unit, lines: logs.LogLines) -> None:
    """Keeps the unit's file and its log below its output, for a Conductor to collect."""
    folder = pathlib.Path(unit.output_directory, run_directory.UNIT)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / run_directory.UNIT_FILE)
    lines.keep(folder / run_directory.LOG_FILE)


def count_incarnation(path: pathlib.Path) -> int:
    """Adds one to the number in ``path`` (absent: 0), in one step, and returns it.

    Raises InputError where the file holds something else, or cannot be written.
    """
    try:
        counted = int(path.read_text()) + 1 if path.exists() else 1
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(f"{counted}\n")
        part.replace(path)
    except (OSError, ValueError) as error:
        raise errors.InputError(
            f"Counting this start of the unit in {path}: {error}",
            "The file belongs beside the unit's output; remove it when it is damaged.",
        ) from error
    return counted


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tickwork_services", description="Runs one unit of an experiment."
    )
    parser.add_argument("unit", help="the unit's file, as an executor wrote it")
    parser.add_argument(
        "--parent-pipe", type=int, metavar="FD", help="end when this descriptor's pipe closes"
    )
    counted = parser.add_mutually_exclusive_group()
    counted.add_argument("--incarnation", type=int, help="counts the restarts of this unit, from 1")
    counted.add_argument(
        "--incarnation-file",
        type=pathlib.Path,
        metavar="FILE",
        help="count the restarts in this file, where whoever restarts the unit does not",
    )
    return parser.parse_args(arguments)


async def _serve(
    unit: units.Unit, make: parts.Make, parent_pipe: int | None, lines: logs.LogLines
) -> int:
    log = logs.make_logger(
        lines, {"unit": unit.path, "run": unit.run, "incarnation": unit.incarnation}
    )
    host = unit_host.UnitHost(unit, make, log, lines.last)
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[int]] = set()

    def end(reason: str, drain_ns: int) -> None:
        task = loop.create_task(host.stop(drain_ns, reason, final=True))
        stops.add(task)
        task.add_done_callback(stops.discard)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    loop.add_signal_handler(signal.SIGTERM, end, "SIGTERM", unit.drain_ms * 1_000_000)
    if parent_pipe is not None:
        _watch_parent(loop, parent_pipe, end)
    server = await control.serve(host)
    try:
        with contextlib.closing(_serve_pages(host)):
            if unit.auto_start:
                await _start_alone(host)
            return await host.ended
    finally:
        await server.stop(CONTROL_GRACE_SECONDS)
        await host.close()


def _watch_parent(
    loop: asyncio.AbstractEventLoop, descriptor: int, end: Callable[[str, int], None]
) -> None:
    """Ends the unit, undrained, when the pipe of its parent closes: no orphans."""

    def look() -> None:
        try:
            open_still = bool(os.read(descriptor, 64))
        except OSError:
            open_still = False
        if not open_still:
            loop.remove_reader(descriptor)
            end("the parent is gone", 0)

    loop.add_reader(descriptor, look)


def _serve_pages(host: unit_host.UnitHost) -> pages.Pages:
    """Serves /metrics, /healthz and /readyz on the unit's address."""
    return pages.Pages(
        host.unit.metrics,
        metrics=lambda own: metrics.render(exposition.read(host, own)),
        healthy=lambda: _answer(host.alive(STALL_NS)),
        ready=lambda: _answer(host.serving()),
    )


def _answer(said: component.Serving) -> pages.Answer:
    return pages.Answer(said.serving, said.reason)


async def _start_alone(host: unit_host.UnitHost) -> None:
    """Opens and starts a provider's unit; a failure is in the host's state and log already."""
    now_unix_ns = clocks.now_unix_ns()
    label = run_directory.block_label(0, host.unit.arm)
    start = unit_host.Start(0, host.unit.arm, label, now_unix_ns, now_unix_ns, None)
    await asyncio.gather(_open_and_start(host, start), return_exceptions=True)


async def _open_and_start(host: unit_host.UnitHost, start: unit_host.Start) -> None:
    await host.open()
    await host.start(start)
