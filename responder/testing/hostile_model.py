"""An OpenAI-compatible server that does what a script says: nonsense, traps, drips and lies.

It speaks HTTP on a real socket, so a client is tested with its timeouts, limits and redirects as
they are. Each request takes the next step of the script; the last one is repeated.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

from aiohttp import web

Step = Callable[[web.Request, Mapping[str, Any]], Awaitable[web.StreamResponse]]


class HostileModel:
    """Serves `POST /v1/chat/completions` on 127.0.0.1; an async context manager."""

    def __init__(self, *script: Step) -> None:
        self._script: Sequence[Step] = script or (status(500),)
        self._runner: web.AppRunner | None = None
        self.requests: list[Mapping[str, Any]] = []
        """The bodies, as they came."""
        self.headers: list[Mapping[str, str]] = []
        self.visits: list[str] = []
        """Paths other than the one above that somebody followed a trap to."""
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**22)
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_route("*", "/{path:.*}", self._visit)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def connections(self) -> int:
        """How many are open to it."""
        server = None if self._runner is None else self._runner.server
        return 0 if server is None else len(server.connections)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        step = self._script[min(len(self.requests), len(self._script) - 1)]
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        return await step(request, body)

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        self.visits.append(request.path)
        return web.Response(text="caught")


def says(
    content: str, *, finish_reason: str = "stop", model: str = "hostile-1", **message: object
) -> Step:
    """Answer with `content`, in the envelope of a chat completion."""

    async def step(_request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        return web.json_response(
            {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": model,
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": finish_reason,
                        "message": {"role": "assistant", "content": content, **message},
                    }
                ],
                "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
            }
        )

    return step


def reply(
    *sentences: tuple[str, str, list[str]], language: str = "en", refusal: str | None = None
) -> str:
    """The content of a well-formed draft: (text, kind, cites) per sentence."""
    listed = [{"text": text, "kind": kind, "cites": cites} for text, kind, cites in sentences]
    return json.dumps(
        {"language": language, "refusal": refusal, "gives": [], "asks": [], "sentences": listed}
    )


def echoes(part: Callable[[Mapping[str, Any]], str]) -> Step:
    """Answer with words of the request: `part` takes them from its body."""

    async def step(request: web.Request, body: Mapping[str, Any]) -> web.StreamResponse:
        content = reply((part(body), "answer", ["K1"]))
        return await says(content)(request, body)

    return step


def status(code: int, *, headers: Mapping[str, str] | None = None, error: str = "") -> Step:
    """Refuse with this status."""

    async def step(_request: web.Request, body: Mapping[str, Any]) -> web.StreamResponse:
        answer = {"error": {"message": f"hostile {json.dumps(body)[:500]}", "code": error or None}}
        return web.json_response(answer, status=code, headers=headers)

    return step


def raw(content: bytes, *, content_type: str = "application/json") -> Step:
    """Answer with exactly these bytes."""

    async def step(_request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type)

    return step


def redirects(path: str = "/trap") -> Step:
    """Send the client elsewhere."""

    async def step(_request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": path})

    return step


def drips(*, every_seconds: float = 1.0) -> Step:
    """One byte at a time, for ever."""

    async def step(request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(every_seconds)
        return response

    return step


def floods() -> Step:
    """Bytes without an end, as fast as they are taken."""

    async def step(request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b"a" * 65_536)
        return response

    return step


def hangs_up(*, after: bytes = b'{"choices"') -> Step:
    """Begin an answer and cut the connection."""

    async def step(request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Content-Length": "5000"}
        )
        await response.prepare(request)
        await response.write(after)
        if request.transport is not None:
            request.transport.abort()
        return response

    return step
