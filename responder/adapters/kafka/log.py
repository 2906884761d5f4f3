"""The log port on Apache Kafka: one consumer of one group, over aiokafka 0.14.

What the client does that would lose, repeat or block something is named where it is worked around;
the numbers are those of the table in `docs/explanation/aiokafka.md`.
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import (  # type: ignore[import-untyped]
    StickyPartitionAssignor,
)

from responder.adapters.kafka.connection import reach, reason
from responder.adapters.kafka.internals import close_consumer, is_expelled
from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.ownership import Ownership
from responder.adapters.kafka.reading import Reader
from responder.adapters.kafka.rebalancing import Rebalances
from responder.engagement.ports import Clock
from responder.stream.log import (
    Assignment,
    Fenced,
    Partition,
    RebalanceListener,
    Rebalancing,
    Record,
    Unknown,
    Unreachable,
)


@dataclass
class _Membership:
    consumer: AIOKafkaConsumer
    reader: Reader
    rebalances: Rebalances


class KafkaLog:
    """One membership in one group. Once lost or stopped it is done with; build another."""

    def __init__(self, options: KafkaOptions, *, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._ownership = Ownership(topic_prefix=options.topic_prefix, clock=clock)
        self._membership: _Membership | None = None
        self._closing: asyncio.Task[None] | None = None

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        await reach(self._options, topics)
        consumer = await self._connect(group)
        reader = Reader(
            consumer,
            self._ownership,
            clock=self._clock,
            pause_after_seconds=self._options.pause_after_ms / 1000,
        )
        rebalances = Rebalances(
            self._ownership,
            reader,
            listener,
            limit_seconds=self._options.rebalance_timeout_ms / 1000,
        )
        self._membership = _Membership(consumer, reader, rebalances)
        # Subscribed only now: a `start` with a subscription waits for a whole rebalance.
        names = [self._options.topic_prefix + topic for topic in topics]
        consumer.subscribe(names, listener=rebalances)

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        member = self._member()
        member.rebalances.raise_error()
        batch = await member.reader.poll(room, wait)
        return {a: _records(a.partition, records) for a, records in batch.items()}

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        if self._ownership.is_joining:
            raise Rebalancing("a commit now would disturb the rebalance")
        live = {a: offset for a, offset in points.items() if self._ownership.owns(a)}
        if live:
            await self._store(live)
        if stale := points.keys() - live.keys():
            raise Fenced(stale)

    async def committed(self, partition: Partition) -> int | None:
        asking = self._member().consumer.committed(self._ownership.wire(partition))
        offset: int | None = await self._answer(asking)
        return offset

    async def end(self, partition: Partition) -> int:
        wire = self._ownership.wire(partition)
        ends = await self._answer(self._member().consumer.end_offsets([wire]))
        offset: int = ends[wire]
        return offset

    async def keepalive(self) -> None:
        # Nobody asks for a partition without a name, so this reads nothing; but it counts as a
        # sign of life, which `max_poll_interval_ms` wants (10), and it drops no prefetched data,
        # as pausing everything would (9). During a rebalance it would wait without limit (2).
        if self._ownership.is_settled:
            await self._member().consumer.getmany(TopicPartition("", 0), timeout_ms=0)

    def wake(self) -> None:
        if self._membership is not None:
            self._membership.reader.wake()

    async def stop(self) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._membership is not None:
            member, self._membership = self._membership, None
            member.rebalances.end()
            await close_consumer(member.consumer, self._options.close_timeout_ms / 1000)
            await member.reader.close()

    def _member(self) -> _Membership:
        if self._membership is None:
            raise Unreachable("this consumer is stopped, or was never started")
        return self._membership

    async def _connect(self, group: str) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **self._options.consumer_arguments(group),
            partition_assignment_strategy=(_assignor_of_its_own(),),
        )
        try:
            async with asyncio.timeout(self._options.connect_timeout_ms / 1000):
                await consumer.start()
        except (kafka.KafkaError, OSError, TimeoutError) as e:
            await close_consumer(consumer, 0)
            raise Unreachable(f"Kafka {reason(e)}") from e
        return consumer

    async def _store(self, points: Mapping[Assignment, int]) -> None:
        consumer = self._member().consumer
        if is_expelled(consumer):
            # Sent now, the commit would be a nobody's, which an empty group accepts (21).
            raise Fenced(points.keys())
        offsets = {self._ownership.wire(a.partition): offset for a, offset in points.items()}
        try:
            # Retried without end while the coordinator is away; given up, it may still land (5).
            async with asyncio.timeout(self._options.commit_timeout_ms / 1000):
                await consumer.commit(offsets)
        except TimeoutError as e:
            raise Unknown("no answer to the commit in time") from e
        except kafka.CommitFailedError as e:
            if isinstance(e.__cause__, kafka.RebalanceInProgressError):
                raise Rebalancing("the group rebalances") from e
            raise Fenced(points.keys()) from e
        except kafka.IllegalStateError as e:
            raise Fenced(points.keys()) from e
        except kafka.KafkaError as e:
            raise Unknown(f"Kafka {reason(e)}") from e

    async def _answer(self, asking: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._options.commit_timeout_ms / 1000):
                return await asking
        except (kafka.KafkaError, TimeoutError) as e:
            raise Unreachable(f"Kafka {reason(e)}") from e


def _assignor_of_its_own() -> type[Any]:
    """The sticky assignor remembers on its *class* what it was last assigned (19).

    Two consumers of one process would report each other's partitions as their own.
    """
    return type("OwnStickyAssignor", (StickyPartitionAssignor,), {})


def _records(partition: Partition, raw: Sequence[Any]) -> list[Record]:
    """This is the hottest line of the adapter: per record it may cost a quarter of aiokafka's."""
    taken_at = _Milliseconds()
    make = tuple.__new__  # what `Record(…)` calls, in a third of its time
    return [
        make(
            Record,
            (
                partition,
                r.offset,
                r.key,
                r.value or b"",  # None in a tombstone, which somebody else may have written
                tuple((name, value or b"") for name, value in r.headers) if r.headers else (),
                taken_at[r.timestamp],
            ),
        )
        for r in raw
    ]


class _Milliseconds(dict[int, datetime]):
    """Times by their milliseconds since 1970: the records of a batch have one in common."""

    def __missing__(self, milliseconds: int) -> datetime:
        self[milliseconds] = datetime.fromtimestamp(max(milliseconds, 0) / 1000, UTC)
        return self[milliseconds]
