"""The guestbook's JSON API, for Responder alone: what another platform would offer it.

| | |
|---|---|
| `GET /api/changes?after=&limit=` | the feed: every change that was made here, oldest first |
| `GET /api/comments?id=` | does it stand, was it deleted |
| `POST /api/entries` | show what reached Responder another way (the data of `engagement.received`) |
| `POST /api/replies` | `{idempotency_key, parent_id, text, author_name}` |
| `GET /api/replies?parent=` | every reply of ours in that branch, held ones too |

Problems are `{"code", "detail"}`. A key that comes again gives the reply that it made before.
"""

import hmac
import json
from collections.abc import Mapping

from aiohttp import hdrs, web

from responder.engagement.errors import NotFound
from responder.engagement.events import EngagementReceived, read_data
from responder.engagement.ports import Clock
from responder.web.guestbook.book import TEXT_CHARACTERS, Gone, Guestbook, KeyReused
from responder.web.guestbook.faults import Faults, ReplyFault
from responder.web.guestbook.push import Pusher
from responder.web.guestbook.store import US, Entry

MOST_CHANGES = 500


class Api:
    """Handlers for Responder.

    Args:
        token: the bearer token; compared in constant time.
    """

    def __init__(
        self,
        *,
        book: Guestbook,
        pusher: Pusher | None,
        token: str,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self._book = book
        self._pusher = pusher
        self._token = token
        self._clock = clock
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/changes", self.changes),
            web.get("/api/comments", self.comment),
            web.post("/api/entries", self.enter),
            web.post("/api/replies", self.reply),
            web.get("/api/replies", self.replies),
        ]

    def require_token(self, request: web.Request) -> None:
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        wanted = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(given.encode(errors="replace"), wanted):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})

    async def changes(self, request: web.Request) -> web.Response:
        after, limit = _number(request, "after", 0), _number(request, "limit", 100)
        limit = max(1, min(limit, MOST_CHANGES))
        found = await self._book.store.changes(after=after, limit=limit + 1)
        shown = found[:limit]
        return web.json_response(
            {
                "changes": [json.loads(each.data) for each in shown],
                "cursor": str(shown[-1].seq if shown else after),
                "has_more": len(found) > limit,
            }
        )

    async def comment(self, request: web.Request) -> web.Response:
        comment_id = request.query.get("id", "")
        entry = await self._book.store.find(comment_id)
        if entry is None:
            return _problem(404, "unknown", "No such comment came here.")
        return web.json_response({"id": comment_id, "deleted": entry.is_deleted})

    async def enter(self, request: web.Request) -> web.Response:
        comment = read_data(EngagementReceived, await request.read())
        if not isinstance(comment, EngagementReceived):
            raise TypeError(type(comment).__name__)
        await self._book.enter(comment)
        return web.Response(status=204)

    async def reply(self, request: web.Request) -> web.StreamResponse:
        fields = _fields(await request.read())
        if fields is None:
            return _problem(400, "malformed", "idempotency_key, parent_id, text, author_name")
        if len(fields["text"]) > TEXT_CHARACTERS:
            return _problem(400, "too-long", f"At most {TEXT_CHARACTERS} characters.")
        return await self._faulty_reply(request, fields, self._faults.for_reply())

    async def replies(self, request: web.Request) -> web.Response:
        parent = await self._book.store.find(request.query.get("parent", ""))
        branch = [] if parent is None else await self._book.store.branch(parent.root_id)
        ours = [self._described(entry) for entry in branch if entry.made_by == US]
        return web.json_response({"replies": ours, "complete": True})

    async def _faulty_reply(
        self, request: web.Request, fields: Mapping[str, str], fault: ReplyFault
    ) -> web.StreamResponse:
        match fault:
            case ReplyFault.LOSE_REQUEST:
                return _drop(request)
            case ReplyFault.REFUSE_BEFORE:
                return _problem(400, "told-to", "no")
            case ReplyFault.LIE:
                return web.json_response({"id": "nowhere", "url": None}, status=201)
            case ReplyFault.REPEAT:
                await self._make({**fields, "idempotency_key": fields["idempotency_key"] + "-2"})
            case _:
                pass
        answer = await self._make(fields, is_held=fault is ReplyFault.HOLD)
        if fault is ReplyFault.DELAY:
            await self._clock.sleep(self._faults.delay_seconds)
        if fault is ReplyFault.REFUSE_AFTER:
            return _problem(400, "told-to", "the answer's format is not supported")
        return _drop(request) if fault is ReplyFault.LOSE_ANSWER else answer

    async def _make(self, fields: Mapping[str, str], *, is_held: bool = False) -> web.Response:
        try:
            entry, is_new = await self._book.reply(
                key=fields["idempotency_key"],
                parent_id=fields["parent_id"],
                text=fields["text"],
                name=fields["author_name"],
                is_held=is_held,
            )
        except NotFound:
            return _problem(404, "parent-unknown", "The comment is not here. Nothing was made.")
        except Gone:
            return _problem(410, "parent-gone", "The comment was deleted. Nothing was made.")
        except KeyReused as error:
            return _problem(409, "key-reused", str(error))
        if self._pusher is not None:
            self._pusher.wake()
        status = 202 if entry.is_held else 201 if is_new else 200
        return web.json_response(self._described(entry), status=status)

    def _described(self, entry: Entry) -> dict[str, object]:
        comment = entry.comment
        return {
            "id": comment.comment_id,
            "url": self._book.permalink(comment.comment_id),
            "text": comment.text,
            "posted_at": comment.published_at.isoformat(),
            "public": not (entry.is_held or entry.is_deleted),
            "idempotency_key": entry.idempotency_key,
        }


def _fields(body: bytes) -> dict[str, str] | None:
    """The four fields of a reply, if all are texts with something in them."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    names = ("idempotency_key", "parent_id", "text", "author_name")
    fields = {name: data.get(name) for name in names}
    if not all(isinstance(value, str) and value for value in fields.values()):
        return None
    return {name: str(value).replace("\x00", "\ufffd") for name, value in fields.items()}


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - below 2**63
        raise web.HTTPBadRequest(text=f"{name} is not a number")
    return int(text)


def _problem(status: int, code: str, detail: str) -> web.Response:
    return web.json_response({"code": code, "detail": detail}, status=status)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
