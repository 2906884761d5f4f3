"""What one broker cannot show: an acknowledged record outlives the loss of any one of three."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.stream.log import NewRecord
from responder.testing.kafka import KafkaCluster, running_kafka
from tests.integration.kafka.kit import Kit, append_at_last, has

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def three_brokers(kafka_jars: Path) -> Iterator[KafkaCluster]:
    with running_kafka(kafka_jars, nodes=3) as cluster:
        yield cluster


async def test_brokers_killed_one_after_the_other_lose_nothing_that_was_acknowledged(
    three_brokers: KafkaCluster,
) -> None:
    kit = Kit(three_brokers.bootstrap_servers, replication=3)
    try:
        topic = await kit.topic(6)
        member, writer = await kit.member(topic), kit.writer()
        acknowledged: list[bytes] = []

        async def write() -> None:
            while True:
                value = b"%d" % len(acknowledged)
                await append_at_last(writer, NewRecord(topic, value, value))
                acknowledged.append(value)

        writing = asyncio.create_task(write())
        for node in range(3):
            three_brokers.kill(node)
            before = len(acknowledged)
            await has(member, b"%d" % (before + 50))  # it goes on with two
            three_brokers.launch(node)
            await three_brokers.ready()
        writing.cancel()
        await asyncio.wait({writing})
        await has(member, *acknowledged)
    finally:
        await kit.close()
