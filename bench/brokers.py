"""A real Apache Kafka, what is put into it, and what it says was committed."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic_ns, time_ns
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from bench.trace import Commit
from bench.workload import Work
from responder.settings.environment import environment
from responder.testing.kafka import JAVA as STARTS_FASTEST
from responder.testing.kafka import KafkaCluster, fetch_jars, running_kafka

POM = Path(__file__).parents[1] / "tests" / "brokers" / "pom.xml"
JAVA = (
    *("java", "-server", "-Xms1G", "-Xmx1G", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
    *("-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent"),
    "-Djava.awt.headless=true",
)
"""As Kafka's own `kafka-server-start.sh` and `kafka-run-class.sh` run a broker, by default."""
OFFSETS_TOPIC = "__consumer_offsets"
READ_SECONDS = 10.0


def cache() -> Path:
    """Where jars are kept between runs."""
    said = environment()
    return Path(said.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "responder"


class Broker:
    """Topics, records and commits of one broker."""

    def __init__(self, bootstrap_servers: str, admin: AIOKafkaAdminClient) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._admin = admin

    async def create(self, topic: str, partitions: int) -> None:
        await self._admin.create_topics([NewTopic(topic, partitions, 1)])
        # The answer comes before the broker leads the partitions; a batch refused for that reason
        # would be sent again, but its sender is never told.
        async with self._reader() as consumer, asyncio.timeout(READ_SECONDS):
            await consumer.end_offsets([TopicPartition(topic, n) for n in range(partitions)])

    async def fill(self, topic: str, work: Work) -> None:
        """Put every record of the workload into a new topic."""
        await self.create(topic, work.partitions)
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap_servers, enable_idempotence=True, acks="all"
        )
        await producer.start()
        try:
            await asyncio.gather(
                *(
                    _fill(producer, topic, number, work, records)
                    for number, records in enumerate(work.by_partition)
                )
            )
        finally:
            await producer.stop()

    async def feed(self, topic: str, work: Work, every: float) -> list[int]:
        """Append one record `every` so many seconds; gives when each was due, in nanoseconds.

        A record that could not go out when it was due goes out late; nobody waits for that.
        """
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap_servers, acks="all")
        await producer.start()
        try:
            first, began = time_ns(), monotonic_ns()
            due = [int(record * every * 1e9) for record in range(len(work))]
            sent = []
            for record, at in enumerate(due):
                await asyncio.sleep((began + at - monotonic_ns()) / 1e9)
                key, value = work.key(record), work.value(record)
                sent.append(
                    await producer.send(topic, value, key, partition=work.partition(record))
                )
            await asyncio.gather(*sent)
        finally:
            await producer.stop()
        return [first + at for at in due]

    async def is_steady(self, group: str) -> bool:
        """Whether all members of the group have joined."""
        [answer] = await self._admin.describe_consumer_groups([group])
        return all(state == "Stable" for _, _, state, *_ in answer.groups)

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        """The commit point of each partition that has one; nothing while the group cannot be asked."""
        try:
            found = await self._admin.list_consumer_group_offsets(group)
        except kafka.KafkaError:
            return {}
        return {tp.partition: at.offset for tp, at in found.items() if tp.topic == topic}

    async def commits(self, group: str, topic: str) -> list[Commit]:
        """Every commit of this group, as the broker keeps it in its own log."""
        commits: list[Commit] = []
        async for record in self._records(OFFSETS_TOPIC):
            commits += _commit(record, group, topic)
        return commits

    async def values(self, topic: str) -> list[bytes]:
        """Every record's, as the broker has them now."""
        return [record.value async for record in self._records(topic)]

    async def behind(self, prefix: str) -> list[str]:
        """Which groups with such a name have not committed all that is in their topics.

        Raises:
            LookupError: there is none: who asks means another broker, or another name.
        """
        names = [name for name, *_ in await self._admin.list_consumer_groups()]
        groups: dict[str, dict[TopicPartition, int]] = {}
        for name in names:
            if name.startswith(prefix):
                commits = await self._admin.list_consumer_group_offsets(name)
                groups[name] = {at: commit.offset for at, commit in commits.items()}
        if not groups:
            raise LookupError(f"no group begins with {prefix}")
        ends = await self._ends({at.topic for points in groups.values() for at in points})
        return [name for name, points in groups.items() if is_behind(points, ends)]

    async def _ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """How many records each partition has had."""
        numbers = [number for topic in topics for number in await self._partitions(topic)]
        async with self._reader() as consumer:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(numbers)
        return ends

    async def _partitions(self, topic: str) -> list[TopicPartition]:
        [described] = await self._admin.describe_topics([topic])
        return [TopicPartition(topic, p["partition"]) for p in described["partitions"]]

    async def _records(self, topic: str) -> AsyncIterator[Any]:
        """All that are there when it begins, one partition after the other."""
        numbers = await self._partitions(topic)
        async with self._reader() as consumer:
            consumer.assign(numbers)
            await consumer.seek_to_beginning(*numbers)
            for partition, end in (await consumer.end_offsets(numbers)).items():
                while await consumer.position(partition) < end:
                    batch = await consumer.getmany(partition, timeout_ms=100)
                    for record in batch.get(partition, []):
                        yield record

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap_servers)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()


@asynccontextmanager
async def running_cluster(*, is_measured: bool = True) -> AsyncIterator[KafkaCluster]:
    """One broker of our own without anything in it, for as long as the context lasts.

    Args:
        is_measured: False for one that is there sooner and does less.
    """
    jars = await asyncio.to_thread(fetch_jars, POM, cache())
    with running_kafka(jars, java=JAVA if is_measured else STARTS_FASTEST) as cluster:
        yield cluster


@asynccontextmanager
async def asked(cluster: KafkaCluster) -> AsyncIterator[Broker]:
    """What can be asked of it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
    await admin.start()
    try:
        yield Broker(cluster.bootstrap_servers, admin)
    finally:
        await admin.close()


def is_behind(commits: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> bool:
    """Whether a group has not committed all that is in the topics of which it has committed some."""
    topics = {at.topic for at in commits}
    return any(end > commits.get(at, 0) for at, end in ends.items() if at.topic in topics)


async def _fill(
    producer: AIOKafkaProducer, topic: str, number: int, work: Work, records: Sequence[int]
) -> None:
    batch = producer.create_batch()
    sent = []
    for record in records:
        key, value = work.key(record), work.value(record)
        if batch.append(key=key, value=value, timestamp=None) is None:
            sent.append(await producer.send_batch(batch, topic, partition=number))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    sent.append(await producer.send_batch(batch, topic, partition=number))
    await asyncio.gather(*sent)


_SHORT = struct.Struct(">h")
_INT = struct.Struct(">i")
_LONG = struct.Struct(">q")
_COMMIT_KEYS = (0, 1)


def _commit(record: Any, group: str, topic: str) -> list[Commit]:
    """The commit in a record of the broker's own topic; none in one of another kind or group.

    Source: Apache Kafka, `OffsetCommitKey.json` and `OffsetCommitValue.json`. In the key stand the
    version (0 and 1 are commits), group, topic and partition; the value begins with its version and
    the offset.
    """
    if not record.value or _SHORT.unpack_from(record.key)[0] not in _COMMIT_KEYS:
        return []
    of_group, at = _text(record.key, _SHORT.size)
    of_topic, at = _text(record.key, at)
    if (of_group, of_topic) != (group, topic):
        return []
    partition = _INT.unpack_from(record.key, at)[0]
    return [Commit(partition, _LONG.unpack_from(record.value, _SHORT.size)[0], record.timestamp)]


def _text(raw: bytes, at: int) -> tuple[str, int]:
    size = _SHORT.unpack_from(raw, at)[0]
    start = at + _SHORT.size
    return raw[start : start + size].decode(), start + size
