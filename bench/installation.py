"""Responder as a cluster runs it: each role a process, on a broker and a database of its own."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from bench.brokers import Broker, asked
from bench.costs import Costs, cpu_seconds
from bench.databases import Database, running_database
from bench.pushes import SECRET, Answers, pushed
from bench.setting import Setting
from responder.testing.kafka import KafkaCluster
from responder.testing.roles import Role, Roles, roles_on_kafka

ROLES = (
    *("gateway", "triage", "drafting", "console", "delivery"),
    *("relay", "sla", "reconcile", "audit"),
)
"""Each in a process of its own."""
DOORS = ("gateway", "console")
TOGETHER = (*DOORS, "+".join(role for role in ROLES if role not in DOORS))
"""The same in three processes, which are there sooner: for what is not to be measured."""
SOURCE = "forum"
WARM = 500
WARM_TRIES = 3
DRAIN_SECONDS = 120.0
LOOK_SECONDS = 1.0
NANOSECONDS = 1_000_000_000
FOR_TESTS = (
    "RESPONDER_DATABASE__POOL_SIZE",
    "RESPONDER_KAFKA__SESSION_TIMEOUT_MS",
    "RESPONDER_KAFKA__HEARTBEAT_INTERVAL_MS",
)
"""Set so that tests miss a killed process soon; what is measured runs on the defaults."""
CONFIGURATION = f"""
[sources.{SOURCE}]
platform = "webhook"
outgoing_url = "https://forum.example/replies"

[[knowledge]]
id = "offline"
title = "Using the planner offline"
text = "The planner works offline once a garden has been opened on the device. Changes are sent later."
language = "en"
"""


_TRIAGED = """
SELECT c.comment_id AS id, extract(epoch FROM pg_xact_commit_timestamp(c.xmin)) AS at
FROM unnest($1::text[]) AS wanted (id)
JOIN comment c ON c.source = $2 AND c.comment_id = wanted.id
"""
_TRIAGED_BY_THREAD = """
SELECT e.thread_key AS thread, r."offset" AS place, pg_xact_commit_timestamp(c.xmin) AS at
FROM engagement e JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
LEFT JOIN received_id r ON r.event_id = e.event_id
ORDER BY e.thread_key, r."offset"
"""
_LEFT = """
SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL)
  + (SELECT count(*) FROM audit_entry) + (SELECT count(*) FROM tally_change)
"""
"""What relay has not sent and audit has neither sealed nor folded."""
_DRAFTED = """
SELECT e.comment_id AS id, extract(epoch FROM pg_xact_commit_timestamp(d.xmin)) AS at
FROM unnest($1::text[]) AS wanted (id)
JOIN engagement e ON e.source = $2 AND e.comment_id = wanted.id
JOIN draft_version d ON d.engagement_id = e.id AND d.version = 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What runs, and what can be asked of it.

    Args:
        roles: those that run, by name; several in one process are joined by `+`.
        address: the last part of the webhook's URL.
        folder: for whatever is written meanwhile.
        tries: see `Setting`.
    """

    roles: dict[str, Role]
    settings: Roles
    broker: KafkaCluster
    database: Database
    address: str
    folder: Path
    tries: int

    @property
    def push_url(self) -> str:
        return f"{self.roles['gateway'].url.rstrip('/')}/in/{SOURCE}/{self.address}"

    @property
    def stages(self) -> Sequence[str]:
        """What may be away without anybody outside noticing at once."""
        return [name for name in self.roles if name not in DOORS]

    async def start(self, names: Sequence[str]) -> None:
        """All at once; returns when each is ready."""
        started = await asyncio.gather(*(self.settings.start(*name.split("+")) for name in names))
        self.roles.update(zip(names, started, strict=True))

    async def stop(self, names: Sequence[str]) -> None:
        await asyncio.gather(*(self.roles.pop(name).stop() for name in names))

    async def push(self, prefix: str, *, count: int, rate: float = 0.0, begin: int = 0) -> Answers:
        """From a process of its own; without a rate as fast as the answers come."""
        return await pushed(
            self.folder,
            self.push_url,
            prefix=prefix,
            count=count,
            rate=rate,
            begin=begin,
            tries=self.tries,
        )

    async def triaged(self, prefix: str, numbers: Sequence[int]) -> dict[int, int]:
        """When each of these comments was committed, in nanoseconds, as the database kept it."""
        return await self._commits(_TRIAGED, prefix, numbers)

    async def reviewable(self, prefix: str, numbers: Sequence[int]) -> dict[int, int]:
        """When the draft of each was."""
        return await self._commits(_DRAFTED, prefix, numbers)

    async def drained(self, prefix: str, count: int, within: float = DRAIN_SECONDS) -> bool:
        """Wait until each has its draft; False when some have none in time."""
        return await _complete(self.reviewable, prefix, count, within)

    async def understood(self, prefix: str, count: int, within: float = DRAIN_SECONDS) -> bool:
        """Wait until each is triaged; False when some are not in time."""
        return await _complete(self.triaged, prefix, count, within)

    async def settled(self, within: float = DRAIN_SECONDS) -> list[str]:
        """Wait until every role has done its share of what came; says who has not in time."""
        late: list[str] = []
        try:
            async with asyncio.timeout(within), asked(self.broker) as broker:
                while late := await self._unfinished(broker):  # noqa: ASYNC110 - it is other processes'
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return [f"not done by the end: {', '.join(late) or 'unknown'}"]
        return []

    async def _unfinished(self, broker: Broker) -> list[str]:
        connection = await self.database.connect()
        try:
            left = await connection.fetchval(_LEFT)
        finally:
            await connection.close()
        prefix = self.settings.environment["RESPONDER_KAFKA__GROUP_PREFIX"]
        return [f"{left} rows of relay or audit"] if left else await broker.behind(prefix)

    async def disordered(self) -> list[str]:
        """Whether triage of a comment was committed before that of one that stands before it in the log.

        To be asked once `settled`: the places in the log are those that audit has kept.
        """
        connection = await self.database.connect()
        try:
            rows = await connection.fetch(_TRIAGED_BY_THREAD)
        finally:
            await connection.close()
        return disorder([(row["thread"], row["place"], row["at"]) for row in rows])

    async def verified(self) -> list[str]:
        """What `responder audit verify` finds wrong."""
        said = await self.settings.command("audit", "verify")
        return (
            [] if said.code == 0 else [f"audit verify ended with {said.code}: {said.said[-300:]}"]
        )

    async def sizes(self) -> dict[str, float]:
        """Bytes on disk, and transactions so far."""
        connection = await self.database.connect()
        try:
            found = await connection.fetchrow(
                """
                SELECT pg_database_size(datname) AS postgresql, xact_commit AS transactions
                FROM pg_stat_database WHERE datname = current_database()
                """
            )
        finally:
            await connection.close()
        if found is None:
            raise RuntimeError("the database keeps no figures")
        return {name: float(each) for name, each in found.items()} | {
            "kafka": self.broker.stored_bytes()
        }

    def costs(self) -> Costs:
        """CPU so far, by process."""
        used = {name: cpu_seconds([role.pid]) for name, role in self.roles.items()}
        used["postgresql"] = cpu_seconds(self.database.pids)
        used["kafka"] = cpu_seconds(self.broker.pids)
        return Costs(used)

    async def _commits(self, query: str, prefix: str, numbers: Sequence[int]) -> dict[int, int]:
        """By the number that follows the prefix in the comment's id."""
        connection = await self.database.connect()
        try:
            rows = await connection.fetch(query, [f"{prefix}{n}" for n in numbers], SOURCE)
        finally:
            await connection.close()
        return {int(row["id"].removeprefix(prefix)): int(row["at"] * NANOSECONDS) for row in rows}


def disorder(triaged: Sequence[tuple[str, int | None, datetime]]) -> list[str]:
    """What is wrong with the thread, the place in the log and the commit of each, in that order."""
    counts = {
        "comments whose place in the log is unknown": sum(place is None for _, place, _ in triaged),
        "comments triaged before an earlier one of their thread": sum(
            thread == thread_before and at < at_before
            for (thread_before, _, at_before), (thread, _, at) in pairwise(triaged)
        ),
    }
    return [f"{count} {what}" for what, count in counts.items() if count]


Commits = Callable[[str, Sequence[int]], Awaitable[Mapping[int, int]]]


async def _complete(ask: Commits, prefix: str, count: int, within: float) -> bool:
    """While the last one is not there, no other is looked at: who is measured would pay for it."""
    try:
        async with asyncio.timeout(within):
            for numbers in ([count - 1], range(count)):
                while len(await ask(prefix, numbers)) < len(numbers):  # noqa: ASYNC110 - it is another process's
                    await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def installed(
    setting: Setting,
    name: str,
    *,
    database: Database | None = None,
    warm: int = WARM,
    **settings: str,
) -> AsyncIterator[Installation]:
    """All roles run, on topics of their own, and have worked through a few hundred comments.

    In small they run in a few processes, which are there sooner.

    Args:
        setting: whose broker it is.
        name: of its folder, which is not there yet.
        database: one that may be filled already; None: a new one.
        warm: how many comments.
        settings: `RESPONDER_…` beside what the benchmark sets.
    """
    folder = setting.folder / name
    await asyncio.to_thread(folder.mkdir)
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(setting.cluster())
        if database is None:
            database = await stack.enter_async_context(running_database())
        roles, address = await stack.enter_async_context(
            prepared(folder, database, broker, settings)
        )
        made = Installation(
            roles={},
            settings=roles,
            broker=broker,
            database=database,
            address=address,
            folder=folder,
            tries=setting.tries,
        )
        await made.start(TOGETHER if setting.is_smoke else ROLES)
        await _warm_up(made, warm)
        yield made


@asynccontextmanager
async def prepared(
    folder: Path, database: Database, broker: KafkaCluster, settings: Mapping[str, str]
) -> AsyncIterator[tuple[Roles, str]]:
    """Schema and topics are there, nothing runs yet; and the last part of the webhook's address."""
    with roles_on_kafka(
        folder,
        database_url=database.dsn.url(),
        bootstrap_servers=broker.bootstrap_servers,
        prefix=f"{secrets.token_hex(4)}.",
        configuration=CONFIGURATION,
    ) as roles:
        address = _configure(roles, settings)
        said = await roles.command("migrate")
        if said.code:
            raise RuntimeError(said.said)
        yield roles, address


async def _warm_up(made: Installation, count: int) -> None:
    """Until all of a batch went through every role: a log that has just begun may refuse some.

    Raises:
        RuntimeError: none did.
    """
    for _ in range(WARM_TRIES):
        prefix = f"warm-{secrets.token_hex(4)}-"  # a filled database has had others
        sent = await made.push(prefix, count=count, rate=200)
        if not sent.breaches() and await made.drained(prefix, count) and not await made.settled():
            return
    raise RuntimeError(f"of {count} comments not all went through, {WARM_TRIES} times")


def _configure(roles: Roles, settings: Mapping[str, str]) -> str:
    """Set what the benchmark needs; gives the last part of the webhook's address."""
    address = secrets.token_urlsafe(16)
    for name in FOR_TESTS:
        del roles.environment[name]
    roles.environment |= {
        "RESPONDER_SOURCE__FORUM__WEBHOOK_SECRET": SECRET,
        "RESPONDER_SOURCE__FORUM__ADDRESS_TOKEN": address,
        "RESPONDER_API__TOKEN": secrets.token_urlsafe(16),
        "RESPONDER_GATEWAY__RATE_PER_SECOND": "100000",
        "RESPONDER_GATEWAY__RATE_BURST": "100000",
        **settings,
    }
    return address
