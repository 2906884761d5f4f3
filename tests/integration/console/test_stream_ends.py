"""A stream belongs to a session: when that is over, so is the stream."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import pytest
from aiohttp import web

from responder.adapters.system import SystemClock
from responder.engagement.errors import Unavailable
from responder.review.ports import Change
from responder.web.server import application, listen
from responder.web.sse import Hub, Stream


class Silence:
    """A ledger in which nothing happens."""

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]:  # noqa: ARG002
        return []

    async def latest_change(self) -> int:
        return 0


class Bustle:
    """A ledger in which something happens whenever somebody looks."""

    def __init__(self) -> None:
        self._number = 0

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]:  # noqa: ARG002
        self._number += 1
        return [
            Change(
                number=self._number, engagement_id=None, act="queued", state=None, queue="default"
            )
        ]

    async def latest_change(self) -> int:
        return self._number


async def read_to_its_end(hub: Hub, may_go_on: Callable[[], Awaitable[bool]]) -> bytes:
    """All that a stream said; it is over within ten seconds."""

    async def events(request: web.Request) -> web.StreamResponse:
        stream = Stream(hub=hub, may_go_on=may_go_on, heartbeat_seconds=0.01)
        return await stream.answer(request, after=None)

    app = application(hosts=None)
    app.router.add_get("/events", events)
    serving = await listen(app, host="127.0.0.1", port=0)
    reading = asyncio.create_task(hub.run())
    try:
        async with (
            asyncio.timeout(10),
            aiohttp.ClientSession() as browser,
            browser.get(f"http://127.0.0.1:{serving.port}/events") as stream,
        ):
            return await stream.content.read()
    finally:
        reading.cancel()
        await serving.stop()


@pytest.mark.fault(33)
async def test_a_revoked_session_ends_its_stream_at_the_next_heartbeat() -> None:
    hub = Hub(desk=Silence(), clock=SystemClock())
    allowed = iter([True, True, False])

    async def may_go_on() -> bool:
        return next(allowed)

    said = await read_to_its_end(hub, may_go_on)
    assert said == b": hello\n\n" + b": still here\n\n" * 2
    assert hub.listening == 0


async def test_a_revoked_session_ends_its_stream_also_while_much_is_told() -> None:
    hub = Hub(desk=Bustle(), clock=SystemClock(), poll_seconds=0.001)
    allowed = iter([True, True, False])

    async def may_go_on() -> bool:
        return next(allowed)

    said = await read_to_its_end(hub, may_go_on)
    assert b"event: changed" in said
    assert hub.listening == 0


async def test_a_database_that_is_away_at_a_heartbeat_does_not_break_the_stream() -> None:
    hub = Hub(desk=Silence(), clock=SystemClock())
    asked = iter([Unavailable(what="the database", why="it restarts"), None])

    async def may_go_on() -> bool:
        error = next(asked)
        if error is not None:
            raise error
        return False

    said = await read_to_its_end(hub, may_go_on)
    assert said == b": hello\n\n: still here\n\n"
