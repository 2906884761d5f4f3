"""What a test of a handler, or of the runtime itself, stands on: a consumer over a memory log."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from responder.stream.environment import Environment, Subscription
from responder.stream.handler import Handler
from responder.stream.limit import Limit
from responder.stream.log import Corrupt, NewRecord, Partition, Record
from responder.stream.observer import Gauges
from responder.stream.options import StreamOptions
from responder.stream.runner import Consumer
from responder.testing.clock import LoopClock
from responder.testing.log import MemoryLog, MemoryServer, Timing

TOPIC = "topic"
GROUP = "group"
STEP_SECONDS = 0.05


@dataclass
class RecordingObserver:
    """An `Observer` that remembers all it was told."""

    durations: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How often, or how many records: `finished`, `late`, `retried timeout`, `buried failed`, …"""
    rebalances: list[float] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    lags: dict[Partition, int] = field(default_factory=dict)
    last: Gauges | None = None

    def handled(self, seconds: Sequence[float]) -> None:
        self.durations += seconds

    def waited(self, seconds: Sequence[float]) -> None:
        self.waits += seconds

    def finished(self, records: int) -> None:
        self.counts["finished"] += records

    def retried(self, reason: str) -> None:
        self.counts[f"retried {reason}"] += 1

    def buried(self, reason: str) -> None:
        self.counts[f"buried {reason}"] += 1

    def bury_failed(self, error: Exception) -> None:
        self.counts["bury failed"] += 1
        self.errors.append(error)

    def late(self, records: int) -> None:
        self.counts["late"] += records

    def commit_failed(self, kind: str) -> None:
        self.counts[f"commit {kind}"] += 1

    def rebalanced(self, seconds: float) -> None:
        self.rebalances.append(seconds)

    def drain_timed_out(self, handlers: int) -> None:
        self.counts["drain timed out"] += handlers

    def stopped(self, partition: Partition) -> None:
        self.counts[f"stopped {partition.number}"] += 1

    def resumed(self, partition: Partition) -> None:
        self.counts[f"resumed {partition.number}"] += 1

    def corrupt(self, error: Corrupt) -> None:
        self.counts["corrupt"] += 1
        self.errors.append(error)

    def lag(self, partition: Partition, records: int) -> None:
        self.lags[partition] = records

    def rebuilt(self, error: Exception) -> None:
        self.counts["rebuilt"] += 1
        self.errors.append(error)

    def gauges(self, gauges: Gauges) -> None:
        self.last = gauges


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    record: Record
    group: str
    reason: str
    detail: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime


@dataclass
class MemoryDeadLetters:
    """A `DeadLetters` that keeps them in a list, and can be away."""

    buried: list[Buried] = field(default_factory=list)
    is_away: bool = False

    @property
    def values(self) -> list[bytes]:
        return [buried.record.value for buried in self.buried]

    async def bury(self, record: Record, **why: Any) -> None:
        if self.is_away:
            raise ConnectionError("the dead letter is away")
        self.buried.append(Buried(record=record, **why))


class StreamRig:
    """A topic in memory and the consumers of one group on it, in simulated time."""

    def __init__(self, partitions: int = 1, *, timing: Timing | None = None, seed: int = 0) -> None:
        self.clock = LoopClock()
        self.server = MemoryServer(self.clock, timing)
        self.server.create(TOPIC, partitions)
        self.observer = RecordingObserver()
        self.dead_letters = MemoryDeadLetters()
        self.random = Random(seed)  # noqa: S311 - chance that can be repeated, no secret

    async def feed(self, *records: tuple[str | None, str]) -> None:
        """Append pairs of key and value."""
        for key, value in records:
            raw = None if key is None else key.encode()
            await self.server.writer().append([NewRecord(TOPIC, raw, value.encode())])

    def place(self, partition: int, key: str, value: str) -> None:
        """Put a record into a partition of the test's choice."""
        where = Partition(TOPIC, partition)
        stored = self.server.records[where]
        stored.append(
            Record(where, len(stored), key.encode(), value.encode(), (), self.clock.now())
        )

    def member(
        self,
        handler: Handler,
        *,
        log: MemoryLog | None = None,
        limit: Limit | None = None,
        options: StreamOptions | None = None,
    ) -> Consumer:
        """A consumer that has not started."""
        return Consumer(
            log=log or self.server.consumer(),
            subscription=self.subscription(handler),
            environment=self.environment(options),
            limit=limit,
        )

    def subscription(self, handler: Handler) -> Subscription:
        return Subscription(
            topics=[TOPIC], group=GROUP, handler=handler, dead_letters=self.dead_letters
        )

    def environment(self, options: StreamOptions | None = None) -> Environment:
        return Environment(
            clock=self.clock,
            random=self.random,
            options=options or StreamOptions(),
            observer=self.observer,
        )

    @asynccontextmanager
    async def running(self, handler: Handler, **how: Any) -> AsyncIterator[Consumer]:
        """A consumer that runs, and is stopped in the end."""
        consumer = self.member(handler, **how)
        running = asyncio.create_task(consumer.run())
        try:
            yield consumer
        finally:
            await consumer.stop()
            await running

    @property
    def committed(self) -> Mapping[int, int | None]:
        """The group's commit point of each partition."""
        partitions = self.server.partitions([TOPIC])
        return {p.number: self.server.committed(GROUP, p) for p in partitions}

    async def until(self, fact: Callable[[], object], *, within: float = 3_600.0) -> None:
        """Wait for `fact`, in simulated seconds."""
        deadline = self.clock.monotonic() + within
        while not fact():
            if self.clock.monotonic() > deadline:
                raise TimeoutError(f"not within {within:.0f} simulated seconds")
            await asyncio.sleep(STEP_SECONDS)
