"""Webhooks in: `POST /in/{source}/{token}`.

In order: whose address is it, limits, the raw body, the signature, the content, the log, the answer.
A 2xx is sent only after the log has every event of the push; whatever stands in the way of that is
503 within the sink's own time, and the sender repeats. Never 410 and never a redirect: senders switch
off after the one and count the other as a failure.
"""

from aiohttp import web
from pydantic_core import to_json

from responder.engagement.errors import Unavailable
from responder.engagement.events import EngagementReceived, Event, ReplyPosted
from responder.engagement.model import EventId
from responder.engagement.ports import Clock
from responder.intake.ports import (
    BadEnvelope,
    GatewayObserver,
    NotAuthentic,
    Outcome,
    Push,
    PushSeen,
    Reason,
    Refusal,
    Refusals,
)
from responder.intake.service import Intake, PushSource, Taken
from responder.web import problems
from responder.web.gateway.reading import TurnedAway, push_of, read_push
from responder.web.gateway.receipts import status_path

UNKNOWN = "unknown"


class Gateway:
    """The way in for pushes."""

    def __init__(
        self,
        *,
        intake: Intake,
        refusals: Refusals,
        observer: GatewayObserver,
        clock: Clock,
        public_url: str | None = None,
        body_seconds: float = 5.0,
    ) -> None:
        """Serve pushes.

        Args:
            intake: verifies, reads and publishes.
            refusals: remembers what was turned away, for the source's page.
            observer: gets one note of each push.
            clock: measures durations.
            public_url: where the console stands; receipts link to it, else to a path.
            body_seconds: how long the body of a push may take to arrive.
        """
        self._intake = intake
        self._refusals = refusals
        self._observer = observer
        self._clock = clock
        self._public_url = (public_url or "").rstrip("/")
        self._body_seconds = body_seconds

    def mount(self, app: web.Application) -> None:
        app.router.add_route("*", "/in/{source}/{token}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        if request.method not in ("POST", "OPTIONS"):
            return problems.respond(problems.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        started = self._clock.monotonic()
        source = self._intake.find(request.match_info["source"], request.match_info["token"])
        if source is None:
            return self._nowhere(started)
        if request.method == "OPTIONS":
            return self._shake_hands(source, request)
        return await self._push(source, request, started)

    def _shake_hands(self, source: PushSource, request: web.Request) -> web.Response:
        try:
            handshake = source.platform.handshake(push_of(request))
        except BadEnvelope as error:
            return problems.respond(problems.BAD_ENVELOPE, detail=str(error))
        if handshake is None:
            return problems.respond(problems.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        return web.Response(status=handshake.status, headers=dict(handshake.headers))

    async def _push(self, source: PushSource, request: web.Request, started: float) -> web.Response:
        try:
            self._ration(source)
            push = await read_push(request, source.platform, seconds=self._body_seconds)
            is_check = "check" in request.query_string and request.query.get("check") == "1"
            taken = await self._take(source, push, is_check=is_check)
        except TurnedAway as away:
            self._note(source, away, started)
            return away.response()
        self._observer.pushed(_seen(taken, self._clock.monotonic() - started))
        return self._receipt(source, taken)

    def _ration(self, source: PushSource) -> None:
        seconds = self._intake.wait_for(source)
        if seconds:
            raise TurnedAway(
                problem=problems.RATE_LIMIT,
                reason=Reason.RATE_LIMIT,
                cause="more pushes than the source may make",
                headers={"Retry-After": str(seconds)},
                ends_connection=True,
            )

    async def _take(self, source: PushSource, push: Push, *, is_check: bool) -> Taken:
        try:
            return await self._intake.take(source, push, is_check=is_check)
        except NotAuthentic as error:
            refused = error.refused
            raise TurnedAway(
                problem=problems.NOT_AUTHENTIC, reason=refused.reason, cause=refused.detail
            ) from None
        except BadEnvelope as error:
            raise TurnedAway(
                problem=problems.BAD_ENVELOPE,
                reason=Reason.BAD_ENVELOPE,
                cause=str(error),
                detail=str(error),
            ) from None
        except Unavailable as error:
            raise TurnedAway(
                problem=problems.UNAVAILABLE, reason=Reason.LOG_AWAY, cause=str(error)
            ) from None

    def _nowhere(self, started: float) -> web.Response:
        self._observer.pushed(
            PushSeen(
                source=UNKNOWN,
                outcome=Outcome.REJECTED,
                reason=Reason.UNKNOWN_ADDRESS,
                seconds=self._clock.monotonic() - started,
            )
        )
        response = problems.respond(problems.UNKNOWN_ADDRESS)
        response.force_close()
        return response

    def _note(self, source: PushSource, away: TurnedAway, started: float) -> None:
        self._refusals.note(
            Refusal(source=source.id, reason=away.reason, detail=away.cause, at=self._clock.now())
        )
        is_ours = away.reason is Reason.LOG_AWAY
        outcome = Outcome.UNAVAILABLE if is_ours else Outcome.REJECTED
        seconds = self._clock.monotonic() - started
        self._observer.pushed(
            PushSeen(source=source.id, outcome=outcome, reason=away.reason, seconds=seconds)
        )

    def _receipt(self, source: PushSource, taken: Taken) -> web.Response:
        receipt = {
            "status": "checked" if taken.is_check else "received",
            "source": source.id,
            "delivery_id": taken.verified.delivery_id,
            "events": [
                _said_of(event) | self._status_url(source, taken, event.id)
                for event in taken.events
            ],
            "unreadable": [
                {"id": letter.id, "why": letter.why} | self._status_url(source, taken, letter.id)
                for letter in taken.letters
            ],
            "ignored": list(taken.ignored),
        }
        status = 200 if taken.is_check else 202
        return web.Response(
            body=to_json(receipt),
            status=status,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    def _status_url(self, source: PushSource, taken: Taken, event_id: EventId) -> dict[str, str]:
        if taken.is_check:
            return {}
        path = status_path(source.id, event_id, source.token.current)
        return {"status_url": self._public_url + path}


def _said_of(event: Event) -> dict[str, str]:
    said = {"id": event.id, "type": event.data.type}
    if isinstance(event.data, EngagementReceived):
        return said | {"comment_id": event.data.comment_id, "kind": event.data.kind.value}
    if isinstance(event.data, ReplyPosted):
        return said | {"comment_id": event.data.comment_id, "reply_id": str(event.data.reply_id)}
    return said


def _seen(taken: Taken, seconds: float) -> PushSeen:
    is_kept = bool(taken.events or taken.letters) and not taken.is_check
    return PushSeen(
        source=taken.source,
        outcome=Outcome.ACCEPTED if is_kept else Outcome.IGNORED,
        delivery_id=taken.verified.delivery_id,
        events=0 if taken.is_check else len(taken.events),
        unreadable=0 if taken.is_check else len(taken.letters),
        key_no=taken.verified.key_no,
        seconds=seconds,
    )
