"""Three brokers and a database to be killed; what is told to end cleans up."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.testing.kafka import KafkaCluster, running_kafka


@pytest.fixture(scope="session", autouse=True)
def _ends_as_by_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def brokers(kafka_jars: Path) -> Iterator[KafkaCluster]:
    with running_kafka(kafka_jars, nodes=3) as cluster:
        yield cluster
