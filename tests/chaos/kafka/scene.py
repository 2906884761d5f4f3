"""A whole installation on Kafka to do harm to, and what must hold of it in the end.

Every role is a process. Comments come from senders with a list of their own, an editor approves,
replies go to a receiver that keeps them. `holds` waits until nothing is under way any more and
every invariant holds by id; what never comes to hold is the test's failure.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition  # type: ignore[import-untyped]

from responder.app.database import small_engine
from responder.engagement.errors import Invalid
from responder.engagement.events import EngagementReceived, read_event
from responder.testing.invariants import Logged, Name, Seen, read_ledger, violations
from responder.testing.load import Door, Load
from responder.testing.postgres import TestServer
from responder.testing.roles import Role, Roles, roles_on_kafka
from responder.testing.running import eventually
from responder.testing.webhook_receiver import WebhookReceiver
from tests.e2e.kafka.kit import SECRETS, Editor, Ledger, configuration, progress

REST = "triage+drafting+delivery+relay+reconcile+sla+audit"
"""Everything behind the doors, in one process."""
WHOLE = ("gateway", "console", REST)
PARTITIONS = 4
HOLDS_SECONDS = 150.0
SOURCE = "forum"
_NUMBERS = itertools.count(1)


class Scene:
    """What runs, who takes part, and what they know."""

    def __init__(
        self,
        roles: Roles,
        receiver: WebhookReceiver,
        http: aiohttp.ClientSession,
        *,
        database_url: str,
        servers: str,
    ) -> None:
        self.roles = roles
        self.receiver = receiver
        self.http = http
        self.database_url = database_url
        self.servers = servers
        """How this test reaches Kafka, whatever happens to the way of the roles."""
        self.alive: dict[str, Role] = {}
        self.loads: list[Load] = []
        self.others: set[Name] = set()
        """Comments that came in another way than by a `Load`."""

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.database_url)

    @property
    def topic(self) -> str:
        """`engagement.received`, as Kafka knows it."""
        return self.wire(EngagementReceived.topic)

    def wire(self, name: str) -> str:
        """A topic or group by the name that Kafka knows it by."""
        return self.roles.environment["RESPONDER_KAFKA__TOPIC_PREFIX"] + name

    def launch(self, name: str, **settings: str) -> Role:
        """A process with the roles that `+` joins; what follows a dot only tells it from others."""
        self.alive[name] = self.roles.launch(*name.partition(".")[0].split("+"), **settings)
        return self.alive[name]

    async def start(self, *names: str, **settings: str) -> None:
        """Each a process; returns when all are ready."""
        for name in names:
            self.launch(name, **settings)
        await asyncio.gather(*(self.alive[name].ready() for name in names))

    async def stop(self, name: str) -> None:
        role = self.alive.pop(name)
        assert await role.stop() == 0, role.said[-2000:]

    def kill(self, name: str) -> None:
        self.alive.pop(name).kill()

    def load(
        self,
        prefix: str,
        *,
        url: str | None = None,
        http: aiohttp.ClientSession | None = None,
        repeats: bool = True,
    ) -> Load:
        """A sender to the gateway, or to what stands before it."""
        door = Door(
            url=url or self.alive["gateway"].url,
            source=SOURCE,
            address_token=SECRETS.address,
            secret=SECRETS.forum,
        )
        load = Load(door, prefix, http or self.http, threads=7, repeats=repeats)
        self.loads.append(load)
        return load

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[None]:
        """Meanwhile somebody approves whatever waits, also when the console is away at times."""

        async def edit() -> None:
            while True:
                with suppress(aiohttp.ClientError, KeyError, ValueError, TimeoutError):
                    await Editor(self.alive["console"].url, self.http).work()
                await asyncio.sleep(0.2)

        working = asyncio.create_task(edit())
        try:
            yield
        finally:
            working.cancel()
            await asyncio.wait({working})

    async def all_are(self, state: str, prefix: str = "") -> None:
        """Wait until every comment whose id begins so is; what a dead delivery holds is freed."""

        async def others() -> list[tuple[str, str, str]]:
            await self.ledger.free_the_abandoned()
            return [
                each
                for each in await self.ledger.states()
                if each[0] == SOURCE and each[1].startswith(prefix) and each[2] != state
            ]

        await eventually(others, lambda found: not found, HOLDS_SECONDS)

    async def holds(self, *, groups: Collection[str] = ("triage", "audit")) -> None:
        """Wait until these groups have read all there is and every invariant holds.

        Raises:
            TimeoutError: with what does not hold.
        """
        await self.ledger.holds_all(self.acknowledged)
        await eventually(lambda: self._wrong(groups), lambda found: not found, within=HOLDS_SECONDS)

    @property
    def acknowledged(self) -> set[Name]:
        return {(SOURCE, name) for load in self.loads for name in load.acknowledged} | self.others

    @property
    def pushed(self) -> set[Name]:
        return {(SOURCE, name) for load in self.loads for name in load.pushed} | self.others

    async def logged(self) -> list[Logged]:
        """Every comment in the log, as often as it is there."""
        found = []
        for record in await records(self.servers, self.topic):
            try:
                event = read_event(tuple(record.headers), record.value)
            except Invalid:
                continue
            if isinstance(event.data, EngagementReceived):
                logged = Logged(
                    partition=record.partition,
                    offset=record.offset,
                    event_id=event.id,
                    name=(event.source, event.data.comment_id),
                    thread=event.data.thread_id,
                )
                found.append(logged)
        return found

    async def _unsealed(self) -> int:
        return len(await self.ledger.rows("SELECT FROM audit_entry"))

    async def _wrong(self, groups: Collection[str]) -> list[str]:
        prefix = self.roles.environment["RESPONDER_KAFKA__TOPIC_PREFIX"]
        reached = (await progress(self.servers, prefix)).places
        behind = [
            f"I9, {group} is at {at} of {end} in partition {number}"
            for (group, number), (at, end) in reached.items()
            if group in groups and at < end
        ]
        seen = Seen(
            pushed=self.pushed,
            acknowledged=self.acknowledged,
            logged=await self.logged(),
            committed={n: at for (group, n), (at, _) in reached.items() if group == "triage"},
            replies=self._replies(),
        )
        async with small_engine(self.database_url) as engine:
            return behind + violations(seen, await read_ledger(engine))

    def _replies(self) -> Sequence[tuple[Name, str]]:
        answers = {each.webhook_id: each.comment_id for each in self.receiver.received}
        return [((SOURCE, answers[key]), text) for key, text in self.receiver.replies.items()]


@asynccontextmanager
async def staged(
    folder: Path,
    postgres: TestServer,
    *,
    servers: str,
    brokers: int,
    tables: str = "",
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """An installation with schema and topics; no role runs yet.

    Args:
        folder: for its configuration and what it says.
        postgres: a fresh database of it is used.
        servers: the bootstrap servers, for the roles and for the test.
        brokers: how many there are; with three, replication is 3 and two must have a record.
        tables: more of `responder.toml`.
        settings: `RESPONDER_…` beside the usual.
    """
    database = await postgres.fresh()
    timeout = aiohttp.ClientTimeout(total=30)
    async with (
        WebhookReceiver(SECRETS.forum) as receiver,
        aiohttp.ClientSession(timeout=timeout) as http,
    ):
        with roles_on_kafka(
            folder,
            database_url=database.url(),
            bootstrap_servers=servers,
            prefix=f"chaos-{os.getpid()}-{next(_NUMBERS)}.",
            configuration=configuration(receiver.url) + tables,
        ) as roles:
            roles.environment |= SECRETS.environment()
            if brokers > 1:
                roles.environment["RESPONDER_KAFKA__REPLICATION_FACTOR"] = "3"
                roles.environment["RESPONDER_KAFKA__MIN_INSYNC_REPLICAS"] = "2"
            roles.environment |= dict(settings or {})
            migrated = await roles.command("migrate")
            assert migrated.code == 0, migrated.said
            yield Scene(roles, receiver, http, database_url=database.url(), servers=servers)
    await postgres.drop(database)


async def records(servers: str, topic: str) -> list[ConsumerRecord]:
    """Everything that stands in a topic now, as a client of its own reads it."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for some in (await consumer.getmany(timeout_ms=200)).values():
                found += some
    finally:
        await consumer.stop()
    return found
