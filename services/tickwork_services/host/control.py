"""Answers Control over gRPC; the work itself is in ``unit_host``.

A final Stop ends the process as soon as it is answered, so a Conductor collects before it.
"""

import asyncio
import importlib.metadata
import pathlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
from tickwork_proto.v1 import control_pb2 as messages
from tickwork_proto.v1 import control_pb2_grpc as service

from tickwork import errors
from tickwork.unit import certificates
from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.host import collect, lifecycle, unit_host

WATCH_INTERVAL_MS_MIN = 50
_STATES: dict[units.StateName, messages.State.ValueType] = {
    "new": messages.STATE_NEW,
    "starting": messages.STATE_STARTING,
    "ready": messages.STATE_READY,
    "running": messages.STATE_RUNNING,
    "stopping": messages.STATE_STOPPING,
    "terminated": messages.STATE_TERMINATED,
    "failed": messages.STATE_FAILED,
}
_Context = grpc.aio.ServicerContext[Any, Any]


class Control(service.ControlServicer):
    """Control of one unit."""

    def __init__(self, host: unit_host.UnitHost) -> None:
        self._host = host

    async def Describe(  # noqa: N802 — the names are those of control.proto
        self, _request: messages.DescribeRequest, _context: _Context
    ) -> messages.Description:
        """Says what this unit is and in which state."""
        return self._describe()

    async def Watch(  # noqa: N802
        self, request: messages.WatchRequest, _context: _Context
    ) -> AsyncIterator[messages.Progress]:
        """Reports at once, at every change of state, and every ``interval_ms``."""
        interval_ms = max(request.interval_ms, WATCH_INTERVAL_MS_MIN)
        while True:
            yield self._progress()
            if self._host.lifecycle.state in ("terminated", "failed"):
                return
            await self._host.wait_change(interval_ms * 1_000_000)

    async def Open(  # noqa: N802
        self, _request: messages.OpenRequest, context: _Context
    ) -> messages.Description:
        """Opens links and sockets."""
        try:
            await self._host.open()
        except Exception as error:  # noqa: BLE001 — every error is answered, none swallowed
            await _refuse(context, error)
        return self._describe()

    async def Start(  # noqa: N802
        self, request: messages.StartRequest, context: _Context
    ) -> messages.StartReply:
        """Starts a block and answers when its start instant has come."""
        try:
            started = await self._host.start(_start_of(request))
        except Exception as error:  # noqa: BLE001 — every error is answered, none swallowed
            await _refuse(context, error)
        return messages.StartReply(
            state=self._state(),
            started_unix_ns=started.started_unix_ns,
            lateness_ns=started.lateness_ns,
            clock_bound_ns=started.clock_bound_ns,
        )

    async def Stop(  # noqa: N802
        self, request: messages.StopRequest, context: _Context
    ) -> messages.StopReply:
        """Drains and stops; answers how much was left over."""
        try:
            undrained = await self._host.stop(
                request.drain_ms * 1_000_000, request.reason or "asked", final=request.final
            )
        except Exception as error:  # noqa: BLE001 — every error is answered, none swallowed
            await _refuse(context, error)
        return messages.StopReply(state=self._state(), undrained=undrained)

    async def Collect(  # noqa: N802
        self, request: messages.CollectRequest, context: _Context
    ) -> AsyncIterator[messages.Chunk]:
        """Sends the files of a block (or of all) from ``path`` and ``offset`` on."""
        running = self._host.lifecycle.block
        if running and not request.interim and request.label in ("", running):
            error = errors.LifecycleError(
                f"Collecting {request.label or 'all blocks'}: block {running} still runs.",
                "Stop it first, or ask for an interim collection.",
            )
            await _refuse(context, error)
        try:
            pieces = collect.read_pieces(
                pathlib.Path(self._host.unit.output_directory),
                request.label,
                request.path,
                request.offset,
            )
            while (piece := await asyncio.to_thread(_next_piece, pieces)) is not None:
                yield messages.Chunk(
                    path=piece.path,
                    offset=piece.offset,
                    data=piece.data,
                    sha256=piece.sha256,
                    last=piece.last,
                )
        except (errors.TickworkError, OSError) as refused:
            await _refuse(context, refused)

    def _state(self) -> messages.State.ValueType:
        return _STATES[self._host.lifecycle.state]

    def _describe(self) -> messages.Description:
        host = self._host
        return messages.Description(
            unit=host.unit.path,
            run=host.unit.run,
            state=self._state(),
            incarnation=host.unit.incarnation,
            endpoints=[
                messages.Endpoint(name=name, address=address)
                for name, address in host.endpoints().items()
            ],
            clock_bound_ns=clocks.measure_unix_map().bound_ns,
            at_unix_ns=clocks.now_unix_ns(),
            version=importlib.metadata.version("tickwork-services"),
            failure=_failure(host.lifecycle.failure),
            scrapes=host.scrapes,
            facts={name: str(value) for name, value in host.host_facts.items()},
        )

    def _progress(self) -> messages.Progress:
        medians = {
            f"hops.{each.name}P50Ns": median
            for each in self._host.registry.histograms
            if (median := each.quantile_ns(0.5)) is not None
        }
        return messages.Progress(
            state=self._state(),
            at_unix_ns=clocks.now_unix_ns(),
            counters={
                f"{component}.{name}": value
                for component, counters in self._host.registry.read().items()
                for name, value in counters.items()
            }
            | medians,
            failure=_failure(self._host.lifecycle.failure),
        )


async def serve(host: unit_host.UnitHost) -> grpc.aio.Server:
    """Starts the server on the unit's control address.

    With certificates only those may call whose own is of the same authority; the others' handshake
    fails. Raises PortTakenError, and InputError where a certificate is of no use.
    """
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    service.add_ControlServicer_to_server(Control(host), server)
    try:
        bound = _add_port(server, host.unit)
    except RuntimeError as error:
        raise errors.PortTakenError(f"Control of {host.unit.path}", host.unit.control) from error
    if bound == 0:
        raise errors.PortTakenError(f"Control of {host.unit.path}", host.unit.control)
    await server.start()
    return server


def _add_port(server: grpc.aio.Server, unit: units.Unit) -> int:
    if unit.tls is None:
        return server.add_insecure_port(unit.control)
    pem = certificates.read(unit.tls)
    credentials = grpc.ssl_server_credentials(
        [(pem.key, pem.certificate)],
        root_certificates=pem.authority,
        require_client_auth=True,
    )
    return server.add_secure_port(unit.control, credentials)


def _start_of(request: messages.StartRequest) -> unit_host.Start:
    """Returns what is asked for; raises InputError where it cannot be meant."""
    collect.check_label("Starting", request.label)
    start, stop = request.start_unix_ns, request.stop_unix_ns
    if min(start, request.measure_from_unix_ns, stop) < 0 or 0 < stop <= start:
        raise errors.InputError(
            f"Starting the block {request.label}: from {start} to {stop} Unix ns is no time, "
            f"measured from {request.measure_from_unix_ns}.",
            "Instants are Unix nanoseconds; the stop lies behind the start, or is 0 for none.",
        )
    return unit_host.Start(
        block=request.block,
        arm=request.arm,
        label=request.label,
        start_unix_ns=request.start_unix_ns,
        measure_from_unix_ns=request.measure_from_unix_ns,
        stop_unix_ns=request.stop_unix_ns or None,
    )


def _failure(failure: lifecycle.Failure | None) -> messages.Failure | None:
    if failure is None:
        return None
    return messages.Failure(
        error=failure.error,
        text=failure.text,
        remedy=failure.remedy,
        last_log_lines=failure.last_log_lines,
    )


def _next_piece(pieces: Iterator[collect.Piece]) -> collect.Piece | None:
    return next(pieces, None)


async def _refuse(context: _Context, error: Exception) -> None:
    """Ends the call with the error's text; the code tells wrong input from a wrong state."""
    codes = {
        errors.InputError: grpc.StatusCode.INVALID_ARGUMENT,
        errors.LifecycleError: grpc.StatusCode.FAILED_PRECONDITION,
        errors.MissingError: grpc.StatusCode.UNAVAILABLE,
    }
    code = next((code for kind, code in codes.items() if isinstance(error, kind)), None)
    await context.abort(code or grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
