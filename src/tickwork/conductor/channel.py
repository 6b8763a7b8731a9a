"""Control of one unit, near or far: the calls, and what their errors mean."""

import asyncio
import dataclasses
import pathlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

import grpc
import grpc.aio
from tickwork_proto.v1 import control_pb2 as messages
from tickwork_proto.v1 import control_pb2_grpc as service

from tickwork import clock, errors
from tickwork.conductor import collecting
from tickwork.conductor.outcome import Failure
from tickwork.unit import certificates
from tickwork.unit.unit import SERVER_NAME, Tls

Reply = TypeVar("Reply")

CONNECT_SECONDS = 2.0
OPEN_SECONDS = 30.0
STOP_GRACE_SECONDS = 5.0
COLLECT_ATTEMPTS_MAX = 5
WATCH_INTERVAL_MS = 500
CLOCK_ROUNDS_MAX = 5
# A hundredth of what may be wrong before a run is refused: no need to ask again.
CLOCK_BOUND_NS_GOOD = 5_000_000

# A message holds a chunk of 1 MiB and its frame.
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.max_receive_message_length", 2 << 20),
    # A pod's name begins to resolve when the pod has an address; the default asks twice a minute.
    ("grpc.dns_min_time_between_resolutions_ms", 500),
    # A connection that the network lost without a word is given up and made anew: waiting for TCP
    # to send again takes as long as the network was away, and a unit counts as dead meanwhile.
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 5000),
    ("grpc.http2.ping_timeout_ms", 5000),
    ("grpc.http2.max_pings_without_data", 0),
)
_AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


@dataclasses.dataclass(frozen=True)
class ClockOffset:
    """How far a unit's Unix clock is ahead of this machine's, wrong by at most ``bound_ns``."""

    offset_ns: int
    bound_ns: int


class AwayError(errors.TickworkError):
    """A unit does not answer: it is not up yet, it died, or it hangs."""

    retry = "yes"


class RefusedError(errors.RunError):
    """A unit answered a call with an error of its own."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text, failure.remedy)
        self.failure = failure


class UnitChannel:
    """Control of the unit ``name`` (``group/unit``) at ``target``. Calls are idempotent.

    With ``tls`` both sides prove themselves; the unit by ``SERVER_NAME``, whatever ``target`` is.
    Raises InputError where a certificate is of no use.
    """

    def __init__(self, name: str, target: str, tls: Tls | None = None) -> None:
        self.name = name
        self._channel = _connect(target, tls)
        self._stub: Any = service.ControlStub(self._channel)

    async def describe(self) -> messages.Description:
        """Asks what the unit is; AwayError where nobody answers within two seconds."""
        call = self._stub.Describe(
            messages.DescribeRequest(), timeout=CONNECT_SECONDS, wait_for_ready=True
        )
        return await self._answer("Describe", call)

    async def measure_clock(self) -> ClockOffset:
        """Compares the unit's Unix clock with this machine's; the quickest of a few answers counts.

        The unit read its clock between question and answer: that bounds the error.
        """
        best = await self._compare_clock()
        for _ in range(CLOCK_ROUNDS_MAX - 1):
            if best.bound_ns > CLOCK_BOUND_NS_GOOD:
                best = min(best, await self._compare_clock(), key=lambda seen: seen.bound_ns)
        return best

    async def _compare_clock(self) -> ClockOffset:
        # What bounds is read first: a pause between the two looks is within the bound then.
        before_mono_ns = clock.now_mono_ns()
        before_ns = clock.now_unix_ns()
        said_ns = (await self.describe()).at_unix_ns
        half_ns = (clock.now_mono_ns() - before_mono_ns + 1) // 2
        return ClockOffset(said_ns - before_ns - half_ns, half_ns)

    async def open(self) -> messages.Description:
        """Lets the unit open links and sockets."""
        call = self._stub.Open(messages.OpenRequest(), timeout=OPEN_SECONDS)
        return await self._answer("Open", call)

    async def start(
        self, request: messages.StartRequest, timeout_seconds: float
    ) -> messages.StartReply:
        """Starts a block; answers when its start instant has come."""
        return await self._answer("Start", self._stub.Start(request, timeout=timeout_seconds))

    async def stop(
        self, drain_ms: int, reason: str, *, final: bool, timeout_seconds: float | None = None
    ) -> messages.StopReply:
        """Stops the unit; waits for its drain and a grace of five seconds, or as told."""
        request = messages.StopRequest(drain_ms=drain_ms, reason=reason, final=final)
        limit = drain_ms / 1000 + STOP_GRACE_SECONDS if timeout_seconds is None else timeout_seconds
        return await self._answer("Stop", self._stub.Stop(request, timeout=limit))

    async def watch(self) -> AsyncIterator[messages.Progress]:
        """Yields the unit's progress until it ends; AwayError when it goes away."""
        call = self._stub.Watch(
            messages.WatchRequest(interval_ms=WATCH_INTERVAL_MS), wait_for_ready=True
        )
        try:
            async for progress in call:
                yield progress
        except grpc.aio.AioRpcError as error:
            raise self._explain("Watch", error) from error

    async def collect(
        self, label: str, into: pathlib.Path, timeout_seconds: float
    ) -> collecting.Collected:
        """Copies the block's files into ``into``; goes on where a broken stream ended.

        Raises AwayError after five breaks or ``timeout_seconds`` in all, RunError where a file's
        digest is wrong.
        """
        sink = collecting.Sink(into, label)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        for attempt in range(1, COLLECT_ATTEMPTS_MAX + 1):
            request = messages.CollectRequest(label=label, path=sink.path, offset=sink.offset)
            try:
                rest = max(deadline - loop.time(), 0)
                async for chunk in self._stub.Collect(request, timeout=rest):
                    await asyncio.to_thread(
                        sink.write, chunk.path, chunk.offset, chunk.data, chunk.sha256, chunk.last
                    )
                return sink.finish()
            except grpc.aio.AioRpcError as error:
                explained = self._explain("Collect", error)
                last = attempt == COLLECT_ATTEMPTS_MAX or loop.time() >= deadline
                if last or not isinstance(explained, AwayError):
                    raise explained from error
            finally:
                sink.close()
        raise AwayError(f"Collecting from {self.name}: the stream broke too often.")

    async def close(self) -> None:
        """Closes the channel; the unit does not notice."""
        await self._channel.close()

    async def _answer(self, verb: str, call: Awaitable[Reply]) -> Reply:
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise self._explain(verb, error) from error

    def _explain(self, verb: str, error: grpc.aio.AioRpcError) -> errors.TickworkError:
        """Tells an absent unit from one that refused: a refusal begins with its error's name."""
        details = error.details() or ""
        name, _, text = details.partition(": ")
        if text and name.isidentifier():
            return RefusedError(Failure(self.name, name, text))
        if error.code() in _AWAY:
            return AwayError(f"{verb} of {self.name}: no answer ({error.code().name}: {details}).")
        said = details or error.code().name
        return RefusedError(Failure(self.name, "RunError", f"{verb} of {self.name}: {said}"))


def _connect(target: str, tls: Tls | None) -> grpc.aio.Channel:
    if tls is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    pem = certificates.read(tls)
    credentials = grpc.ssl_channel_credentials(pem.authority, pem.key, pem.certificate)
    named = ("grpc.ssl_target_name_override", SERVER_NAME)
    return grpc.aio.secure_channel(target, credentials, options=(*_OPTIONS, named))


async def diagnose(target: str, tls: Tls | None) -> str:
    """Returns why nobody answers at ``target``, as the network says it; empty where it does not.

    A channel that waits hides the reason: no such name, nobody listens, a handshake that fails.
    """
    if target.startswith("unix:"):
        return ""
    host, _, port = target.rpartition(":")
    context = None if tls is None else certificates.client_context(tls)
    name = None if tls is None else SERVER_NAME
    try:
        opened = asyncio.open_connection(host, int(port), ssl=context, server_hostname=name)
        _, writer = await asyncio.wait_for(opened, CONNECT_SECONDS)
    except TimeoutError:
        return f"{target} does not answer within {CONNECT_SECONDS:g} s"
    except OSError as error:
        return f"{target}: {certificates.explain(error)}"
    writer.close()
    return ""
