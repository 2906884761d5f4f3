import itertools
import os
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from responder.adapters.kafka.log import KafkaLog
from responder.adapters.kafka.options import KafkaOptions, KafkaSecurity
from responder.adapters.kafka.topics import KafkaTopics, TopicSpec
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.adapters.system import SystemClock
from responder.stream.log import Log, LogWriter, Partition
from responder.testing.contracts.log import LogContract
from responder.testing.contracts.log_harness import (
    AppendingProcess,
    Limits,
    LogHarness,
    Member,
    Power,
)
from responder.testing.contracts.log_process import start_member, start_writer
from responder.testing.kafka import USER, ExternalKafka, KafkaCluster

pytestmark = [
    pytest.mark.kafka,
    # Brokers are killed here. Once the socket of a connection was left to the garbage collector,
    # which closed it; who had left it is not known. What these tests are about does not depend on it.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

TOPICS = itertools.count(1)
QUICK: Mapping[str, Any] = {
    "session_timeout_ms": 3_000,
    "heartbeat_interval_ms": 300,
    "max_poll_interval_ms": 2_000,
    "append_timeout_ms": 2_000,
    "commit_timeout_ms": 1_000,
    "connect_timeout_ms": 5_000,
    "close_timeout_ms": 2_000,
    "pause_after_ms": 500,
}
POWERS = (
    Power.STOP_SERVER,
    Power.KILL_SERVER,
    Power.PAUSE_SERVER,
    Power.CORRUPT,
    Power.WRONG_CREDENTIALS,
)
NOT_OURS = "somebody else runs this broker"


class KafkaHarness:
    limits = Limits(
        session=3, poll_limit=2, pause_after=0.5, append=2, commit=1, start=5, stop=4, slack=40
    )
    max_record_bytes = 1_048_576

    def __init__(self, kafka: KafkaCluster | ExternalKafka) -> None:
        self._kafka = kafka
        self._arguments = {
            "bootstrap_servers": kafka.bootstrap_servers,
            "topic_prefix": "contract.",
            "group_prefix": f"run-{os.getpid()}-{next(TOPICS)}.",
            **QUICK,
        }
        self._options = KafkaOptions(**self._arguments)
        is_ours = isinstance(kafka, KafkaCluster)
        self.cannot: Mapping[Power, str] = {} if is_ours else dict.fromkeys(POWERS, NOT_OURS)

    async def topic(self, partitions: int) -> str:
        name = f"{os.getpid()}-{next(TOPICS)}"
        spec = TopicSpec(name=name, partitions=partitions, replication=1, min_insync=1)
        await KafkaTopics(self._options).apply([spec])
        return name

    def log(self) -> Log:
        return KafkaLog(self._options, clock=SystemClock())

    async def writer(self) -> LogWriter:
        writer = KafkaLogWriter(self._options)
        await writer.start()
        return writer

    async def outsider(self, topic: str, group: str) -> Member:
        recipe = "responder.testing.kafka_members:consumer"
        return await start_member(recipe, self._arguments, topic, group)

    async def outside_writer(self, topic: str) -> AppendingProcess:
        recipe = "responder.testing.kafka_members:writer"
        return await start_writer(recipe, self._arguments, topic)

    def stranger(self) -> Log:
        security = KafkaSecurity(
            protocol="SASL_SSL",
            sasl_username=USER,
            sasl_password="not the right one",  # noqa: S106 - that is the point
            ca_file=self._cluster.ca_file,
        )
        servers = self._cluster.secure_servers
        options = replace(self._options, bootstrap_servers=servers, security=security)
        return KafkaLog(options, clock=SystemClock())

    async def stop_server(self) -> None:
        self._cluster.kill()

    async def start_server(self) -> None:
        self._cluster.launch()
        await self._cluster.ready()

    async def kill_server(self) -> None:
        self._cluster.kill()

    async def pause_server(self) -> None:
        self._cluster.freeze()

    async def resume_server(self) -> None:
        self._cluster.thaw()

    async def corrupt(self, partition: Partition, offset: int) -> None:
        """Flip a bit in the last byte of the batch: the broker serves it as it is."""
        segment = self._cluster.segment(
            self._options.topic_prefix + partition.topic, partition.number
        )
        with segment.open("r+b") as file:
            start, size = _batch(file.read(), offset)
            file.seek(start + size - 1)
            (last,) = file.read(1)
            file.seek(start + size - 1)
            file.write(bytes([last ^ 1]))

    @property
    def _cluster(self) -> KafkaCluster:
        assert isinstance(self._kafka, KafkaCluster), NOT_OURS
        return self._kafka


def _batch(segment: bytes, offset: int) -> tuple[int, int]:
    """Where the batch with this base offset lies, and its size: each starts with both.

    Source: kafka.apache.org, Record Batch: baseOffset int64, batchLength int32 (of what follows).
    """
    start = 0
    while True:
        base, length = struct.unpack_from(">qi", segment, start)
        if base == offset:
            return start, 12 + length
        start += 12 + length


class TestKafkaLog(LogContract):
    @pytest.fixture
    @override
    def harness(self, kafka: KafkaCluster | ExternalKafka) -> LogHarness:
        return KafkaHarness(kafka)
