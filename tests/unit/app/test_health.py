"""The probes say whether the process lives and is ready, and nothing about what it depends on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from responder.app.health import BEAT_SECONDS, STALE_SECONDS, Health, application
from responder.telemetry.metrics import Metrics


class Clock:
    """Moved by hand; every sleep is 0.25 s late."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds + 0.25
        await asyncio.sleep(0)


@asynccontextmanager
async def _served(health: Health, metrics: Metrics) -> AsyncIterator[tuple[ClientSession, str]]:
    async with TestServer(application(health, metrics)) as server, ClientSession() as session:
        yield session, str(server.make_url("/"))


async def _status(health: Health, path: str) -> tuple[int, str]:
    async with _served(health, Metrics()) as (session, url), session.get(url + path) as answer:
        return answer.status, await answer.text()


async def test_a_process_is_ready_once_it_has_started_and_joined() -> None:
    health = Health(Clock(), Metrics())
    health.waits_for("group triage")
    health.has("start")
    assert await _status(health, "readyz") == (503, "waiting for group triage\n")
    health.has("group triage")
    assert await _status(health, "readyz") == (200, "ready\n")


async def test_a_process_that_goes_is_no_longer_ready_and_still_alive() -> None:
    health = Health(Clock(), Metrics())
    health.has("start")
    health.waits_for("stop")
    assert (await _status(health, "readyz"))[0] == 503
    assert (await _status(health, "livez"))[0] == 200


async def test_a_process_without_a_heartbeat_is_not_alive() -> None:
    clock = Clock()
    health = Health(clock, Metrics())
    clock.at += STALE_SECONDS
    assert await _status(health, "livez") == (503, "no heartbeat for 30 s\n")


async def test_a_beat_says_how_late_it_came() -> None:
    clock, metrics = Clock(), Metrics()
    beating = asyncio.create_task(Health(clock, metrics).run())
    while clock.at < 100 + 2 * BEAT_SECONDS:  # noqa: ASYNC110 - the clock is moved by the beats
        await asyncio.sleep(0)
    beating.cancel()
    shown = metrics.render()[0].decode()
    assert 'event_loop_lag_seconds_bucket{le="0.1"} 0.0' in shown
    assert "event_loop_lag_seconds_count 0.0" not in shown


async def test_metrics_come_in_the_format_that_is_asked_for() -> None:
    metrics = Metrics()
    async with _served(Health(Clock(), metrics), metrics) as (session, url):
        plain = await session.get(url + "metrics")
        assert plain.headers["Content-Type"].startswith("text/plain")
        assert "responder_event_loop_lag_seconds_count" in await plain.text()
        asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
        openmetrics = await session.get(url + "metrics", headers=asked)
        assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await openmetrics.text()).endswith("# EOF\n")
