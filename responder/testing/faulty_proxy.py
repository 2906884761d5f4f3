"""A proxy that misbehaves on purpose, in front of any place that is answered in.

It sits between us and a real server and does to *posts* what networks and platforms do: it loses
the request or its answer, refuses after the post was made, repeats, hangs. Reads pass, unless told.
"""

import asyncio
from collections import deque
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

_HOP_BY_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length"})
_TOO_LONG_SECONDS = 30.0
_MOST_BYTES = 64 * 1_048_576


class Fault(StrEnum):
    """What happens to one post."""

    NONE = "none"
    LOSE_REQUEST = "lose the request"
    """Taken off the wire whole, never passed on, the connection dropped."""
    LOSE_ANSWER = "lose the answer"
    """Made there, and then the connection drops."""
    REFUSE_BEFORE = "refuse before"
    """A clean 400, and nothing was made."""
    REFUSE_AFTER = "refuse after"
    """A clean 400, and it *was* made."""
    REPEAT = "repeat"
    """Made twice, answered once."""
    REPEAT_UNANSWERED = "repeat unanswered"
    """Made twice, and then the connection drops."""
    HANG_BEFORE = "hang before"
    """Taken off the wire whole and held until `release`; never passed on."""
    HANG_AFTER = "hang after"
    """Made there, and no answer until `release`, and then none."""
    ANSWER_LATE = "answer late"
    """Made there, and the true answer at `release`."""
    LIE = "lie"
    """A success with an answer that nobody can read, and nothing was made."""


class FaultyProxy:
    """Listen on 127.0.0.1 and pass requests on to `target`. Use as an async context manager."""

    def __init__(self, target: str) -> None:
        self._target = target.rstrip("/")
        self._faults: deque[Fault] = deque()
        self._released = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.fails_reads = False
        """Every GET is answered with 502."""
        self.posts = 0
        """How many posts reached it."""

    def then(self, *faults: Fault) -> None:
        """Do this to the next posts, one each; after them all is well again."""
        self._faults.extend(faults)

    def release(self) -> None:
        """Let go of what is held now."""
        self._released.set()
        self._released = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        if self._runner is None:
            raise RuntimeError("the proxy is not open")
        port: int = self._runner.addresses[0][1]
        return port

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read(_MOST_BYTES)
        if request.method != "POST":
            if self.fails_reads:
                return web.Response(status=502)
            return await self._pass_on(request, body)
        self.posts += 1
        fault = self._faults.popleft() if self._faults else Fault.NONE
        return await self._misbehave(fault, request, body)

    async def _misbehave(
        self, fault: Fault, request: web.BaseRequest, body: bytes
    ) -> web.StreamResponse:
        match fault:
            case Fault.LOSE_REQUEST:
                return _drop(request)
            case Fault.HANG_BEFORE:
                await self._until_released()
                return _drop(request)
            case Fault.REFUSE_BEFORE:
                return web.Response(status=400, text="no")
            case Fault.LIE:
                return web.Response(status=200, text="<html>all is well")
            case Fault.REPEAT | Fault.REPEAT_UNANSWERED:
                await self._pass_on(request, body)
            case _:
                pass
        return await self._afterwards(fault, request, await self._pass_on(request, body))

    async def _until_released(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), _TOO_LONG_SECONDS)

    async def _afterwards(
        self, fault: Fault, request: web.BaseRequest, answer: web.StreamResponse
    ) -> web.StreamResponse:
        if fault in (Fault.HANG_AFTER, Fault.ANSWER_LATE):
            await self._until_released()
        if fault in (Fault.LOSE_ANSWER, Fault.HANG_AFTER, Fault.REPEAT_UNANSWERED):
            return _drop(request)
        if fault is Fault.REFUSE_AFTER:
            return web.Response(status=400, text="the answer's format is not supported")
        return answer

    async def _pass_on(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if self._session is None:
            raise RuntimeError("the proxy is not open")
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
        try:
            async with self._session.request(
                request.method,
                self._target + request.raw_path,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except aiohttp.ClientError:
            return web.Response(status=502)


def _drop(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
