"""The console as an application: plain arguments in, routes out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

from aiohttp import web

from responder.access.model import Act
from responder.access.service import SESSION_LIFETIME, Access
from responder.engagement.model import PersonId, SourceId
from responder.engagement.ports import Clock, Ids
from responder.insights.response_times import ResponseTimesDesk
from responder.intake.ports import WayIn
from responder.review.ports import DeadLetterDesk, Desk
from responder.review.service import Review
from responder.web import security, server, sse
from responder.web.api.app import api_routes
from responder.web.console import (
    account,
    balance,
    decisions,
    engagement,
    insights,
    letters,
    queue,
    sources,
)
from responder.web.console.assets import Assets
from responder.web.console.proof import Proof
from responder.web.console.rendering import Templates
from responder.web.console.visit import Console, View, Visit, go, guarded, not_found

CONSOLE = web.AppKey("console", Console)


def console_app(
    *,
    desk: Desk,
    review: Review,
    dead_letters: DeadLetterDesk,
    response_times: ResponseTimesDesk,
    proof: Proof,
    access: Access,
    clock: Clock,
    ids: Ids,
    public_url: str,
    way_in: Callable[[SourceId], WayIn | None],
    api_tokens: Mapping[str, PersonId],
    hosts: frozenset[str] | None = None,
    extra_routes: Iterable[web.AbstractRouteDef] = (),
    demo: bool = False,
) -> web.Application:
    """Pages, JSON API and live stream, to be served at `public_url`.

    Args:
        desk: what is read.
        review: what is decided about comments.
        dead_letters: what is decided about records that could not be read.
        response_times: how long people wait.
        proof: whether anything is missing.
        access: who is signed in.
        clock: its `now` is what the pages call now.
        ids: idempotency keys and references.
        public_url: where browsers find it; decides about the cookie.
        way_in: how pushes come to a source.
        api_tokens: secret token to the person it acts for.
        hosts: the names it answers for; None: any (see `responder.web.server.application`).
        extra_routes: further routes on the same address; they guard themselves.
        demo: say on every page that nothing here is real.

    Raises:
        PlainHttp: `public_url` is plain HTTP and not on this machine.
    """
    assets = Assets()
    console = Console(
        desk=desk,
        review=review,
        dead_letters=dead_letters,
        response_times=response_times,
        access=access,
        clock=clock,
        ids=ids,
        hub=sse.Hub(desk=desk, clock=clock),
        templates=Templates(assets, demo=demo),
        cookie=security.SessionCookie.under(
            public_url, lifetime_seconds=int(SESSION_LIFETIME.total_seconds())
        ),
        public_url=public_url,
        way_in=way_in,
        proof=proof,
    )
    app = server.application(hosts=hosts, middlewares=[_unknown_addresses_in_words(console)])
    app[CONSOLE] = console
    app.add_routes([*_pages(console), web.get("/static/{name}", assets.serve)])
    app.add_routes([*_programs(console, api_tokens), *extra_routes])
    _guard_every_answer(app, public_url)
    app.on_shutdown.append(_close_stream)
    app.cleanup_ctx.append(_follow_changes)
    return app


def _guard_every_answer(app: web.Application, public_url: str) -> None:
    guards = security.headers(https=public_url.startswith("https:"))

    async def guard(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in guards.items():
            response.headers.setdefault(name, value)

    app.on_response_prepare.append(guard)


def _pages(console: Console) -> list[web.RouteDef]:
    def get(path: str, view: View, act: Act | None = Act.READ) -> web.RouteDef:
        return web.get(path, guarded(console, view, act))

    def post(path: str, view: View, act: Act | None = Act.DECIDE) -> web.RouteDef:
        return web.post(path, guarded(console, view, act))

    return [
        get("/", _to_queue),
        get("/queue", queue.show),
        get("/engagements/{id}", engagement.show),
        post("/engagements/{id}/send", decisions.send),
        post("/engagements/{id}/close", decisions.close),
        post("/engagements/{id}/undo", decisions.undo),
        post("/engagements/{id}/posted", decisions.posted),
        post("/engagements/{id}/found", decisions.found),
        post("/engagements/{id}/send-again", decisions.send_again),
        post("/engagements/{id}/reopen", decisions.reopen),
        post("/engagements/{id}/stop-clock", decisions.stop_clock),
        post("/engagements/{id}/start-clock", decisions.start_clock),
        get("/deadletters", letters.show_all),
        get("/deadletters/{id}", letters.show),
        post("/deadletters/{id}/retry", letters.retry, Act.MEND),
        post("/deadletters/{id}/drop", letters.drop, Act.MEND),
        get("/balance", balance.show),
        get("/sources", sources.show_all),
        get("/sources/{id}", sources.show),
        get("/insights/response-times", insights.response_times),
        get("/insights/response-times.csv", insights.table),
        get("/events", _events),
        get("/login", account.login, None),
        get("/sign-in/{token}", account.greet, None),
        post("/sign-in/{token}", account.sign_in, None),
        post("/sign-out", account.sign_out, None),
        get("/me", account.me),
        post("/me", account.prefer, Act.READ),
        post("/me/sessions/{id}/end", account.end_session, Act.READ),
        get("/help/keys", account.keys),
    ]


def _programs(console: Console, tokens: Mapping[str, PersonId]) -> list[web.RouteDef]:
    return api_routes(
        desk=console.desk,
        review=console.review,
        response_times=console.response_times,
        clock=console.clock,
        access=console.access,
        ids=console.ids,
        tokens=security.ApiTokens.of(tokens),
        public_url=console.public_url,
    )


async def _to_queue(_: Visit) -> web.StreamResponse:
    return go("/queue")


async def _events(visit: Visit) -> web.StreamResponse:
    request, console = visit.request, visit.console
    secret = request.cookies.get(console.cookie.name, "")

    async def is_still_signed_in() -> bool:
        return await console.access.recognise(secret) is not None

    stream = sse.Stream(hub=console.hub, may_go_on=is_still_signed_in)
    after = sse.position(request.headers.get("Last-Event-ID"), request.query.get("after"))
    return await stream.answer(request, after=after)


async def _follow_changes(app: web.Application) -> AsyncIterator[None]:
    following = asyncio.create_task(app[CONSOLE].hub.run())
    yield
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def _close_stream(app: web.Application) -> None:
    app[CONSOLE].hub.close()


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _unknown_addresses_in_words(console: Console) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A person who mistypes an address gets a page; programs get their plain 404."""

    @web.middleware
    async def answer(request: web.Request, handler: _Handler) -> web.StreamResponse:
        unknown = isinstance(request.match_info.http_exception, web.HTTPNotFound)
        if unknown and "text/html" in request.headers.get("Accept", ""):
            return await not_found(Visit(console, request, None, console.clock.now()))
        return await handler(request)

    return answer
