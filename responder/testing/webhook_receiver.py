"""Receivers of our outgoing webhooks: one keeps replies, as somebody's site would, one is only told.

Each checks every signature, and answers as it was asked to.
"""

import json
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from responder.platforms.signatures import sign_standard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Manner(StrEnum):
    """How the receiver answers."""

    WITH_ID = "with id"
    WITHOUT_ID = "without id"
    """Takes it, and says nothing about where it stands."""
    FORGETFUL = "forgetful"
    """Keeps no ids: a repeat stands twice."""
    BUSY = "busy"
    """429, and wait 7 seconds."""
    GONE = "gone"
    ABORT = "abort"
    """400 with `webhook-delivery: abort-message`."""


@dataclass(frozen=True, slots=True)
class Received:
    webhook_id: str
    timestamp: str
    text: str
    comment_id: str


class WebhookReceiver:
    """Listen on 127.0.0.1. Use as an async context manager."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._runner: web.ServerRunner | None = None
        self.manner = Manner.WITH_ID
        self.lies: deque[int] = deque()
        """The next deliveries are taken, each answered with one of these statuses all the same."""
        self.received: list[Received] = []
        """Every authentic delivery, repeats too."""
        self.replies: dict[str, str] = {}
        """What stands: the text of each reply by its id here."""
        self.before_answering: Callable[[Received], None] | None = None
        """Told of each delivery when it stands and its sender does not know that yet."""

    @property
    def url(self) -> str:
        if self._runner is None:
            raise RuntimeError("the receiver is not open")
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._take))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if not _is_authentic(self._secret, request, body):
            return web.json_response({"message": "not authentic"}, status=401)
        refusal = self._refusal()
        if refusal is not None:
            return refusal
        key = request.headers["webhook-id"]
        data = json.loads(body)["data"]
        sent_at = request.headers["webhook-timestamp"]
        self.received.append(Received(key, sent_at, data["text"], data["comment_id"]))
        is_new = self.manner is Manner.FORGETFUL or key not in self.replies
        name = f"{key}-{len(self.replies)}" if self.manner is Manner.FORGETFUL else key
        if is_new:
            self.replies[name] = data["text"]
        if self.before_answering is not None:
            self.before_answering(self.received[-1])
        if self.lies:
            return web.Response(status=self.lies.popleft())
        if self.manner is Manner.WITHOUT_ID:
            return web.Response(status=202)
        return web.json_response({"id": name, "url": f"https://forum.example/replies/{name}"})

    def _refusal(self) -> web.StreamResponse | None:
        match self.manner:
            case Manner.BUSY:
                return web.Response(status=429, headers={"Retry-After": "7"})
            case Manner.GONE:
                return web.Response(status=410)
            case Manner.ABORT:
                return web.Response(status=400, headers={"webhook-delivery": "abort-message"})
            case _:
                return None


class ToldReceiver:
    """Takes the messages of `[webhooks]`. Use as an async context manager.

    Args:
        secret: `whsec_…`; what is not signed with it is answered with 401 and not kept.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._runner = web.ServerRunner(web.Server(self._take))
        self.answers: deque[web.Response] = deque()
        """To the next messages; then 204."""
        self.told: list[Mapping[str, Any]] = []
        """Each message with its `type`, `timestamp` and `data`, repeats too."""
        self.ids: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if not _is_authentic(self._secret, request, body):
            return web.Response(status=401)
        self.told.append(json.loads(body))
        self.ids.append(request.headers["webhook-id"])
        return self.answers.popleft() if self.answers else web.Response(status=204)


def _is_authentic(secret: str, request: web.BaseRequest, body: bytes) -> bool:
    headers = request.headers
    key, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdigit():
        return False
    expected = sign_standard(secret, key, int(sent_at), body)
    return expected in headers.get("webhook-signature", "").split(" ")
