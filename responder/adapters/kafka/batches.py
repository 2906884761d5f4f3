"""Records of many appends, on their way in one batch for each partition.

The client takes records one by one, each with its own checks, tasks and future, which costs more than
all else that an append does. So they gather here: as long as `linger`, or until the batch before them
has its answer. Then all partitions go together, in one request for each broker.
"""

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka import AIOKafkaProducer

from responder.stream.log import NewRecord, Partition, Position, Rejected, TopicClosed
from responder.stream.partitioning import partition_for

CLOSED = (
    kafka.InvalidTopicError,
    kafka.TopicAuthorizationFailedError,
    kafka.UnknownTopicOrPartitionError,
)
_REFUSED = (
    kafka.InvalidTimestampError,
    kafka.MessageSizeTooLargeError,
    kafka.PolicyViolationError,
    kafka.RecordListTooLargeError,
)

Answer = asyncio.Future[list[Position]]


@dataclass(eq=False, slots=True)
class _Append:
    """One call that waits for the positions of its records."""

    size: int
    answer: Answer = field(default_factory=asyncio.Future)
    positions: dict[int, Position] = field(default_factory=dict)

    def stored(self, number: int, position: Position) -> None:
        self.positions[number] = position
        if len(self.positions) == self.size and not self.answer.done():
            self.answer.set_result([self.positions[number] for number in range(self.size)])

    def failed(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(eq=False, slots=True)
class _Batch:
    """What goes to one partition together."""

    partition: Partition
    builder: Any
    due: float
    """When it waits for company no more, by the event loop's clock."""
    waiting: list[tuple[_Append, int]] = field(default_factory=list)
    limit: asyncio.TimerHandle | None = None

    def take(self, record: NewRecord, append: _Append, number: int) -> bool:
        """False if it is full."""
        taken = self.builder.append(
            timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
        )
        if taken is not None:
            self.waiting.append((append, number))
        return taken is not None

    def stored(self, first: int) -> None:
        for place, (append, number) in enumerate(self.waiting):
            # A repetition that the broker recognised as one has lost its offset.
            offset = first + place if first >= 0 else None
            append.stored(number, Position(self.partition, offset))

    def failed(self, error: BaseException) -> None:
        meant = _meaning(error, self.partition.topic)
        for append, _ in self.waiting:
            append.failed(meant)


class Batches:
    """What goes through one producer."""

    def __init__(
        self,
        client: AIOKafkaProducer,
        *,
        topic_prefix: str,
        linger_seconds: float,
        limit_seconds: float,
    ) -> None:
        """Send through `client`.

        Args:
            client: started.
            topic_prefix: in front of our names of topics on the wire.
            linger_seconds: how long a record waits for others.
            limit_seconds: who has no answer after so long gets TimeoutError.
        """
        self._client = client
        self._topic_prefix = topic_prefix
        self._linger_seconds = linger_seconds
        self._limit_seconds = limit_seconds
        self._loop = asyncio.get_running_loop()
        self._gathering: defaultdict[Partition, deque[_Batch]] = defaultdict(deque)
        self._in_flight: set[Partition] = set()
        self._unkeyed = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def append(self, records: Sequence[NewRecord]) -> Answer:
        """Let records, one or more, go with the next batches of their partitions.

        The answer is their positions, or Rejected, TopicClosed, TimeoutError, or any other error of
        the client.

        Raises:
            UnknownTopicOrPartitionError: the client does not know one of the topics; nothing goes.
        """
        append = _Append(len(records))
        partitions = [self._partition(record) for record in records]
        for number, (partition, record) in enumerate(zip(partitions, records, strict=True)):
            self._put(partition, record, append, number)
        return append.answer

    def hand_over(self) -> None:
        """Give all that waits to the client, which is about to flush."""
        self._send([batch for batches in self._gathering.values() for batch in batches])
        self.drop()

    def drop(self) -> None:
        """What has not gone yet goes no more."""
        self._gathering.clear()
        self._plan()

    def _partition(self, record: NewRecord) -> Partition:
        cluster, wire = self._client.client.cluster, self._topic_prefix + record.topic
        numbers = cluster.partitions_for_topic(wire)
        if not numbers:
            raise kafka.UnknownTopicOrPartitionError
        if record.key is not None:
            return Partition(record.topic, partition_for(record.key, len(numbers)))
        led = sorted(cluster.available_partitions_for_topic(wire) or numbers)
        return Partition(record.topic, led[next(self._unkeyed) % len(led)])

    def _put(self, partition: Partition, record: NewRecord, append: _Append, number: int) -> None:
        batches = self._gathering[partition]
        if batches and batches[-1].take(record, append, number):
            return
        due = self._loop.time() + self._linger_seconds
        batches.append(_Batch(partition, self._client.create_batch(), due))
        batches[-1].take(record, append, number)  # into an empty one goes whatever there is
        late = self._loop.call_later(self._limit_seconds, batches[-1].failed, TimeoutError())
        batches[-1].limit = late
        self._plan()

    def _plan(self) -> None:
        """Wake up when the first of those that may go has waited long enough."""
        if self._timer is not None:
            self._timer.cancel()
        may_go = [each for each in self._gathering if each not in self._in_flight]
        due = min((self._due(each) for each in may_go), default=None)
        self._timer = None if due is None else self._loop.call_at(due, self._send_next)

    def _due(self, partition: Partition) -> float:
        """At once if it is full: another one gathers behind it."""
        batches = self._gathering[partition]
        return batches[0].due if len(batches) == 1 else 0.0

    def _send_next(self) -> None:
        """One batch of each partition: a request goes anyhow, and those not yet due go with it."""
        may_go = [each for each in self._gathering if each not in self._in_flight]
        self._send([self._gathering[each].popleft() for each in may_go])
        for each in may_go:
            if not self._gathering[each]:
                del self._gathering[each]
        self._timer = None

    def _send(self, batches: Sequence[_Batch]) -> None:
        self._in_flight.update(batch.partition for batch in batches)
        sending = self._loop.create_task(self._deliver(batches))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _deliver(self, batches: Sequence[_Batch]) -> None:
        for batch in batches:
            batch.builder.close()
            wire, number = self._topic_prefix + batch.partition.topic, batch.partition.number
            try:
                answer = await self._client.send_batch(batch.builder, wire, partition=number)
            except Exception as error:  # noqa: BLE001 - every append that waits sees it
                self._failed(batch, error)
            else:
                answer.add_done_callback(partial(self._answered, batch))

    def _answered(self, batch: _Batch, answer: "asyncio.Future[Any]") -> None:
        error = answer.exception()
        if error is not None:
            self._failed(batch, error)
        else:
            batch.stored(answer.result().offset)
            self._let_go(batch)

    def _failed(self, batch: _Batch, error: BaseException) -> None:
        batch.failed(error)
        self._let_go(batch)

    def _let_go(self, batch: _Batch) -> None:
        self._in_flight.discard(batch.partition)
        if batch.limit is not None:  # or it would keep what was answered for as long
            batch.limit.cancel()
        self._plan()


def _meaning(error: BaseException, topic: str) -> BaseException:
    if isinstance(error, CLOSED):
        return TopicClosed(topic, type(error).__name__)
    if isinstance(error, _REFUSED):
        return Rejected(f"Kafka refuses the record: {type(error).__name__}")
    return error
