"""Records that only somebody else's producer writes, and members that share a process."""

from contextlib import suppress

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from responder.stream.log import NewRecord
from responder.testing.contracts.log_bench import until
from tests.integration.kafka.kit import LONG_SECONDS, Kit, has, partitions

pytestmark = pytest.mark.kafka


async def test_a_tombstone_of_another_producer_is_an_empty_value(kit: Kit) -> None:
    topic = await kit.topic()
    async with AIOKafkaProducer(bootstrap_servers=kit.options.bootstrap_servers) as producer:
        await producer.send_and_wait(
            kit.options.topic_prefix + topic, key=b"k", value=None, headers=[("gone", None)]
        )
    member = await kit.member(topic)
    await has(member, b"")
    ((_, record),) = member.delivered
    assert (record.key, record.value, record.headers) == (b"k", b"", (("gone", b""),))


async def test_what_another_producer_took_back_is_not_delivered(kit: Kit) -> None:
    topic = await kit.topic()
    wire = kit.options.topic_prefix + topic
    async with AIOKafkaProducer(
        bootstrap_servers=kit.options.bootstrap_servers, transactional_id=wire
    ) as producer:
        with suppress(ZeroDivisionError):
            async with producer.transaction():
                await producer.send_and_wait(wire, b"taken back")
                raise ZeroDivisionError
        async with producer.transaction():
            await producer.send_and_wait(wire, b"meant")
    member = await kit.member(topic)
    await has(member, b"meant")
    assert member.values == [b"meant"]


async def test_a_member_keeps_what_it_can_when_another_one_joins(kit: Kit) -> None:
    """The client's sticky assignor remembers per process, unless each consumer has its own."""
    topic = await kit.topic(6)
    first, second = await kit.member(topic), await kit.member(topic)
    await until(
        lambda: len(first.owned) == len(second.owned) == 3, within=LONG_SECONDS, what="three each"
    )
    before = partitions(first), partitions(second)
    third = await kit.member(topic)
    await until(
        lambda: {len(m.owned) for m in (first, second, third)} == {2},
        within=LONG_SECONDS,
        what="two each",
    )
    assert partitions(first) <= before[0]
    assert partitions(second) <= before[1]


async def test_names_are_prefixed_on_the_wire_and_nowhere_else(kit: Kit) -> None:
    topic = await kit.topic()
    (position,) = await kit.writer().append([NewRecord(topic, b"k", b"v")])
    member = await kit.member(topic)
    await has(member, b"v")
    ((assignment, record),) = member.delivered
    assert {position.partition, assignment.partition, record.partition} == {position.partition}
    assert position.partition.topic == topic
