"""Servers on this machine, and the real HTTP client with the permission to reach them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from urllib.parse import urlsplit

from aiohttp import web

from responder.adapters.http import GuardedHttp
from responder.adapters.system import SystemClock
from responder.engagement.ports import Clock


def loopback_http(*urls: str, clock: Clock | None = None) -> GuardedHttp:
    """A client that may call exactly the ports of these URLs on 127.0.0.0/8."""
    ports = [port for url in urls if (port := urlsplit(url).port) is not None]
    return GuardedHttp(
        clock=clock or SystemClock(),
        user_agent="Responder/test",
        networks=[ip_network("127.0.0.0/8")],
        ports=ports,
    )


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve on a free port of 127.0.0.1; gives the URL."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
