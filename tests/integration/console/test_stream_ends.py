"""A stream belongs to a session: when that is over, so is the stream."""

from collections.abc import Sequence

import aiohttp
from aiohttp import web

from responder.adapters.system import SystemClock
from responder.review.ports import Change
from responder.web.server import application, listen
from responder.web.sse import Hub, Stream


class Silence:
    """A ledger in which nothing happens."""

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]:  # noqa: ARG002
        return []

    async def latest_change(self) -> int:
        return 0


async def test_a_revoked_session_ends_its_stream_at_the_next_heartbeat() -> None:
    hub = Hub(desk=Silence(), clock=SystemClock())
    allowed = iter([True, True, False])

    async def may_go_on() -> bool:
        return next(allowed)

    async def events(request: web.Request) -> web.StreamResponse:
        stream = Stream(hub=hub, may_go_on=may_go_on, heartbeat_seconds=0.01)
        return await stream.answer(request, after=None)

    app = application(hosts=None)
    app.router.add_get("/events", events)
    serving = await listen(app, host="127.0.0.1", port=0)
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(f"http://127.0.0.1:{serving.port}/events") as stream,
    ):
        said = await stream.content.read()
    await serving.stop()
    assert said == b": hello\n\n" + b": still here\n\n" * 2
    assert hub.listening == 0
