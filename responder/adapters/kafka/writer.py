"""The log port's writer on Apache Kafka: acknowledged means that all in-sync replicas have it."""

import asyncio
from collections.abc import Sequence

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]
from aiokafka.record.default_records import (  # type: ignore[import-untyped]
    DefaultRecordBatchBuilder,
)

from responder.adapters.kafka.batches import CLOSED
from responder.adapters.kafka.connection import reason
from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.producers import Producer, Producers
from responder.stream.log import NewRecord, Position, Rejected, TopicClosed, Unknown, Unreachable

NEW_TOPIC_TRIES = 3
NEW_TOPIC_SECONDS = 0.1
"""A topic that was made a moment ago is not known to every broker at once."""


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
        if not records:
            return []
        size = sum([self._size(record) for record in records])
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
        is_sent = False
        try:
            producer = await self._producer(self._limit)
            with self._producers.lent(producer):
                await self._learn(producer, {record.topic for record in records})
                answer = producer.batches.append(records)
                is_sent = True
                return await answer
        except (kafka.KafkaError, OSError, TimeoutError) as e:
            if is_sent:
                raise Unknown(f"Kafka {reason(e)}; the record may be there") from e
            raise Unreachable(f"Kafka {reason(e)}") from e

    async def _learn(self, producer: Producer, topics: set[str]) -> None:
        """See that the topics exist: aiokafka would create them, or wait for 40 s."""
        for topic in topics:
            wire = self._options.topic_prefix + topic
            if not producer.knows(wire):
                async with asyncio.timeout(self._limit):
                    await self._find(producer, topic, wire)
                    await producer.client.partitions_for(wire)
                producer.asked_for.add(wire)

    @staticmethod
    async def _find(producer: Producer, topic: str, wire: str) -> None:
        client = producer.client.client
        question = MetadataRequest([wire], allow_auto_topic_creation=False)
        error: type[Exception] = kafka.NoError
        for _ in range(NEW_TOPIC_TRIES):
            answer = await client.send(client.get_random_node(), question)
            error = kafka.for_code(answer.to_object()["topics"][0]["error_code"])
            if error is not kafka.UnknownTopicOrPartitionError:
                break
            await asyncio.sleep(NEW_TOPIC_SECONDS)
        if issubclass(error, CLOSED):
            raise TopicClosed(topic, error.__name__)
