"""Who takes part: senders that push until they are told 202, an editor who approves, the log's end."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from standardwebhooks.webhooks import Webhook

from responder.testing.running import eventually
from responder.web.api.models import Engagement, EngagementList, EngagementSummary

GROUPS = {
    "triage": "engagement.received",
    "audit": "engagement.received",
    "entries": "engagement.received",
    "drafting": "engagement.triaged",
    "delivery": "reply.approved",
    "dead-letters": "responder.deadletter",
}
"""Every consumer group and what it reads."""
PATIENCE_SECONDS = 120.0

Comment = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the sources of the tests prove themselves with, as the environment sets it."""

    forum: str = "whsec_" + "Zm9ydW0tc2VjcmV0LWZvci10ZXN0cy1vbmx5LTMyYnl0ZXM="
    news: str = "a-bearer-token-of-the-news-site"
    address: str = "an-unguessable-part-of-the-address"
    api: str = "a-token-for-programs-that-approve"

    def environment(self) -> dict[str, str]:
        return {
            "RESPONDER_API__TOKEN": self.api,
            "RESPONDER_SOURCE__FORUM__WEBHOOK_SECRET": self.forum,
            "RESPONDER_SOURCE__FORUM__ADDRESS_TOKEN": self.address,
            "RESPONDER_SOURCE__NEWS__WEBHOOK_SECRET": self.news,
            "RESPONDER_SOURCE__NEWS__ADDRESS_TOKEN": self.address,
        }


SECRETS = Secrets()


def configuration(receiver_url: str) -> str:
    """The forum has a way out, the news have none."""
    return f"""
[sources.forum]
platform = "webhook"
outgoing_url = "{receiver_url}"
allowed_networks = ["127.0.0.0/8"]

[sources.news]
platform = "webhook"
format = "cloudevents"

[[knowledge]]
id = "export"
title = "Export your notes"
text = "Every notebook has an export in its menu."
language = "en"
"""


def comment(name: str, thread: str | None = None) -> Comment:
    """A question that a person will have to answer."""
    return {
        "comment_id": name,
        "text": f"How do I export notebook {name} with all its pictures?",
        "author": {"id": f"author-{name}", "name": "Ann"},
        "published_at": datetime.now(UTC).isoformat(),  # noqa: TID251 - the world's
    } | ({} if thread is None else {"thread_id": thread})


def comments(prefix: str, count: int) -> list[Comment]:
    """Each third one begins a thread that the next two stand in."""
    return [comment(f"{prefix}-{n}", f"{prefix}-{n - n % 3}") for n in range(count)]


class Sender:
    """Pushes as senders do: the same again until a 2xx came."""

    def __init__(self, gateway_url: str, http: aiohttp.ClientSession) -> None:
        self._url = gateway_url
        self._http = http
        self.acknowledged: set[tuple[str, str]] = set()
        """Source and comment id of everything that got 202."""
        self.status_urls: list[str] = []

    async def push_standard(self, said: Comment) -> None:
        """To the forum, as Standard Webhooks."""
        body = json.dumps({"type": "engagement.received.v1", "timestamp": _now(), "data": said})
        await self._until_taken("forum", said, body, standard_headers(body))

    async def push_cloudevent(self, said: Comment, *, is_binary: bool) -> None:
        """To the news, in either mode of HTTP."""
        attributes = {
            "specversion": "1.0",
            "id": said["comment_id"],
            "source": "https://news.example",
            "type": "engagement.received.v1",
        }
        proof = {"authorization": f"Bearer {SECRETS.news}"}
        if is_binary:
            named = {f"ce-{name}": value for name, value in attributes.items()}
            headers = proof | named | {"content-type": "application/json"}
            await self._until_taken("news", said, json.dumps(said), headers)
        else:
            headers = proof | {"content-type": "application/cloudevents+json"}
            await self._until_taken("news", said, json.dumps({**attributes, "data": said}), headers)

    async def push_all(self, forum: Sequence[Comment], news: Sequence[Comment]) -> None:
        """One after the other, both at once."""

        async def to_forum() -> None:
            for each in forum:
                await self.push_standard(each)

        async def to_news() -> None:
            for number, each in enumerate(news):
                await self.push_cloudevent(each, is_binary=number % 2 == 0)

        await asyncio.gather(to_forum(), to_news())

    async def _until_taken(
        self, source: str, said: Comment, body: str, headers: Mapping[str, str]
    ) -> None:
        async def is_taken() -> bool:
            url = f"{self._url}/in/{source}/{SECRETS.address}"
            with suppress(aiohttp.ClientError):
                async with self._http.post(url, data=body.encode(), headers=headers) as answer:
                    receipt = await answer.json()
                    if answer.status == 202:
                        self.status_urls += [each["status_url"] for each in receipt["events"]]
                        return True
            return False

        await eventually(is_taken, bool, PATIENCE_SECONDS)
        self.acknowledged.add((source, said["comment_id"]))


class Editor:
    """Reads the queue of the forum over the API and approves whatever waits there."""

    def __init__(self, console_url: str, http: aiohttp.ClientSession) -> None:
        self._url = f"{console_url}/api/v1"
        self._http = http

    async def work(self) -> None:
        """Approve until cancelled."""
        while True:
            for row in await self._waiting():
                await self._approve(row)
            await asyncio.sleep(0.1)

    async def _waiting(self) -> list[EngagementSummary]:
        shown = await self._ask("GET", "/engagements?source=forum&limit=200")
        rows = EngagementList.model_validate_json(shown).items
        return [row for row in rows if row.state == "awaiting_review" and row.held is None]

    async def _approve(self, row: EngagementSummary) -> None:
        path = f"/engagements/{row.id}"
        engagement = Engagement.model_validate_json(await self._ask("GET", path))
        decided = {
            "text": reply_to(engagement.comment.comment_id),
            "context": engagement.context,
            "undo_seconds": 0,
        }
        # Refused when the thread went on meanwhile; it is read again in the next round.
        await self._ask("POST", path + "/approve", decided)

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
        proof = {"Authorization": f"Bearer {SECRETS.api}"}
        async with self._http.request(method, self._url + path, json=body, headers=proof) as answer:
            return await answer.text()


def reply_to(comment_id: str) -> str:
    return f"Open notebook {comment_id} and choose export in its menu."


def standard_headers(body: str) -> dict[str, str]:
    """Signed by a foreign library, so that our own signing cannot agree with itself."""
    message_id, at = f"msg_{secrets.token_hex(8)}", datetime.now(UTC)  # noqa: TID251 - the world's
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRETS.forum).sign(message_id, at, body),
    }


class Ledger:
    """What stands in the database."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._url)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()

    async def states(self) -> list[tuple[str, str, str]]:
        """Source, comment id and state of every engagement, as often as it stands there."""
        found = await self.rows("SELECT source, comment_id, state FROM engagement")
        return [(row["source"], row["comment_id"], row["state"]) for row in found]

    async def holds(self, count: int) -> None:
        """Wait until that many engagements are there."""

        async def ask() -> int:
            return len(await self.states())

        await eventually(ask, lambda found: found >= count, PATIENCE_SECONDS)

    async def holds_all(self, acknowledged: AbstractSet[tuple[str, str]]) -> None:
        """Wait until each of them (source and comment id) is there."""

        async def missing() -> AbstractSet[tuple[str, str]]:
            return acknowledged - {(source, name) for source, name, _ in await self.states()}

        await eventually(missing, lambda found: not found, PATIENCE_SECONDS)

    async def unreadable(self) -> list[str]:
        """Why each dead letter could not be read."""
        return [row["why"] for row in await self.rows("SELECT why FROM dead_letter ORDER BY why")]

    async def free_the_abandoned(self) -> None:
        """Let the minute pass for which a delivery that died keeps others from its replies.

        Only what nobody has touched for ten seconds counts as abandoned.
        """
        await self.rows("""
            UPDATE delivery_attempt SET started_at = started_at - interval '1 minute'
            WHERE outcome IS NULL AND started_at < now() - interval '10 seconds'
            """)
        await self.rows("""
            UPDATE delivery_job SET leased_until = now()
            WHERE leased_until BETWEEN now() AND now() + interval '50 seconds'
            """)


async def produce_unreadable(bootstrap_servers: str, topic: str) -> None:
    """Four records that nobody can take: not JSON, an unknown source, a wrong key, no type."""
    good = json.dumps(comment("good")).encode()
    typed = ("ce_type", b"engagement.received.v1")
    forum, nobody = ("ce_source", b"forum"), ("ce_source", b"nobody")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    await producer.start()
    try:
        for key, value, headers in (
            (b"forum/good", b"{", [typed, forum]),
            (b"nobody/good", good, [typed, nobody]),
            (b"forum/bad", good, [typed, forum]),
            (b"forum/good", good, [forum]),
        ):
            await producer.send_and_wait(topic, key=key, value=value, headers=headers)
    finally:
        await producer.stop()


@dataclass(slots=True)
class Progress:
    """How far each group has come in what it reads: committed and end, by partition."""

    places: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def is_at_the_end(self) -> bool:
        return all(committed == end for committed, end in self.places.values())

    @property
    def records(self) -> int:
        return sum(end for _, end in self.places.values())


async def progress(bootstrap_servers: str, prefix: str) -> Progress:
    """Ask Kafka itself."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await consumer.start()
    found = Progress()
    try:
        for group, topic in GROUPS.items():
            committed = await admin.list_consumer_group_offsets(prefix + group)
            partitions = [TopicPartition(prefix + topic, number) for number in range(4)]
            ends = await consumer.end_offsets(partitions)
            for each in partitions:
                stored = committed.get(each)
                at = 0 if stored is None else max(stored.offset, 0)
                found.places[(group, each.partition)] = (at, ends[each])
    finally:
        await consumer.stop()
        await admin.close()
    return found


def example_of(page: Path) -> str:
    """The Python program that a page of the docs shows."""
    blocks = page.read_text(encoding="utf-8").split("```python\n")[1:]
    (program,) = (block.partition("```")[0] for block in blocks)
    return program


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        yield http


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - the world's
