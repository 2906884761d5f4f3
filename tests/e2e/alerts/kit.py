"""A watched system: Responder in two processes on a PostgreSQL of its own, and a real Prometheus.

Its alerts are the shipped ones in a hurry (`responder.testing.prometheus.hurried`): what takes an
hour takes three minutes, and Prometheus scrapes twenty times as often.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg

from responder.platforms.signatures import sign_standard
from responder.testing.faulty_proxy import FaultyProxy
from responder.testing.isso import IssoServer
from responder.testing.postgres import TestServer
from responder.testing.prometheus import Alert, Prometheus
from responder.testing.roles import Role, Roles
from responder.testing.running import eventually
from responder.web.api.models import Engagement, EngagementList

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules.yml"
HURRY = 20
PATIENCE_SECONDS = 90.0
"""For what takes seconds on an idle machine."""
STAGES = ("gateway", "triage", "console", "delivery", "relay", "sla", "reconcile")
WEBHOOK_SECRET = "whsec_Zm9ydW0tc2VjcmV0LWZvci10ZXN0cy1vbmx5LTMyYnl0ZXM="  # noqa: S105 - of this test
ADDRESS = "an-unguessable-part-of-the-address"
API_TOKEN = "a-token-for-programs-that-approve"  # noqa: S105 - of this test


def configuration(receiver_url: str, isso_url: str, site: str) -> str:
    """A forum that pushes and takes replies, a blog that is read, and a target for both."""
    return f"""
[sources.forum]
platform = "webhook"
outgoing_url = "{receiver_url}"
allowed_networks = ["127.0.0.0/8"]

[sources.blog]
platform = "isso"
url = "{site}"
base_url = "{isso_url}"
post_as = "The team"
email = "team@example.org"
allowed_networks = ["127.0.0.0/8"]
poll_seconds = 5

[queues.default]
sla = "hour"

[sla.hour]
target = "1h"
"""


def environment(configuration_file: Path, database_url: str) -> dict[str, str]:
    return {
        "RESPONDER_CONFIG": str(configuration_file),
        "RESPONDER_DATABASE__URL": database_url,
        "RESPONDER_DATABASE__POOL_SIZE": "4",
        "RESPONDER_LOG__LEASE": "3",  # a member that was killed is missed so soon
        "RESPONDER_GATEWAY__APPEND_TIMEOUT": "1.49",
        "RESPONDER_METRICS__SAMPLE_INTERVAL": "0.5",
        "RESPONDER_SERVER__PORT": "0",
        "RESPONDER_METRICS__PORT": "0",
        "RESPONDER_API__TOKEN": API_TOKEN,
        "RESPONDER_SOURCE__FORUM__WEBHOOK_SECRET": WEBHOOK_SECRET,
        "RESPONDER_SOURCE__FORUM__OUTGOING_SECRET": WEBHOOK_SECRET,
        "RESPONDER_SOURCE__FORUM__ADDRESS_TOKEN": ADDRESS,
        "PYTHONUNBUFFERED": "1",
    }


@dataclass(slots=True, kw_only=True)
class Watched:
    server: TestServer
    database_url: str
    roles: Roles
    stages: Role
    auditor: Role
    prometheus: Prometheus
    blog: IssoServer
    way_to_blog: FaultyProxy
    http: aiohttp.ClientSession

    # What people and sites do

    async def push(self, name: str) -> int:
        """The forum pushes a comment; gives what it was answered."""
        said = {
            "comment_id": name,
            "text": f"How do I export notebook {name}?",
            "author": {"id": "ann", "name": "Ann"},
            "published_at": _now().isoformat(),
        }
        body = json.dumps(
            {"type": "engagement.received.v1", "timestamp": _now().isoformat(), "data": said}
        )
        message, at = f"msg_{secrets.token_hex(8)}", int(_now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(at),
            "webhook-signature": sign_standard(WEBHOOK_SECRET, message, at, body.encode()),
        }
        url = f"{self.stages.url}/in/forum/{ADDRESS}"
        async with self.http.post(url, data=body.encode(), headers=headers) as answer:
            return answer.status

    async def taken(self, name: str) -> None:
        """The forum pushes it until it is taken, as senders do."""
        await eventually(lambda: self.push(name), lambda it: it == 202, PATIENCE_SECONDS)

    async def arrived(self, words: str) -> Engagement:
        """What waits for an answer and begins so, once it is there."""

        async def found() -> list[str]:
            shown = EngagementList.model_validate_json(await self._api("GET", "?limit=200"))
            return [str(each.id) for each in shown.items if each.excerpt.startswith(words)]

        (only,) = await eventually(found, bool, PATIENCE_SECONDS)
        return Engagement.model_validate_json(await self._api("GET", f"/{only}"))

    async def answer(self, engagement: Engagement, text: str) -> None:
        """A person approves this reply, and it stands there."""
        decided = {"text": text, "context": engagement.context, "undo_seconds": 0}
        await self._api("POST", f"/{engagement.id}/approve", json.dumps(decided))

        async def state() -> str:
            said = await self._api("GET", f"/{engagement.id}")
            return Engagement.model_validate_json(said).state

        await eventually(state, lambda it: it == "answered", PATIENCE_SECONDS)

    async def sql(self, statement: str, *values: object) -> None:
        """By hand, past Responder."""
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    async def start_auditor(self) -> None:
        self.auditor = await self.roles.start("audit")
        self.show_prometheus()

    def show_prometheus(self) -> None:
        """Tell it whom to scrape; it sees at once when that changes."""
        self.prometheus.watch(
            [each.probes_url.removeprefix("http://") for each in (self.stages, self.auditor)]
        )

    async def _api(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Authorization": f"Bearer {API_TOKEN}", "content-type": "application/json"}
        url = f"{self.stages.url}/api/v1/engagements{path}"
        async with self.http.request(method, url, data=body, headers=headers) as answer:
            said = await answer.text()
            if not answer.ok:
                raise RuntimeError(f"{method} {path}: {answer.status} {said}")
            return said

    # What Prometheus says

    async def is_quiet(self) -> None:
        """Wait until every process is scraped, and no page fires or is about to."""

        async def noise() -> list[str]:
            scraped = await self.prometheus.value("count(up == 1)")
            pages = [each.name for each in await self.prometheus.alerts() if each.is_page]
            return pages if scraped == 2 else [*pages, f"scraped: {scraped}"]

        await eventually(noise, lambda it: not it, PATIENCE_SECONDS)

    async def firing(self) -> dict[str, Alert]:
        """The pages that fire now, by name."""
        alerts = await self.prometheus.alerts()
        return {each.name: each for each in alerts if each.is_page and each.is_firing}

    async def pages(self, name: str, *, also: Collection[str] = ()) -> Alert:
        """Wait until this page fires, and no other but those that may fire beside it."""
        found = await eventually(self.firing, lambda it: name in it, PATIENCE_SECONDS)
        assert set(found) - {name, *also} == set()
        return found[name]


@asynccontextmanager
async def pushing(watched: Watched, prefix: str) -> AsyncIterator[None]:
    """Meanwhile the forum goes on pushing, whatever it is answered."""

    async def push() -> None:
        number = 0
        while True:
            number += 1
            with suppress(aiohttp.ClientError):
                await watched.push(f"{prefix}-{number}")
            await asyncio.sleep(0.2)

    task = asyncio.create_task(push())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the world's
