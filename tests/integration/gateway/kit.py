"""A real gateway on a port, with the log in memory behind it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from responder.adapters.log_sink import LogSink
from responder.adapters.system import SystemClock
from responder.engagement.events import DEAD_LETTER_TOPIC, TOPICS, EngagementReceived, Event
from responder.engagement.model import EventId, SourceId
from responder.intake.ports import DeadLetter, EventSink, PushSeen, ReceiptStatus, Refusal
from responder.intake.rate import USUAL, Rate
from responder.intake.secrets import Rotating, Secret
from responder.intake.service import Intake, PushSource
from responder.platforms.cloudevents import CloudEvents
from responder.platforms.signatures import sign_standard
from responder.platforms.standard_webhooks import StandardWebhooks
from responder.stream.log import Record
from responder.testing.log import MemoryServer
from responder.web.gateway.handler import Gateway
from responder.web.gateway.receipts import ReceiptPages
from responder.web.server import LOOPBACK_NAMES, Listening, application, listen

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BEARER = "a-token-of-more-than-24-characters"
COMMENT: dict[str, Any] = {
    "comment_id": "c1",
    "text": "How do I mend it?",
    "author": {"id": "a1", "name": "Ana"},
    "published_at": "2026-01-05T09:00:00Z",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "https://example.org",
    "type": "engagement.received.v1",
    "data": COMMENT,
}


def sources() -> dict[SourceId, PushSource]:
    given = (
        PushSource(
            id=SourceId("shop"),
            token=Rotating(Secret("shop-token")),
            platform=StandardWebhooks(Rotating(Secret(KEY))),
        ),
        PushSource(
            id=SourceId("forum"),
            token=Rotating(Secret("forum-token")),
            platform=StandardWebhooks(Rotating(Secret(OTHER_KEY))),
        ),
        PushSource(
            id=SourceId("blog"),
            token=Rotating(Secret("blog-token")),
            platform=CloudEvents(Rotating(Secret(BEARER)), allows_batches=True),
        ),
    )
    return {source.id: source for source in given}


@dataclass
class Ledger:
    """What is known of what was pushed: a `Receipts` in memory."""

    by_event: dict[tuple[str, str], ReceiptStatus] = field(default_factory=dict)
    by_comment: dict[tuple[str, str], ReceiptStatus] = field(default_factory=dict)

    async def find_event(self, source: SourceId, event_id: EventId) -> ReceiptStatus | None:
        return self.by_event.get((source, event_id))

    async def find_comment(self, source: SourceId, comment_id: str) -> ReceiptStatus | None:
        return self.by_comment.get((source, comment_id))


@dataclass
class Notes:
    """Keeps what the gateway noted: refusals and pushes."""

    refusals: list[Refusal] = field(default_factory=list)
    seen: list[PushSeen] = field(default_factory=list)

    def note(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)

    def pushed(self, seen: PushSeen) -> None:
        self.seen.append(seen)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Turnstile:
    """A sink that can be held, to see what happens while a push is on its way to the log."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def publish(self, events: Sequence[Event], letters: Sequence[DeadLetter] = ()) -> None:
        self.entered.set()
        await self.open.wait()
        await self._sink.publish(events, letters)


class Scene:
    """The running gateway, a client, and what stands behind."""

    server: Listening
    client: aiohttp.ClientSession

    def __init__(
        self,
        body_seconds: float = 5.0,
        public_url: str | None = None,
        rate: Rate = USUAL,
    ) -> None:
        self.clock = SystemClock()
        self.log = MemoryServer(self.clock)
        for topic in TOPICS:
            self.log.create(topic, 2)
        self.sources = sources()
        self.notes = Notes()
        self.ledger = Ledger()
        sink = LogSink(self.log.writer(), clock=self.clock, limit_seconds=0.3, pause_seconds=0.1)
        self.turnstile = Turnstile(sink)
        self.gateway = Gateway(
            intake=Intake(sources=self.sources, sink=self.turnstile, clock=self.clock, rate=rate),
            refusals=self.notes,
            observer=self.notes,
            clock=self.clock,
            public_url=public_url,
            body_seconds=body_seconds,
        )

    async def start(self, *, idle_seconds: float = 75.0) -> None:
        app = application(hosts=LOOPBACK_NAMES)
        self.gateway.mount(app)
        tokens = {source.id: source.token for source in self.sources.values()}
        ReceiptPages(tokens=tokens, receipts=self.ledger, clock=self.clock).mount(app)
        app.router.add_get("/broken", _broken)
        self.server = await listen(
            app, host="127.0.0.1", port=0, idle_seconds=idle_seconds, shutdown_seconds=2.0
        )
        self.client = aiohttp.ClientSession(auto_decompress=False)

    async def stop(self) -> None:
        await self.client.close()
        await self.server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def stored(self) -> list[Record]:
        return self._records(EngagementReceived.topic)

    @property
    def buried(self) -> list[Record]:
        return self._records(DEAD_LETTER_TOPIC)

    def _records(self, topic: str) -> list[Record]:
        return [r for part in self.log.partitions([topic]) for r in self.log.records[part]]

    def signed(
        self, body: bytes, *, key: str = KEY, message_id: str = "m1", skew: int = 0
    ) -> dict[str, str]:
        stamp = int(self.clock.now().timestamp()) + skew
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign_standard(key, message_id, stamp, body),
        }

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        async with self.client.request(
            method, self.url + path, allow_redirects=False, **options
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def push(
        self,
        body: object,
        *,
        path: str = "/in/shop/shop-token",
        headers: Mapping[str, str] | None = None,
        **signing: Any,
    ) -> Answer:
        """Push to the shop, signed unless headers are given."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = self.signed(raw, **signing) if headers is None else headers
        return await self.ask("POST", path, data=raw, headers=given)

    async def push_event(self, body: object, media_type: str, **headers: str) -> Answer:
        """Push to the blog, with its token."""
        given = {"Content-Type": media_type, "Authorization": f"Bearer {BEARER}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.ask("POST", "/in/blog/blog-token", data=raw, headers=given)

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they are; gives everything until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(request)
        answer = b""
        async with asyncio.timeout(10):
            # A server that closes with bytes unread resets the connection: that is an end too.
            with suppress(ConnectionResetError):
                while received := await reader.read(65_536):
                    answer += received
        writer.close()
        return answer


def comment(**changes: Any) -> dict[str, Any]:
    return {"type": "engagement.received.v1", "data": COMMENT | changes}


async def _broken(_: web.Request) -> web.Response:
    raise RuntimeError("words from the inside")
