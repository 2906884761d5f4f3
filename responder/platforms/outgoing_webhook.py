"""A way to post for sources that only push: their own receiver takes our replies.

Standard Webhooks, signed. The id is the reply's idempotency key, the same on every attempt, so a
repeat after doubt is safe with any receiver that keeps the ids it has seen. A 2xx with JSON
`{"id": …, "url": …}` says that the reply stands; any other 2xx that it was taken, until
`reply.posted` is pushed to the same source or the reply itself comes back as a comment.

Source: Standard Webhooks 1.0.0 (headers, signed content, `type`/`timestamp`/`data`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from responder.delivery.outcomes import not_a_success
from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    Posted,
    Posting,
    Preflight,
    ReadBack,
)
from responder.engagement.http import Answer, Http, Request
from responder.engagement.ports import Clock
from responder.platforms.signatures import asks_to_stop, signed_headers

TYPE: Final = "reply.approved"
TIMEOUT_SECONDS = 15.0
_ID_CHARACTERS = 512
_URL_CHARACTERS = 4096


class ReplyToPost(BaseModel):
    """A person approved this text: it is to stand under the comment."""

    model_config = ConfigDict(frozen=True)

    reply_id: UUID
    """The same on every attempt; a receipt names it."""
    comment_id: str
    """Which comment it answers; this and the next two as the platform itself calls them."""
    thread_id: str
    root_id: str
    text: str
    author_name: str
    """Who wrote the comment."""
    page_url: str | None
    permalink: str | None


class ReplyWebhook(BaseModel):
    """What is sent to `outgoing_url`: a reply to post.

    It has no version in its name, as `comment.created` has none: `reply.approved.v1` is another
    thing, the news on the log that a reply was approved, and holds no text.
    """

    model_config = ConfigDict(frozen=True)

    type: Literal["reply.approved"]
    timestamp: AwareDatetime
    data: ReplyToPost


class OutgoingWebhook:
    """Posts by a signed webhook to the receiver of one source.

    Args:
        url: the receiver, as the operator configured it.
        secrets: one or two live ones, each `whsec_…`; every one of them signs.
        handover_deadline_seconds: how long a taken reply may stay without a receipt.
    """

    def __init__(
        self,
        *,
        http: Http,
        clock: Clock,
        url: str,
        secrets: Sequence[str],
        handover_deadline_seconds: float = 86_400.0,
        text_max: int = 10_000,
    ) -> None:
        self._http = http
        self._clock = clock
        self._url = url
        self._secrets = tuple(secrets)
        self._capabilities = Capabilities(
            push=True,
            poll=False,
            edits=True,
            deletes=True,
            posts=True,
            idempotency="key",
            reads_back=False,
            text_max=text_max,
            handover_deadline_seconds=handover_deadline_seconds,
            proof="vectors",
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def preflight(self, posting: Posting) -> Preflight:
        too_long = len(posting.text) > self._capabilities.text_max
        return Preflight.TOO_LONG if too_long else Preflight.OK

    async def reply(self, posting: Posting) -> Posted:
        now = self._clock.now()
        result = await self._http.send(self._request(posting, now))
        if isinstance(result, Answer) and result.is_success:
            return _taken(result)
        if isinstance(result, Answer) and asks_to_stop(result):
            return Posted(
                outcome=AttemptOutcome.REFUSED,
                detail="the receiver asked us to stop sending this reply",
            )
        return not_a_success(result, now=now, secrets=self._secrets)

    async def read_back(self, posting: Posting) -> ReadBack | None:  # noqa: ARG002 - a receiver lists nothing
        return None

    def _request(self, posting: Posting, now: datetime) -> Request:
        body = _body(posting, now)
        return Request(
            method="POST",
            url=self._url,
            headers=signed_headers(self._secrets, posting.idempotency_key, now, body),
            body=body,
            send_before=posting.send_before,
            total_seconds=TIMEOUT_SECONDS,
        )


def _body(posting: Posting, now: datetime) -> bytes:
    data = ReplyToPost(
        reply_id=posting.reply_id,
        comment_id=posting.comment_id,
        thread_id=posting.thread_id,
        root_id=posting.root_id,
        text=posting.text,
        author_name=posting.author_name,
        page_url=posting.page_url,
        permalink=posting.permalink,
    )
    return ReplyWebhook(type=TYPE, timestamp=now, data=data).model_dump_json().encode()


def _taken(answer: Answer) -> Posted:
    """Any 2xx is a receipt; one with an id says that the reply stands."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    external_id = _line(said, "id", _ID_CHARACTERS)
    if external_id is None:
        return Posted(outcome=AttemptOutcome.HANDED_OVER, detail=f"taken with {answer.status}")
    url = _line(said, "url", _URL_CHARACTERS)
    is_web = url is not None and url.startswith(("http://", "https://"))
    return Posted(outcome=AttemptOutcome.SENT, external_id=external_id, url=url if is_web else None)


def _line(said: object, name: str, limit: int) -> str | None:
    value = said.get(name) if isinstance(said, Mapping) else None
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.isprintable():
        return None
    return text if 0 < len(text) <= limit else None
