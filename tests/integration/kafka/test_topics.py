from dataclasses import replace
from datetime import timedelta

import pytest

from responder.adapters.kafka.topics import (
    DifferentTopic,
    KafkaTopics,
    MissingTopic,
    TopicRefused,
    TopicSpec,
)
from tests.integration.kafka.kit import Kit

pytestmark = pytest.mark.kafka

SPEC = TopicSpec(name="engagement.received", partitions=3, replication=1, min_insync=1)


async def test_a_missing_topic_is_planned_with_the_command_for_an_administrator(kit: Kit) -> None:
    (change,) = await KafkaTopics(kit.options).plan([SPEC])
    assert isinstance(change, MissingTopic)
    assert change.command == (
        f"kafka-topics.sh --create --topic {kit.options.topic_prefix}engagement.received"
        " --partitions 3 --replication-factor 1 --config cleanup.policy=delete"
        " --config message.timestamp.type=LogAppendTime --config min.insync.replicas=1"
        " --config retention.ms=604800000 --config unclean.leader.election.enable=false"
    )


async def test_planning_creates_nothing(kit: Kit) -> None:
    topics = KafkaTopics(kit.options)
    await topics.plan([SPEC])
    assert [type(change) for change in await topics.plan([SPEC])] == [MissingTopic]


async def test_what_was_applied_leaves_nothing_to_plan_and_may_be_applied_again(kit: Kit) -> None:
    topics = KafkaTopics(kit.options)
    durable = replace(SPEC, flush_every_record=True)
    assert await topics.apply([durable]) == []
    assert await topics.apply([durable]) == []
    assert await topics.plan([durable]) == []


async def test_a_topic_that_differs_is_told_and_left_alone(kit: Kit) -> None:
    """More partitions would split threads; a configuration may be an administrator's intention."""
    topics = KafkaTopics(kit.options)
    await topics.apply([SPEC])
    other = replace(SPEC, partitions=12, retention=timedelta(days=30))
    name = kit.options.topic_prefix + SPEC.name
    differences = [
        DifferentTopic(name, "partitions", "3", "12"),
        DifferentTopic(name, "retention.ms", "604800000", "2592000000"),
    ]
    assert await topics.apply([other]) == differences
    assert await topics.plan([other]) == differences


async def test_more_replicas_than_brokers_are_refused_with_kafkas_reason(kit: Kit) -> None:
    with pytest.raises(TopicRefused, match=r"engagement\.received.*eplication"):
        await KafkaTopics(kit.options).apply([replace(SPEC, replication=3)])
