from collections.abc import AsyncIterator

import pytest

from responder.testing.kafka import ExternalKafka, KafkaCluster
from tests.integration.kafka.kit import Kit


@pytest.fixture
async def kit(kafka: KafkaCluster | ExternalKafka) -> AsyncIterator[Kit]:
    kit = Kit(kafka.bootstrap_servers)
    yield kit
    await kit.close()


@pytest.fixture
def own_kafka(kafka: KafkaCluster | ExternalKafka) -> KafkaCluster:
    """The same broker, to be killed and damaged."""
    if not isinstance(kafka, KafkaCluster):
        pytest.skip("somebody else runs this broker")
    return kafka
