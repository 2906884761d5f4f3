"""A request becomes a push, within its limits, before anything is worked on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from typing_extensions import override

from responder.intake.ports import Push, PushPlatform, Reason
from responder.web import problems
from responder.web.problems import Problem


@dataclass(eq=False, kw_only=True)
class TurnedAway(Exception):
    """A push is answered with a problem; nothing of it was kept."""

    problem: Problem
    reason: Reason
    cause: str
    """The true cause, for the source's page; quotes nothing that the sender wrote."""
    detail: str | None = None
    """What the sender is told, where that is more than the problem says."""
    headers: Mapping[str, str] = field(default_factory=dict)
    ends_connection: bool = False
    """What is left of the body is not waited for."""

    @override
    def __str__(self) -> str:
        return f"{self.reason}: {self.cause}"

    def response(self) -> web.Response:
        response = problems.respond(self.problem, detail=self.detail, headers=self.headers)
        if self.ends_connection:
            response.force_close()
        return response


async def read_push(request: web.Request, platform: PushPlatform, *, seconds: float) -> Push:
    """Read the raw body of a request whose head is acceptable.

    Raises:
        TurnedAway: 400, 408, 413 or 415.
    """
    head = push_of(request)
    _check_head(head, request, platform)
    body = await _read_body(request, platform.body_limit_bytes, seconds)
    return Push(headers=head.headers, body=body)


def push_of(request: web.Request) -> Push:
    """The headers as they came; the body is still to be read."""
    headers = tuple([(name.lower(), value) for name, value in request.headers.items()])
    return Push(headers=headers, body=b"")


def _check_head(head: Push, request: web.Request, platform: PushPlatform) -> None:
    if "Content-Encoding" in request.headers:
        raise TurnedAway(
            problem=problems.CONTENT_ENCODING,
            reason=Reason.MEDIA_TYPE,
            cause="the body is compressed or otherwise encoded",
            ends_connection=True,
        )
    if head.media_type not in platform.media_types or not _is_utf8(request):
        taken = sorted(platform.media_types)
        raise TurnedAway(
            problem=problems.UNSUPPORTED_MEDIA_TYPE,
            reason=Reason.MEDIA_TYPE,
            cause=f"the Content-Type is none of {', '.join(taken)} in UTF-8",
            detail=f"The Content-Type is none of {', '.join(taken)} in UTF-8.",
            headers={"Accept": ", ".join(taken)},
            ends_connection=True,
        )
    if (request.content_length or 0) > platform.body_limit_bytes:
        raise _too_large(platform.body_limit_bytes)


def _is_utf8(request: web.Request) -> bool:
    return (request.charset or "utf-8").lower() in ("utf-8", "utf8")


async def _read_body(request: web.Request, limit_bytes: int, seconds: float) -> bytes:
    if request.content.is_eof() and 0 < (request.content_length or 0) <= limit_bytes:
        return request.content.read_nowait()  # it came with the head: nothing to wait for
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit_bytes:
                    raise _too_large(limit_bytes)
    except TimeoutError:
        raise TurnedAway(
            problem=problems.TOO_SLOW,
            reason=Reason.TOO_SLOW,
            cause=f"the body was not here within {seconds:g} s",
            ends_connection=True,
        ) from None
    except (web.RequestPayloadError, ConnectionError):
        raise TurnedAway(
            problem=problems.BAD_REQUEST,
            reason=Reason.BAD_ENVELOPE,
            cause="the body broke off, or its chunks are malformed",
            ends_connection=True,
        ) from None
    return bytes(body)


def _too_large(limit_bytes: int) -> TurnedAway:
    return TurnedAway(
        problem=problems.TOO_LARGE,
        reason=Reason.TOO_LARGE,
        cause=f"the body is larger than {limit_bytes} bytes",
        detail=f"It is larger than {limit_bytes} bytes; nothing of it was kept.",
        ends_connection=True,
    )
