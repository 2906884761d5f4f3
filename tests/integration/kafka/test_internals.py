"""What is done by the client's private names, on real connections."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.client import ConnectionGroup  # type: ignore[import-untyped]

from responder.adapters.kafka.internals import close_producer
from tests.integration.kafka.kit import Kit

pytestmark = pytest.mark.kafka


async def test_a_connection_that_is_being_made_while_its_client_closes_is_closed_too(
    kit: Kit,
) -> None:
    """A batch that is being sent may connect after the closing (trap 22)."""
    producer = AIOKafkaProducer(**kit.options.producer_arguments())
    await producer.start()
    (broker,) = producer.client.cluster.brokers()
    async with producer.client._get_conn_lock:  # somebody else connects just now
        connecting = asyncio.create_task(
            producer.client._get_conn(broker.nodeId, group=ConnectionGroup.COORDINATION)
        )
        await close_producer(producer, 1)
    connection = await connecting
    assert connection is None or not connection.connected()
