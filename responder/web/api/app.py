"""`/api/v1`: the queue, one comment, send, undo, close. For programs, by bearer token.

A token acts for one person, with that person's role. No cookie is looked at, so no page elsewhere
can act through somebody's browser.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError

from responder.access.model import Act, Person, require
from responder.access.service import Access
from responder.engagement.errors import Malformed, NotFound
from responder.engagement.model import EngagementId
from responder.engagement.ports import Clock, Ids
from responder.insights.response_times import ResponseTimesDesk
from responder.review.commands import (
    Approve,
    Dismiss,
    LetClockGoOn,
    StopClock,
    Undo,
)
from responder.review.errors import (
    AlreadyDecided,
    StaleApproval,
)
from responder.review.ports import Desk, QueueFilter
from responder.review.service import Review
from responder.web import problems
from responder.web.api.models import (
    KEY_LIMIT,
    PAGE_LIMIT,
    STATES,
    ApproveRequest,
    DismissRequest,
    Engagement,
    EngagementList,
    Shown,
    StopClockRequest,
)
from responder.web.api.openapi import document
from responder.web.api.response_times import ResponseTimesShown
from responder.web.days import days_of
from responder.web.security import ApiTokens

PREFIX = "/api/v1"
DIGITS = 9

API_TOKEN_REQUIRED = problems.Problem(
    code="api-token-required",
    status=401,
    title="This needs an API token.",
    detail="The Authorization header is missing, or its Bearer token is not known.",
    remedy="Send `Authorization: Bearer <token>`.",
    headers={"WWW-Authenticate": "Bearer"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    desk: Desk
    review: Review
    response_times: ResponseTimesDesk
    clock: Clock
    access: Access
    ids: Ids
    tokens: ApiTokens


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a program, and for whom it acts."""

    api: Api
    request: web.Request
    person: Person

    def engagement_id(self) -> EngagementId:
        """Raises NotFound when the URL holds no id."""
        name = self.request.match_info["id"]
        try:
            return EngagementId(UUID(name))
        except ValueError:
            raise NotFound(what="engagement", name=name[:64]) from None

    def key(self) -> str:
        """The idempotency key, for this person, comment and act; without one the call is its own.

        Raises:
            Malformed: it is longer than `KEY_LIMIT`.
        """
        given = self.request.headers.get("Idempotency-Key", "")
        if not given:
            return self.api.ids.uuid().hex
        if len(given) > KEY_LIMIT:
            raise Malformed(what="Idempotency-Key", why=f"it has more than {KEY_LIMIT} characters.")
        scope = f"{self.person.id} {self.engagement_id()} {self.request.path.rpartition('/')[2]} "
        return hashlib.sha256((scope + given).encode(errors="replace")).hexdigest()


def api_routes(
    *,
    desk: Desk,
    review: Review,
    response_times: ResponseTimesDesk,
    clock: Clock,
    access: Access,
    ids: Ids,
    tokens: ApiTokens,
    public_url: str,
) -> list[web.RouteDef]:
    """The routes, to be added to an application that answers errors with problems."""
    api = Api(
        desk=desk,
        review=review,
        response_times=response_times,
        clock=clock,
        access=access,
        ids=ids,
        tokens=tokens,
    )
    described = document(public_url)

    async def describe(_: web.Request) -> web.Response:
        return web.json_response(described)

    return [
        web.get(f"{PREFIX}/openapi.json", describe),
        web.get(f"{PREFIX}/insights/response-times", _call(api, read_response_times, Act.READ)),
        web.get(f"{PREFIX}/engagements", _call(api, list_engagements, Act.READ)),
        web.get(f"{PREFIX}/engagements/{{id}}", _call(api, read_engagement, Act.READ)),
        web.post(f"{PREFIX}/engagements/{{id}}/approve", _call(api, approve, Act.SEND)),
        web.post(f"{PREFIX}/engagements/{{id}}/dismiss", _call(api, dismiss, Act.DECIDE)),
        web.post(f"{PREFIX}/engagements/{{id}}/undo", _call(api, undo, Act.DECIDE)),
        web.post(f"{PREFIX}/engagements/{{id}}/stop-clock", _call(api, stop_clock, Act.DECIDE)),
        web.post(f"{PREFIX}/engagements/{{id}}/start-clock", _call(api, start_clock, Act.DECIDE)),
    ]


async def list_engagements(call: Call) -> Shown:
    # PostgreSQL holds no NUL, and refuses to be asked for one.
    query = {name: value.replace("\x00", "") for name, value in call.request.query.items()}
    state = query.get("state", "open")
    if state not in STATES:
        raise Malformed(what="state", why=f"it is none of {', '.join(STATES)}.")
    page = await call.api.desk.queue(
        QueueFilter(
            queue=query.get("queue"),
            source=query.get("source"),
            state=state,
            text=query.get("q", ""),
        ),
        after=query.get("after"),
        limit=_limit(query.get("limit", "50")),
    )
    return EngagementList.of(page)


async def read_response_times(call: Call) -> Shown:
    days = days_of(call.request.query, call.api.clock.now().date())
    return ResponseTimesShown.of(await call.api.response_times.response_times(days))


async def read_engagement(call: Call) -> Shown:
    return Engagement.whole(await call.api.desk.item(call.engagement_id()))


async def approve(call: Call) -> Shown:
    wanted = await _body(call, ApproveRequest)
    await call.api.review.approve(
        Approve(
            engagement_id=call.engagement_id(),
            actor=call.person.id,
            key=call.key(),
            context=wanted.context,
            text=wanted.text,
            undo_seconds=_undo_seconds(call, wanted.undo_seconds),
            draft_version=wanted.draft_version,
        )
    )
    return await read_engagement(call)


async def dismiss(call: Call) -> Shown:
    wanted = await _body(call, DismissRequest)
    await call.api.review.dismiss(
        Dismiss(
            engagement_id=call.engagement_id(),
            actor=call.person.id,
            key=call.key(),
            context=wanted.context,
            reason=wanted.reason,
            note=wanted.note,
            undo_seconds=_undo_seconds(call, wanted.undo_seconds),
        )
    )
    return await read_engagement(call)


async def undo(call: Call) -> Shown:
    await call.api.review.undo(Undo(engagement_id=call.engagement_id(), actor=call.person.id))
    return await read_engagement(call)


async def stop_clock(call: Call) -> Shown:
    wanted = await _body(call, StopClockRequest)
    await call.api.review.stop_clock(
        StopClock(
            engagement_id=call.engagement_id(),
            actor=call.person.id,
            key=call.key(),
            context="",
            reason=wanted.reason,
        )
    )
    return await read_engagement(call)


async def start_clock(call: Call) -> Shown:
    await call.api.review.let_clock_go_on(
        LetClockGoOn(
            engagement_id=call.engagement_id(), actor=call.person.id, key=call.key(), context=""
        )
    )
    return await read_engagement(call)


Operation = Callable[[Call], Awaitable[Shown]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _call(api: Api, operation: Operation, act: Act) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        person_id = api.tokens.person(request.headers.get("Authorization"))
        if person_id is None:
            return problems.respond(API_TOKEN_REQUIRED)
        call = Call(api, request, await api.access.person(person_id))
        require(call.person, act)
        try:
            shown = await operation(call)
        except (StaleApproval, AlreadyDecided) as error:
            # Enough to decide again without another read.
            return problems.respond(
                problems.CONFLICT,
                code=error.code,
                detail=str(error),
                context=error.context,
                state=error.state.value,
            )
        return web.Response(
            text=shown.model_dump_json(),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return answer


Body = TypeVar("Body", bound=BaseModel)


async def _body(call: Call, model: type[Body]) -> Body:
    """Raises Malformed, naming the first wrong field and quoting nothing of it."""
    try:
        return model.model_validate_json(await call.request.read())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Malformed(what=where, why=first["msg"]) from None


def _undo_seconds(call: Call, wanted: int | None) -> int:
    return call.person.preferences.undo_seconds if wanted is None else wanted


def _limit(written: str) -> int:
    limit = int(written[:DIGITS]) if written.isascii() and written.isdigit() else 0
    if not 1 <= limit <= PAGE_LIMIT or len(written) > DIGITS:
        raise Malformed(what="limit", why=f"it is no number from 1 to {PAGE_LIMIT}.")
    return limit
