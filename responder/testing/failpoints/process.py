"""One process with every role, which takes step after step and may end at any await.

The stages, the adapters and the consumer runtime are the real ones; only their order is ours. Where
roles take turns, each comment passes the same points in the same order, so that a point has a number.

A process that ends leaves what kill -9 leaves: its connections are dropped, its memory is gone, and
whatever its tasks still ask while they are cancelled is heard by nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.log_sink import LogSink
from responder.adapters.postgres.audit import Sealer
from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.relay import Releases
from responder.adapters.system import SystemIds, SystemRandom
from responder.app.consumers import DeadLetterTopic
from responder.delivery.ports import LeaseLost
from responder.engagement.errors import Unavailable
from responder.stream.environment import Environment, Subscription
from responder.stream.options import StreamOptions
from responder.stream.runner import Consumer
from responder.testing.failpoints.person import Person
from responder.testing.failpoints.points import Doom, Points
from responder.testing.failpoints.ports import GatedLog
from responder.testing.failpoints.stages import (
    Plant,
    delivery_stage,
    gated,
    handlers,
    nothing_planted,
)
from responder.testing.failpoints.wire import PostgresWire
from responder.testing.failpoints.world import GROUPS, PUSHES_REST_SECONDS, World

ROUNDS = 8
"""After so many turns of every role a run must have come to rest: two ends take three or four."""
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
            await process.close()
            await wire.cut()
            await engine.dispose()


class Process:
    """Takes one comment after the other through all of the stages."""

    def __init__(
        self,
        world: World,
        points: Points,
        wire: PostgresWire,
        engine: AsyncEngine,
        plant: Plant,
    ) -> None:
        self.points = points
        self._world = world
        self._wire = wire
        self._engine = engine
        self._ports = gated(world, engine, points)
        plant(self._ports)
        self._letters = DeadLetterRows(engine)
        self._relay = self._ports.relay(
            wire.dsn.url(), self._ports.writer, self._letters, clock=world.clock
        )
        self._sink = LogSink(
            self._ports.writer, clock=world.clock, pause_seconds=PUSHES_REST_SECONDS
        )
        self._delivery = delivery_stage(world, self._ports)
        self._handlers = handlers(world, engine, self._ports, self._delivery)
        self._person = Person(world, engine, SystemIds(world.clock))

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
        await self._wire.cut()
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        return False

    async def close(self) -> None:
        """Let go of what it has opened itself."""
        await self._relay.close()

    async def _until_rest(self) -> None:
        for _ in range(ROUNDS):
            await self._take_turns()
            if await self._world.is_at_rest():
                return
            await self._world.time_passes()
        raise NeverAtRest(f"after {ROUNDS} rounds")

    async def _take_turns(self) -> None:
        await self._step("intake", self._push)
        await self._step("audit", lambda: self._drain("audit"))
        await self._step("triage", lambda: self._drain("triage"))
        await self._step("relay", self._relay.round)
        await self._step("drafting", lambda: self._drain("drafting"))
        await self._step("review", self._person.works_off_the_queue)
        await self._step("release", self._release)
        await self._step("relay", self._relay.round)
        await self._step("delivery", lambda: self._drain("delivery"))
        await self._step("delivery", self._deliver)
        await self._step("relay", self._relay.round)
        await self._step("audit", Sealer(self._engine).seal)

    async def _step(self, name: str, step: Callable[[], Awaitable[object]]) -> None:
        """What fails is done in the next round, as its loop would do it."""
        with self.points.within(name), suppress(Unavailable, LeaseLost):
            await step()

    async def _push(self) -> None:
        while self._world.to_push:
            await self._sink.publish(self._world.to_push[:1])
            self._world.acknowledge(self._world.to_push[0])

    async def _release(self) -> None:
        await Releases(self._engine).release_due(at=self._world.clock.now())

    async def _deliver(self) -> None:
        while await self._delivery.run():
            pass

    async def _drain(self, group: str) -> None:
        """Its member joins, works off what is there, commits and leaves."""
        if self._world.is_drained(group):
            return
        log = self._ports.log()
        consumer = Consumer(
            log=log,
            subscription=Subscription(
                topics=[GROUPS[group]],
                group=group,
                handler=self._handlers[group],
                dead_letters=DeadLetterTopic(self._ports.writer, self._letters),
            ),
            environment=Environment(
                clock=self._world.clock, random=SystemRandom(seed=1), options=OPTIONS
            ),
        )
        running = asyncio.create_task(consumer.run())
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self._world.is_drained(group):
                    await log.has_committed.wait()
                    log.has_committed.clear()
        finally:
            await self._leave(consumer, log, running)

    async def _leave(self, consumer: Consumer, log: GatedLog, running: asyncio.Task[None]) -> None:
        stopping = asyncio.create_task(consumer.stop())
        if self.points.died.is_set():
            await log.die()
            running.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
