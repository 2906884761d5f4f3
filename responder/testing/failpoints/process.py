"""One process with every role, which takes step after step and may end at any await.

The stages, the adapters and the consumer runtime are the real ones, put together as
`responder.app.roles` does; only their order is ours. Where roles take turns, a path passes the same
points in the same order every time, so that a point has a number.

A process that ends leaves as kill -9 leaves it: its connections are dropped, its memory is gone, and
whatever its tasks still ask while they are cancelled is heard by nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from responder.adapters.log_sink import LogSink
from responder.adapters.postgres.audit import ReceivedIds, Sealer
from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.deliveries import PostgresDeliveryWork
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.relay import OutboxRelay, Releases
from responder.adapters.postgres.triage import PostgresTriageWork
from responder.adapters.system import SystemIds, SystemRandom
from responder.app.consumers import (
    DeadLetterTopic,
    DeliveryConsumer,
    DraftingConsumer,
    ReceivedIdsConsumer,
    SettlingConsumer,
    TriageConsumer,
)
from responder.delivery.ports import DeliveryWork, Job, LeaseLost, ReplyPlatform
from responder.delivery.service import Delivery
from responder.drafting.ports import DraftingLedger
from responder.drafting.service import Drafting
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.errors import Unavailable
from responder.engagement.model import ReplyId
from responder.stream.environment import Environment, Subscription
from responder.stream.handler import Batch, BatchHandler, Handler, One, RecordHandler
from responder.stream.log import Log, LogWriter
from responder.stream.options import StreamOptions
from responder.stream.runner import Consumer
from responder.testing.factories import PLACE
from responder.testing.failpoints.person import Person
from responder.testing.failpoints.points import Doom, Points
from responder.testing.failpoints.ports import (
    GatedDraftWriter,
    GatedLog,
    GatedLogWriter,
    GatedPlatform,
)
from responder.testing.failpoints.wire import PostgresWire
from responder.testing.failpoints.world import GROUPS, LEASE_SECONDS, World
from responder.testing.ledger import DETECTOR, Seen
from responder.triage.rules import RuleClassifier
from responder.triage.service import Triage

ROUNDS = 8
"""After so many turns of every role a run must have come to rest: two crashes take three or four."""
DRAIN_SECONDS = 60.0
OPTIONS = StreamOptions(
    concurrency=2,
    buffer_records=40,
    commit_interval=0.01,
    commit_timeout=2.0,
    drain_timeout=2.0,
    cancel_grace=2.0,
    poll_wait=0.05,
)


class NeverAtRest(AssertionError):
    """Something is left that nobody does."""


@dataclass(slots=True)
class Ports:
    """What the stages stand on. A planted bug puts something else here."""

    log: Callable[[], Log]
    writer: LogWriter
    drafting: DraftingLedger
    delivery: DeliveryWork
    platform: ReplyPlatform
    relay: type[OutboxRelay] = OutboxRelay


Plant = Callable[[Ports], None]


def nothing_planted(_: Ports) -> None:
    """All is as it should be."""


@asynccontextmanager
async def started(world: World, plant: Plant = nothing_planted) -> AsyncIterator["Process"]:
    """A process that has just started. It is over with the block, if it has not ended before."""
    points = Points()
    async with PostgresWire(world.database, points) as wire:
        engine = make_engine(wire.dsn.url(), pool_size=2)
        process = Process(world, points, wire, engine, plant)
        try:
            yield process
        finally:
            await process.relay.close()
            await wire.cut()
            await engine.dispose()


@dataclass(slots=True)
class Process:
    """Take `live` for all of its life."""

    world: World
    points: Points
    wire: PostgresWire
    engine: AsyncEngine
    plant: Plant
    relay: OutboxRelay = field(init=False)
    ports: Ports = field(init=False)
    _logs: list[GatedLog] = field(default_factory=list)
    _handlers: dict[str, Handler] = field(default_factory=dict)
    _steps: list[tuple[str, Callable[[], Awaitable[object]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        world, points = self.world, self.points
        ids = SystemIds(world.clock)
        self.ports = self._gated()
        self.plant(self.ports)
        ports = self.ports
        self.relay = ports.relay(
            self.wire.dsn.url(), ports.writer, DeadLetterRows(self.engine), clock=world.clock
        )
        triage = Triage(
            workspace=lambda: world.workspace,
            classifier=RuleClassifier(detector=DETECTOR, spam_keywords=()),
            work=PostgresTriageWork(self.engine),
            clock=world.clock,
            ids=ids,
        )
        writer = TemplateDraftWriter(
            knowledge=world.workspace.knowledge, voice=world.workspace.voice, detector=DETECTOR
        )
        drafting = Drafting(
            ledger=points.named("drafting", ports.drafting),
            writer=GatedDraftWriter(writer, points),
            clock=world.clock,
        )
        delivery = Delivery(
            work=points.named("delivery", ports.delivery),
            platforms={PLACE.id: ports.platform},
            kinds={PLACE.id: PLACE.platform},
            clock=world.clock,
            random=SystemRandom(seed=1),
            observer=Seen(),
        )
        self._handlers = {
            "triage": _batch(TriageConsumer(triage, delivery).handle),
            "drafting": self._settling(DraftingConsumer(drafting).handle),
            "delivery": self._settling(DeliveryConsumer(delivery).handle),
            "audit": _batch(ReceivedIdsConsumer(ReceivedIds(self.engine)).handle),
        }
        self._steps = [
            ("intake", self._push),
            ("audit", lambda: self._drain("audit")),
            ("triage", lambda: self._drain("triage")),
            ("relay", self._relay),
            ("drafting", lambda: self._drain("drafting")),
            ("review", Person(world, self.engine, ids).works_off_the_queue),
            ("release", self._release),
            ("relay", self._relay),
            ("delivery", lambda: self._drain("delivery")),
            ("delivery", lambda: _while_there_is_more(delivery.run)),
            ("relay", self._relay),
            ("audit", lambda: _while_there_is_more(Sealer(self.engine).seal)),
        ]

    async def live(self, doom: Doom | None = None) -> bool:
        """Take every step in turn until nothing is left to do; False if it ended before.

        Raises:
            NeverAtRest: something is left for ever.
        """
        self.points.begin(doom)
        living = asyncio.create_task(self._until_rest())
        dying = asyncio.create_task(self.points.died.wait())
        await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if not self.points.died.is_set():
            await living
            return True
        await self.wire.cut()
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        return False

    async def _until_rest(self) -> None:
        for _ in range(ROUNDS):
            for name, step in self._steps:
                with self.points.within(name), suppress(Unavailable, LeaseLost):
                    await step()  # what failed is tried again in the next round, as by its loop
            if await self.world.is_at_rest():
                return
            await self.world.time_passes()
        raise NeverAtRest(f"after {ROUNDS} rounds")

    async def _push(self) -> None:
        sink = LogSink(self.ports.writer, clock=self.world.clock)
        while self.world.to_push:
            await sink.publish(self.world.to_push[:1])
            self.world.acknowledge(self.world.to_push[0])

    async def _relay(self) -> None:
        await _while_there_is_more(self.relay.round)

    async def _release(self) -> None:
        await Releases(self.engine).release_due(at=self.world.clock.now())

    async def _drain(self, group: str) -> None:
        """Its member joins, works off what is there, commits and leaves."""
        if self.world.is_drained(group):
            return
        log = self.ports.log()
        consumer = Consumer(
            log=log,
            subscription=Subscription(
                topics=[GROUPS[group]],
                group=group,
                handler=self._handlers[group],
                dead_letters=DeadLetterTopic(self.ports.writer, DeadLetterRows(self.engine)),
            ),
            environment=Environment(
                clock=self.world.clock, random=SystemRandom(seed=1), options=OPTIONS
            ),
        )
        running = asyncio.create_task(consumer.run())
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._until_drained(group)
        finally:
            await self._end(consumer, running)

    async def _until_drained(self, group: str) -> None:
        committed = self._logs[-1].has_committed
        while not self.world.is_drained(group):
            await committed.wait()
            committed.clear()

    async def _end(self, consumer: Consumer, running: asyncio.Task[None]) -> None:
        stopping = asyncio.create_task(consumer.stop())
        if self.points.died.is_set():
            for log in self._logs:
                await log.die()
            running.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
        self._logs.clear()

    def _gated(self) -> Ports:
        world, points = self.world, self.points
        return Ports(
            log=self._log,
            writer=GatedLogWriter(world.log.writer(), points),
            drafting=PostgresDraftingLedger(
                self.engine,
                workspace=lambda: world.workspace,
                capabilities=lambda: {PLACE.id: world.place.capabilities},
                lease_seconds=LEASE_SECONDS,
            ),
            delivery=_SoonFree(self.engine),
            platform=GatedPlatform(world.place, points),
        )

    def _log(self) -> Log:
        self._logs.append(GatedLog(self.world.log.consumer(), self.points))
        return self._logs[-1]

    def _settling(self, handle: RecordHandler) -> Handler:
        return One(SettlingConsumer(handle, DeadLetterRows(self.engine)).handle)


class _SoonFree(PostgresDeliveryWork):
    """Its leases last a second."""

    @override
    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        shorter = min(lease_seconds, LEASE_SECONDS)
        return await super().claim(reply_id, at=at, lease_seconds=shorter)


def _batch(handle: BatchHandler) -> Handler:
    return Batch(handle, linger_seconds=0.001, order="key")


async def _while_there_is_more(work: Callable[[], Awaitable[object]]) -> None:
    while await work():
        pass
