"""What goes to the brokers together, beyond the contract of the log port."""

import gc
import weakref

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from responder.adapters.kafka.batches import Batches
from responder.adapters.kafka.internals import close_producer
from responder.stream.log import NewRecord
from tests.integration.kafka.kit import Kit

pytestmark = pytest.mark.kafka
AN_HOUR = 3_600.0


async def test_what_was_answered_is_not_kept_until_its_time_is_over(kit: Kit) -> None:
    topic = await kit.topic()
    producer = AIOKafkaProducer(**kit.options.producer_arguments())
    await producer.start()
    try:
        await producer.client.fetch_all_metadata()
        await producer.partitions_for(kit.options.topic_prefix + topic)
        batches = Batches(
            producer,
            topic_prefix=kit.options.topic_prefix,
            linger_seconds=0.001,
            limit_seconds=AN_HOUR,
        )
        answers = [batches.append([NewRecord(topic, b"k", b"v")])]
        first = weakref.ref(answers[0])
        await answers.pop()
        await batches.append([NewRecord(topic, b"k", b"w")])  # the client holds on to its last one
        gc.collect()
        assert first() is None
    finally:
        await close_producer(producer, 1)
