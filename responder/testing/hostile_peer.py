"""A place on the network that takes replies and is not to be trusted, over real HTTP.

It speaks the guestbook's API and that of outgoing webhooks, and keeps what it made in a store of its
own: what stands there is what counts, whatever it said. What it does to the posts under a comment is
written down before, comment by comment, so that a run is the same run however its requests meet.
"""

import asyncio
import json
import socket
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Self

from aiohttp import web

from responder.engagement.ports import Clock

_LONGEST_SILENCE_SECONDS = 30.0


class Answer(StrEnum):
    """What is said to a post, whether or not it was made."""

    TRUE = "true"
    """Where it stands. It is made; or was before, where keys are kept."""
    TWICE = "twice"
    """The same, in two answers to the one request."""
    STALE = "stale"
    """What was answered to another post before this one."""
    NOTHING = "nothing"
    """The connection is dropped."""
    HALF = "half"
    """It dies in the middle of its answer."""
    SILENCE = "silence"
    """Until the client gives up."""
    NONSENSE = "nonsense"
    """A success that nobody can read."""
    FAILURE = "failure"
    REFUSAL = "refusal"
    """A clean 400."""
    CONFLICT = "conflict"
    UNAUTHORISED = "unauthorised"
    NOT_FOUND = "not found"
    ELSEWHERE = "elsewhere"
    """It has moved, and says where to."""
    LATER = "later"
    """429, and soon again."""
    BUSY = "busy"
    """503, and soon again."""


PLAIN = {
    Answer.NONSENSE: HTTPStatus.OK,
    Answer.FAILURE: HTTPStatus.INTERNAL_SERVER_ERROR,
    Answer.REFUSAL: HTTPStatus.BAD_REQUEST,
    Answer.CONFLICT: HTTPStatus.CONFLICT,
    Answer.UNAUTHORISED: HTTPStatus.UNAUTHORIZED,
    Answer.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Answer.LATER: HTTPStatus.TOO_MANY_REQUESTS,
    Answer.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What is done with one post."""

    answer: Answer = Answer.TRUE
    is_made: bool = True


class Look(StrEnum):
    """What is said to one who lists the replies."""

    TRUE = "true"
    FAILURE = "failure"
    INCOMPLETE = "incomplete"
    """Without the newest, and it says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A reply that stands there."""

    external_id: str
    comment_id: str
    text: str
    key: str
    """Under which it was sent, whether that means anything here or not."""
    made_at: datetime
    listed_from: datetime
    """It takes a while until the listing has it."""


class HostilePeer:
    """Listens on a port of 127.0.0.1 that it keeps while it is away. Use as an async context manager.

    Args:
        clock: what its times are told by.
        keeps_keys: a repeat under a key gives what was made under it.
        lags_seconds: how long a new reply may be missing from the listing.
    """

    def __init__(self, clock: Clock, *, keeps_keys: bool, lags_seconds: float = 0.0) -> None:
        self._clock = clock
        self._keeps_keys = keeps_keys
        self._lags = timedelta(seconds=lags_seconds)
        self.turns: defaultdict[str, deque[Turn]] = defaultdict(deque)
        """What is done to the next posts under a comment; after them it obeys."""
        self.looks: defaultdict[str, deque[Look]] = defaultdict(deque)
        self.standing: list[Standing] = []
        self.followed = 0
        """How many requests came to where it said that it had moved."""
        self._runner: web.ServerRunner | None = None
        self._site: web.SockSite | None = None
        self._closing = asyncio.Event()
        self._reserved = _bound(0)
        self.port: int = self._reserved.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.1)
        await self._runner.setup()
        await self.come_back()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
        self._reserved.close()

    async def go_away(self) -> None:
        """Whoever connects from now on is refused."""
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def come_back(self) -> None:
        if self._site is None and self._runner is not None:
            self._site = web.SockSite(self._runner, _bound(self.port))
            await self._site.start()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        match request.method, request.path:
            case "POST", "/api/replies":
                said = json.loads(await request.read())
                return await self._post(
                    request, said["parent_id"], said["text"], said["idempotency_key"]
                )
            case "POST", "/hook":
                said = json.loads(await request.read())["data"]
                key = request.headers["webhook-id"]
                return await self._post(request, said["comment_id"], said["text"], key)
            case "GET", "/api/replies":
                return self._list(request.query["parent"])
            case "GET", "/api/comments":
                return web.json_response({"id": request.query["id"], "deleted": False})
            case _:
                self.followed += 1
                return web.Response(status=404)

    async def _post(
        self, request: web.BaseRequest, comment_id: str, text: str, key: str
    ) -> web.StreamResponse:
        turns = self.turns[comment_id]
        turn = turns.popleft() if turns else Turn()
        before = self.standing[-1] if self.standing else None
        made = self._make(comment_id, text, key) if turn.is_made else None
        match turn.answer:
            case Answer.TRUE if made is not None:
                return web.json_response(self._described(made), status=201)
            case Answer.STALE if before is not None:
                return web.json_response(self._described(before), status=201)
            case Answer.TWICE | Answer.HALF if made is not None:
                return _raw(request, self._described(made), turn.answer)
            case Answer.SILENCE:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), _LONGEST_SILENCE_SECONDS)
            case Answer.ELSEWHERE:
                return web.Response(status=307, headers={"Location": f"{self.url}/moved"})
            case answer if answer in PLAIN:
                return _plain(answer)
            case _:
                pass
        return _dropped(request)

    def _make(self, comment_id: str, text: str, key: str) -> Standing:
        kept = (each for each in self.standing if self._keeps_keys and each.key == key)
        made = next(kept, None)
        if made is None:
            now = self._clock.now()
            made = Standing(
                external_id=f"{self.port}-{len(self.standing) + 1}",
                comment_id=comment_id,
                text=text,
                key=key,
                made_at=now,
                listed_from=now + self._lags,
            )
            self.standing.append(made)
        return made

    def _list(self, comment_id: str) -> web.StreamResponse:
        looks = self.looks[comment_id]
        look = looks.popleft() if looks else Look.TRUE
        if look is Look.FAILURE:
            return web.Response(status=502)
        now = self._clock.now()
        listed = [
            self._described(each)
            for each in self.standing
            if each.comment_id == comment_id and each.listed_from <= now
        ]
        is_complete = look is Look.TRUE
        replies = listed if is_complete else listed[:-1]
        return web.json_response({"replies": replies, "complete": is_complete})

    def _described(self, made: Standing) -> dict[str, object]:
        """As the guestbook tells of a reply; webhooks read the first two."""
        return {
            "id": made.external_id,
            "url": f"https://place.example/{made.external_id}",
            "text": made.text,
            "posted_at": made.made_at.isoformat(),
            "public": True,
            "idempotency_key": made.key if self._keeps_keys else None,
        }


def _plain(answer: Answer) -> web.StreamResponse:
    status = PLAIN[answer]
    headers = {"Retry-After": "1"} if answer in {Answer.LATER, Answer.BUSY} else {}
    return web.Response(status=status, text="<html>It is what it is.", headers=headers)


def _raw(request: web.BaseRequest, said: object, answer: Answer) -> web.StreamResponse:
    """The bytes of an answer, twice or the first half of them, and the end of the connection."""
    body = json.dumps(said).encode()
    head = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    whole = head.encode() + b"\r\n\r\n" + body
    if request.transport is not None:
        request.transport.write(whole * 2 if answer is Answer.TWICE else whole[: len(whole) // 2])
        request.transport.close()
    return web.Response()


def _dropped(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _bound(port: int) -> socket.socket:
    """On 127.0.0.1, and not listening: others cannot have the port, and are refused at it."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
