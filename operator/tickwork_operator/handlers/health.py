"""Answers the kubelet's probes: alive unless a restart would help, ready while it sees."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from tickwork import errors

Verdict = Callable[[], str | None]


def application(mute: Verdict, blind: Verdict) -> web.Application:
    """Returns the server of ``/healthz`` and ``/readyz``.

    Each asks one verdict: None is well (200), a sentence is what is wrong (503).
    """
    made = web.Application()
    made.add_routes([web.get("/healthz", _answering(mute)), web.get("/readyz", _answering(blind))])
    return made


def _answering(verdict: Verdict) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.StreamResponse:
        wrong = verdict()
        return web.Response(text=wrong or "ok", status=503 if wrong else 200)

    return answer


async def serve(made: web.Application, port: int) -> web.AppRunner:
    """Serves ``made`` on every address; raises PortTakenError."""
    runner = web.AppRunner(made, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "0.0.0.0", port).start()  # noqa: S104 — the kubelet asks from afar
    except OSError as error:
        await runner.cleanup()
        raise errors.PortTakenError("The operator's probes", f"port {port}") from error
    return runner
