"""The log port's writer on Apache Kafka: acknowledged means that all in-sync replicas have it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]
from aiokafka.record.default_records import (  # type: ignore[import-untyped]
    DefaultRecordBatchBuilder,
)

from responder.adapters.kafka.connection import reason
from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.producers import Producer, Producers
from responder.stream.log import (
    NewRecord,
    Partition,
    Position,
    Rejected,
    TopicClosed,
    Unknown,
    Unreachable,
)

NEW_TOPIC_TRIES = 3
NEW_TOPIC_SECONDS = 0.1
"""A topic that was made a moment ago is not known to every broker at once."""

_REFUSED = (
    kafka.InvalidTimestampError,
    kafka.MessageSizeTooLargeError,
    kafka.PolicyViolationError,
    kafka.RecordListTooLargeError,
)
_CLOSED = (
    kafka.InvalidTopicError,
    kafka.TopicAuthorizationFailedError,
    kafka.UnknownTopicOrPartitionError,
)


class KafkaLogWriter:
    """Appends through a producer that is replaced when in doubt.

    Args:
        options: `append_timeout_ms` is the limit of one append; the gateway wants it below its own
            limit for a request.
        fail_fast: for the gateway. While Kafka is known to be away refuse at once, instead of
            waiting for it, so that pushes do not pile up.
    """

    def __init__(self, options: KafkaOptions, *, fail_fast: bool = False) -> None:
        self._options = options
        self._limit = options.append_timeout_ms / 1000
        self._producers = Producers(options)
        self._producer = self._producers.try_first if fail_fast else self._producers.wait
        self._queued_bytes = 0

    async def start(self) -> None:
        """Connect; without success it goes on trying in the background.

        Raises:
            Unreachable: not connected within the limit of an append. A caller that can do without
                the log for a while may go on.
        """
        await self._producers.wait(self._limit)

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        size = sum(self._size(record) for record in records)
        if self._queued_bytes + size > self._options.queued_bytes:
            raise Unreachable(f"{self._queued_bytes} bytes already wait for Kafka's answer")
        self._queued_bytes += size
        try:
            return await self._append(records)
        finally:
            self._queued_bytes -= size

    async def stop(self) -> None:
        await self._producers.stop()

    def _size(self, record: NewRecord) -> int:
        size: int = DefaultRecordBatchBuilder.estimate_size_in_bytes(
            record.key, record.value, list(record.headers)
        )
        if size > self._options.max_record_bytes:
            raise Rejected(f"{size} bytes are more than a record may have")
        return size

    async def _append(self, records: Sequence[NewRecord]) -> list[Position]:
        sent: list[asyncio.Future[Any]] = []
        try:
            producer = await self._producer(self._limit)
            async with self._producers.lent(producer):
                try:
                    async with asyncio.timeout(self._limit):
                        await self._learn(producer, {self._wire(r.topic) for r in records})
                        await self._send(producer, records, sent)
                except _REFUSED as e:
                    raise Rejected(f"Kafka refuses the record: {type(e).__name__}") from e
        except (kafka.KafkaError, OSError, TimeoutError) as e:
            if sent:
                raise Unknown(f"Kafka {reason(e)}; the record may be there") from e
            raise Unreachable(f"Kafka {reason(e)}") from e
        return [self._position(future.result()) for future in sent]

    async def _learn(self, producer: Producer, topics: set[str]) -> None:
        """See that the topics exist: aiokafka would create them, or wait for 40 s."""
        for topic in topics - producer.known_topics:
            with self._closing(topic):
                await self._find(producer, topic)
            producer.known_topics.add(topic)

    @staticmethod
    async def _find(producer: Producer, topic: str) -> None:
        client = producer.client.client
        question = MetadataRequest([topic], allow_auto_topic_creation=False)
        error: type[Exception] = kafka.NoError
        for _ in range(NEW_TOPIC_TRIES):
            answer = await client.send(client.get_random_node(), question)
            error = kafka.for_code(answer.to_object()["topics"][0]["error_code"])
            if error is not kafka.UnknownTopicOrPartitionError:
                break
            await asyncio.sleep(NEW_TOPIC_SECONDS)
        if issubclass(error, _CLOSED):
            raise error

    async def _send(
        self, producer: Producer, records: Sequence[NewRecord], sent: list[asyncio.Future[Any]]
    ) -> None:
        for record in records:
            future = await producer.client.send(
                self._wire(record.topic),
                value=record.value,
                key=record.key,
                headers=list(record.headers),
            )
            future.add_done_callback(_seen)
            sent.append(future)
        if sent:
            await asyncio.wait(sent)
        for record, future in zip(records, sent, strict=True):
            with self._closing(self._wire(record.topic)):
                future.result()

    @contextmanager
    def _closing(self, wire: str) -> Iterator[None]:
        """An answer that is about this topic, and not about the record, is said to be."""
        try:
            yield
        except _CLOSED as error:
            topic = wire.removeprefix(self._options.topic_prefix)
            raise TopicClosed(topic, type(error).__name__) from error

    def _wire(self, topic: str) -> str:
        return self._options.topic_prefix + topic

    def _position(self, metadata: Any) -> Position:
        topic = metadata.topic.removeprefix(self._options.topic_prefix)
        # A repetition that the broker recognised as one has lost its offset.
        offset = metadata.offset if metadata.offset >= 0 else None
        return Position(Partition(topic, metadata.partition), offset)


def _seen(future: asyncio.Future[Any]) -> None:
    """An error of an append that nobody waits for any more is not to be reported as forgotten."""
    if not future.cancelled():
        future.exception()
