"""The topics as they must be: what is missing is created, what differs is told to a person.

Only creation is automatic. More partitions would send a thread's next comment to another partition
than its last one, and a changed configuration may be an administrator's intention.
"""

import asyncio
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)

from responder.adapters.kafka.connection import describe, reason
from responder.adapters.kafka.options import KafkaOptions
from responder.engagement.errors import Misconfigured
from responder.stream.log import Unreachable

HEARD_OF_TRIES = 50
HEARD_OF_SECONDS = 0.1
"""A topic that was made a moment ago is not known to every broker at once."""


@dataclass(eq=False, kw_only=True)
class TopicRefused(Misconfigured):
    """Kafka does not create the topic {topic}: {why}"""  # noqa: D415 - the reason ends the sentence

    topic: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """One topic as we need it. `name` is ours, without the prefix."""

    name: str
    partitions: int = 12
    replication: int = 3
    min_insync: int = 2
    retention: timedelta = timedelta(days=7)
    flush_every_record: bool = False
    """For one broker, or several on one power supply: Kafka acknowledges before it has written to
    disk, and relies on the replicas."""

    @property
    def configuration(self) -> Mapping[str, str]:
        """Kafka's topic configuration (kafka.apache.org, Topic Configs)."""
        return {
            "cleanup.policy": "delete",
            "message.timestamp.type": "LogAppendTime",  # the broker's clock, not a producer's
            "min.insync.replicas": str(self.min_insync),
            "retention.ms": str(int(self.retention / timedelta(milliseconds=1))),
            "unclean.leader.election.enable": "false",
        } | ({"flush.messages": "1"} if self.flush_every_record else {})


@dataclass(frozen=True, slots=True)
class MissingTopic:
    """A topic that `apply` creates, or an administrator by `command`."""

    topic: str
    spec: TopicSpec

    @property
    def command(self) -> str:
        options = [f"--config {name}={value}" for name, value in self.spec.configuration.items()]
        return (
            f"kafka-topics.sh --create --topic {shlex.quote(self.topic)}"
            f" --partitions {self.spec.partitions} --replication-factor {self.spec.replication} "
        ) + " ".join(options)


@dataclass(frozen=True, slots=True)
class DifferentTopic:
    """A topic that is not as we need it; only an administrator changes it."""

    topic: str
    what: str
    is_: str
    should_be: str


TopicChange = MissingTopic | DifferentTopic


class KafkaTopics:
    """Compares the topics of a cluster with what we need, and creates those that are missing."""

    def __init__(self, options: KafkaOptions) -> None:
        self._options = options

    async def plan(self, specs: Collection[TopicSpec]) -> Sequence[TopicChange]:
        """What is missing or different; changes nothing.

        Raises:
            Unreachable: Kafka cannot be asked.
        """
        wanted = {self._options.topic_prefix + spec.name: spec for spec in specs}
        described = await describe(self._options, [spec.name for spec in specs])
        changes: list[TopicChange] = []
        present: list[Mapping[str, Any]] = []
        for topic in described:
            if _is_missing(topic):
                changes.append(MissingTopic(topic["topic"], wanted[topic["topic"]]))
            else:
                present.append(topic)
                changes += _differences_of_shape(topic, wanted[topic["topic"]])
        for name, configuration in (await self._configurations(present)).items():
            changes += _differences_of_configuration(name, configuration, wanted[name])
        return changes

    async def missing(self, topics: Collection[str]) -> Sequence[str]:
        """Which of these (by our names) do not exist, by the names that Kafka has for them.

        Raises:
            Unreachable: Kafka cannot be asked.
        """
        described = await describe(self._options, topics)
        return [topic["topic"] for topic in described if _is_missing(topic)]

    async def apply(self, specs: Collection[TopicSpec]) -> Sequence[DifferentTopic]:
        """Create what is missing; safe to run twice and by two at once.

        Returns:
            What differs, and stays as it is.

        Raises:
            Unreachable: Kafka cannot be asked.
            TopicRefused: it refuses one, for instance for want of brokers or of rights.
        """
        plan = await self.plan(specs)
        missing = [change for change in plan if isinstance(change, MissingTopic)]
        was_there = await self._create(missing) if missing else ()
        if was_there:
            plan = await self._once_known(specs, was_there)
        return [change for change in plan if isinstance(change, DifferentTopic)]

    async def _once_known(
        self, specs: Collection[TopicSpec], topics: Collection[str]
    ) -> Sequence[TopicChange]:
        """The plan, once the broker that is asked has heard of topics that another one knows."""
        plan = await self.plan(specs)
        for _ in range(HEARD_OF_TRIES):
            missing = {change.topic for change in plan if isinstance(change, MissingTopic)}
            if not missing.intersection(topics):
                break
            await asyncio.sleep(HEARD_OF_SECONDS)
            plan = await self.plan(specs)
        return plan

    async def _create(self, missing: Sequence[MissingTopic]) -> Collection[str]:
        """Gives those that were there after all: made a moment ago, perhaps by somebody else."""
        topics = [
            NewTopic(
                name=change.topic,
                num_partitions=change.spec.partitions,
                replication_factor=change.spec.replication,
                topic_configs=change.spec.configuration,
            )
            for change in missing
        ]
        async with _Admin(self._options) as admin:
            answer = await admin.create_topics(topics)
        was_there = []
        for topic, code, why in (error[:3] for error in answer.topic_errors):
            if not code:
                continue
            if kafka.for_code(code) is not kafka.TopicAlreadyExistsError:
                raise TopicRefused(topic=topic, why=why or kafka.for_code(code).__name__)
            was_there.append(topic)
        return was_there

    async def _configurations(
        self, topics: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Mapping[str, str]]:
        if not topics:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic["topic"]) for topic in topics]
        async with _Admin(self._options) as admin:
            answers = await admin.describe_configs(resources)
        return {
            resource["resource_name"]: {
                entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]
            }
            for answer in answers
            for resource in answer.to_object()["resources"]
            if not resource["error_code"]
        }


class _Admin:
    """aiokafka's admin client, with its errors translated."""

    def __init__(self, options: KafkaOptions) -> None:
        self._client = AIOKafkaAdminClient(**options.client_arguments())

    async def __aenter__(self) -> AIOKafkaAdminClient:
        await self._client.start()
        return self._client

    async def __aexit__(self, kind: object, error: BaseException | None, at: object) -> None:
        await self._client.close()
        if isinstance(error, kafka.KafkaError | OSError | TimeoutError):
            raise Unreachable(f"Kafka {reason(error)}") from error


def _is_missing(topic: Mapping[str, Any]) -> bool:
    return kafka.for_code(topic["error_code"]) is kafka.UnknownTopicOrPartitionError


def _differences_of_shape(topic: Mapping[str, Any], spec: TopicSpec) -> Sequence[DifferentTopic]:
    partitions = topic["partitions"]
    replication = min((len(p["replicas"]) for p in partitions), default=0)
    shape = {
        "partitions": (len(partitions), spec.partitions),
        "replication factor": (replication, spec.replication),
    }
    return [
        DifferentTopic(topic["topic"], what, str(is_), str(should_be))
        for what, (is_, should_be) in shape.items()
        if is_ != should_be
    ]


def _differences_of_configuration(
    name: str, configuration: Mapping[str, str], spec: TopicSpec
) -> Sequence[DifferentTopic]:
    return [
        DifferentTopic(name, what, configuration[what], should_be)
        for what, should_be in spec.configuration.items()
        if what in configuration and configuration[what] != should_be
    ]
