"""What the tests on a real broker are made of; whatever a test starts is stopped with it."""

import asyncio
import itertools
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from responder.adapters.kafka.log import KafkaLog
from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.topics import KafkaTopics, TopicSpec
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.adapters.system import SystemClock
from responder.stream.log import LogWriter, NewRecord, Unknown, Unreachable
from responder.testing.contracts.log_bench import until
from responder.testing.contracts.log_harness import LocalMember

NAMES = itertools.count(1)
LONG_SECONDS = 60.0
QUICK: Mapping[str, Any] = {
    "session_timeout_ms": 3_000,
    "heartbeat_interval_ms": 300,
    "append_timeout_ms": 2_000,
    "commit_timeout_ms": 1_000,
    "connect_timeout_ms": 5_000,
    "close_timeout_ms": 2_000,
}


AnyMember = TypeVar("AnyMember", bound=LocalMember)


class Kit:
    """Topics, groups and clients of one test. `options` has prefixes that no other test has."""

    def __init__(self, bootstrap_servers: str, *, replication: int = 1) -> None:
        prefix = f"test-{os.getpid()}-{next(NAMES)}."
        self.options = KafkaOptions(
            bootstrap_servers=bootstrap_servers, topic_prefix=prefix, group_prefix=prefix, **QUICK
        )
        self._replication = replication
        self._writers: list[KafkaLogWriter] = []
        self._members: list[LocalMember] = []

    async def topic(self, partitions: int = 1) -> str:
        spec = TopicSpec(
            name=f"topic-{next(NAMES)}",
            partitions=partitions,
            replication=self._replication,
            min_insync=max(1, self._replication - 1),
        )
        await KafkaTopics(self.options).apply([spec])
        for broker in self.options.bootstrap_servers.split(","):
            await self._known_to(broker, spec.name)
        return spec.name

    async def _known_to(self, broker: str, topic: str) -> None:
        """The controller makes a topic; each broker learns of it a moment later."""
        topics = KafkaTopics(replace(self.options, bootstrap_servers=broker))
        async with asyncio.timeout(LONG_SECONDS):
            while True:
                if not await topics.missing([topic]):
                    return
                await asyncio.sleep(0.05)

    def writer(
        self, options: KafkaOptions | None = None, *, fail_fast: bool = False
    ) -> KafkaLogWriter:
        self._writers.append(KafkaLogWriter(options or self.options, fail_fast=fail_fast))
        return self._writers[-1]

    def log(self, options: KafkaOptions | None = None) -> KafkaLog:
        return KafkaLog(options or self.options, clock=SystemClock())

    async def member(self, topic: str, *, options: KafkaOptions | None = None) -> LocalMember:
        return await self.join(LocalMember(self.log(options)), topic)

    async def join(self, member: AnyMember, topic: str) -> AnyMember:
        self._members.append(member)
        await member.start(topic, "group")
        return member

    async def close(self) -> None:
        for member in self._members:
            await member.stop()
        for writer in self._writers:
            await writer.stop()


async def owns(member: LocalMember, count: int) -> None:
    await until(
        lambda: len(member.owned) == count, within=LONG_SECONDS, what=f"{count} partitions owned"
    )


def partitions(member: LocalMember) -> set[int]:
    return {a.partition.number for a in member.owned}


async def has(member: LocalMember, *values: bytes) -> None:
    await until(
        lambda: set(values) <= set(member.values), within=LONG_SECONDS, what=f"{len(values)} values"
    )


async def append_at_last(writer: LogWriter, record: NewRecord) -> None:
    """Append until acknowledged, as the outbox does."""
    async with asyncio.timeout(LONG_SECONDS):
        while True:
            try:
                await writer.append([record])
            except (Unknown, Unreachable):
                await asyncio.sleep(0.05)
            else:
                return
