"""The guestbook as a platform like any other: over HTTP, with its own store behind it.

It keeps our idempotency key, so a repeat gives the reply that was made, and a listing names it.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from responder.delivery.outcomes import not_a_success, retry_after
from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    OwnReply,
    Posted,
    Posting,
    Preflight,
    ReadBack,
)
from responder.engagement.errors import Malformed, RateLimited, Unavailable
from responder.engagement.events import EngagementReceived, read_data
from responder.engagement.http import Answer, Http, Request, Result
from responder.engagement.model import Via
from responder.engagement.ports import Clock
from responder.engagement.text import is_same_reply
from responder.reconcile.ports import PolledPage

OWN_AUTHOR_ID = "responder"
"""Under which our replies come back: one of the source's own author ids."""
TEXT_MAX = 10_000
CHANGES_A_PAGE = 200
NOT_HERE_YET_SECONDS = 5.0
"""How long until a comment that was pushed past the page has been entered on it."""
_PAGE_BYTES = 16 * 1_048_576


class GuestbookPlatform:
    """`ReplyPlatform`, `PollPlatform` and `EntryPlatform` of one guestbook.

    Args:
        url: where its API answers, without the trailing slash.
        token: its bearer token.
        post_as: the name our replies carry.
    """

    def __init__(self, *, http: Http, clock: Clock, url: str, token: str, post_as: str) -> None:
        self._http = http
        self._clock = clock
        self._url = url.rstrip("/")
        self._token = token
        self._post_as = post_as

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            push=True,
            poll=True,
            edits=True,
            deletes=True,
            posts=True,
            idempotency="key",
            reads_back=True,
            text_max=TEXT_MAX,
            settle_seconds=1.0,
        )

    async def preflight(self, posting: Posting) -> Preflight:
        if len(posting.text) > TEXT_MAX:
            return Preflight.TOO_LONG
        result = await self._get("/api/comments", {"id": posting.comment_id})
        # Unknown is no reason not to: it may be on its way to the page.
        found = _read(result) if isinstance(result, Answer) and result.is_success else {}
        return Preflight.GONE if found.get("deleted") is True else Preflight.OK

    async def reply(self, posting: Posting) -> Posted:
        fields = {
            "idempotency_key": posting.idempotency_key,
            "parent_id": posting.comment_id,
            "text": posting.text,
            "author_name": self._post_as,
        }
        result = await self._send(
            "POST", "/api/replies", json.dumps(fields).encode(), posting.send_before
        )
        made = _reply(_read(result)) if isinstance(result, Answer) and result.is_success else None
        if made is not None and _is_ours(made, posting):
            return Posted(
                outcome=AttemptOutcome.SENT if made.is_public else AttemptOutcome.HANDED_OVER,
                external_id=made.external_id,
                url=made.url,
                posted_at=made.posted_at,
                detail="" if made.is_public else "held on the page until it is released",
            )
        return self._not_made(result)

    async def read_back(self, posting: Posting) -> ReadBack | None:
        result = await self._get("/api/replies", {"parent": posting.comment_id})
        if not (isinstance(result, Answer) and result.is_success):
            return None
        listed = _read(result)
        replies = listed.get("replies")
        if not isinstance(replies, list):
            return None
        found = [_reply(each) for each in replies]
        readable = tuple(reply for reply in found if reply is not None)
        is_complete = listed.get("complete") is True and len(readable) == len(found)
        return ReadBack(replies=readable, is_complete=is_complete)

    async def poll(self, cursor: str | None, budget: int) -> PolledPage:  # noqa: ARG002 - a page is one request
        """See `PollPlatform`. The cursor is the feed's own."""
        query = {"after": cursor or "0", "limit": str(CHANGES_A_PAGE)}
        listed = _read(self._good(await self._get("/api/changes", query)))
        changes, following = listed.get("changes"), listed.get("cursor")
        if not isinstance(changes, list) or not isinstance(following, str):
            raise Unavailable(what="the guestbook", why="its feed cannot be read")
        events = [event for each in changes if (event := _event(each)) is not None]
        unreadable = len(changes) - len(events)
        return PolledPage(
            events=tuple(events),
            cursor=following,
            has_more=listed.get("has_more") is True,
            note=f"{unreadable} changes could not be read" if unreadable else "",
        )

    async def enter(self, comment: EngagementReceived) -> None:
        """See `EntryPlatform`. What we read at the page itself need not be brought there."""
        if comment.via is Via.POLL or comment.author.id == OWN_AUTHOR_ID:
            return
        # Neither is shown there, and both may be long.
        body = comment.model_dump_json(
            exclude_none=True, exclude={"raw": True, "page": {"text"}}
        ).encode()
        self._good(await self._send("POST", "/api/entries", body, None))

    def _not_made(self, result: Result) -> Posted:
        posted = not_a_success(
            result, now=self._clock.now(), secrets=(self._token,), busy_means_undone=True
        )
        if not isinstance(result, Answer) or result.is_success:
            return posted
        if result.status == HTTPStatus.NOT_FOUND and _read(result).get("code") == "parent-unknown":
            return Posted(
                outcome=AttemptOutcome.THROTTLED,
                detail="the comment is not on the page yet",
                after_seconds=NOT_HERE_YET_SECONDS,
            )
        if result.status == HTTPStatus.GONE:
            return Posted(outcome=AttemptOutcome.REFUSED, detail=posted.detail, parent_gone=True)
        return posted

    def _good(self, result: Result) -> Answer:
        """A page that is away, or whose database is, is no fault of what was asked of it."""
        if isinstance(result, Answer) and result.is_success:
            return result
        if isinstance(result, Answer):
            wait = retry_after(result.headers, self._clock.now())
            if wait is not None:
                raise RateLimited(what="the guestbook", after_seconds=wait)
            is_away = result.status == HTTPStatus.SERVICE_UNAVAILABLE
            why = f"it answered {result.status}"
            raise Unavailable(what="the guestbook", why=why, counts_as_attempt=not is_away)
        raise Unavailable(what="the guestbook", why=result.why, counts_as_attempt=False)

    async def _get(self, path: str, query: Mapping[str, str]) -> Result:
        return await self._send("GET", f"{path}?{urlencode(query)}", b"", None)

    async def _send(self, method: str, path: str, body: bytes, send_before: float | None) -> Result:
        return await self._http.send(
            Request(
                method=method,
                url=self._url + path,
                headers={
                    "Authorization": f"Bearer {self._token}",
                    "Content-Type": "application/json",
                },
                body=body,
                send_before=send_before,
                max_bytes=_PAGE_BYTES,
            )
        )


def _read(answer: Answer) -> Mapping[str, object]:
    """The JSON object of an answer; empty if it is none."""
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _reply(data: object) -> OwnReply | None:
    if not isinstance(data, Mapping):
        return None
    external_id, text, url = data.get("id"), data.get("text"), data.get("url")
    key = data.get("idempotency_key")
    if not isinstance(external_id, str) or not isinstance(text, str):
        return None
    return OwnReply(
        external_id=external_id,
        text=text,
        url=url if isinstance(url, str) else None,
        posted_at=_time(data.get("posted_at")),
        is_public=data.get("public") is True,
        idempotency_key=key if isinstance(key, str) else None,
    )


def _is_ours(made: OwnReply, posting: Posting) -> bool:
    """An answer may have been kept somewhere on its way, and tell of another reply."""
    if made.idempotency_key is not None:
        return made.idempotency_key == posting.idempotency_key
    return is_same_reply(posting.text, made.text)


def _event(data: object) -> EngagementReceived | None:
    try:
        event = read_data(EngagementReceived, json.dumps(data).encode())
    except Malformed:
        return None
    if not isinstance(event, EngagementReceived):
        return None
    return event.model_copy(update={"via": Via.POLL})


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
