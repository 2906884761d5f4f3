"""Whether this process lives, whether it is ready, and what it measures: a port of its own.

Alive means that the event loop runs, and nothing else: a database that is away must not get every
process restarted. Ready means that it has started, has joined what it reads from, and is not going.
It does not mean that log and database answer: every replica shares them, so all would leave the
load balancer at once, and its error would replace our own 503, which says when to come again.
"""

import asyncio

from aiohttp import web

from responder.engagement.ports import Clock
from responder.telemetry.catalogue import EVENT_LOOP_LAG
from responder.telemetry.metrics import Metrics

BEAT_SECONDS = 0.5
STALE_SECONDS = 30.0

HEALTH: web.AppKey["Health"] = web.AppKey("health")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")


class Health:
    """What the probes ask for. Told by the process as it starts, joins and goes."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._lag = metrics.histogram(EVENT_LOOP_LAG).of()
        self._beat_at = clock.monotonic()
        self._waiting_for: set[str] = {"start"}

    def waits_for(self, what: str) -> None:
        """Not ready until `has(what)`: the name of something to join, or `stop` for good."""
        self._waiting_for.add(what)

    def has(self, what: str) -> None:
        self._waiting_for.discard(what)

    async def run(self) -> None:
        """Beat until cancelled. How late each beat comes is the lag of the event loop."""
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(BEAT_SECONDS)
            self._beat_at = self._clock.monotonic()
            self._lag.observe(max(0.0, self._beat_at - before - BEAT_SECONDS))

    def dead_for(self) -> float | None:
        """Seconds since the last beat, when they are too many."""
        silence = self._clock.monotonic() - self._beat_at
        return silence if silence >= STALE_SECONDS else None

    def missing(self) -> tuple[str, ...]:
        """What it waits for; empty when it is ready."""
        return tuple(sorted(self._waiting_for))


def application(health: Health, metrics: Metrics) -> web.Application:
    """`/livez`, `/readyz` and `/metrics`."""
    app = web.Application()
    app[HEALTH] = health
    app[METRICS] = metrics
    app.router.add_get("/livez", _live)
    app.router.add_get("/readyz", _ready)
    app.router.add_get("/metrics", _metrics)
    return app


async def _live(request: web.Request) -> web.Response:
    silence = request.app[HEALTH].dead_for()
    if silence is not None:
        return web.Response(status=503, text=f"no heartbeat for {silence:.0f} s\n")
    return web.Response(text="alive\n")


async def _ready(request: web.Request) -> web.Response:
    missing = request.app[HEALTH].missing()
    if missing:
        return web.Response(status=503, text=f"waiting for {', '.join(missing)}\n")
    return web.Response(text="ready\n")


async def _metrics(request: web.Request) -> web.Response:
    # In a thread: a thousand series take ten milliseconds, in which nothing else would run.
    body, media_type = await asyncio.to_thread(
        request.app[METRICS].render, request.headers.get("Accept", "")
    )
    return web.Response(body=body, headers={"Content-Type": media_type})
