"""What the gateway and the relay rely on beyond the contract of the log port."""

import asyncio
from dataclasses import replace

import pytest

from responder.stream.log import NewRecord, Unknown, Unreachable
from responder.stream.partitioning import partition_for
from responder.testing.kafka import KafkaCluster
from tests.integration.kafka.kit import Kit, append_at_last

pytestmark = pytest.mark.kafka


async def test_a_key_goes_where_the_embedded_log_would_put_it(kit: Kit) -> None:
    topic = await kit.topic(7)
    keys = [b"", b"k", "site/größe".encode(), b"\x00\xff\x80", *(b"key-%d" % n for n in range(40))]
    positions = await kit.writer().append([NewRecord(topic, key, b"") for key in keys])
    assert [p.partition.number for p in positions] == [partition_for(key, 7) for key in keys]


async def test_the_gateways_writer_refuses_at_once_while_kafka_is_away_and_then_recovers(
    own_kafka: KafkaCluster, kit: Kit
) -> None:
    """After one append in doubt nobody waits: a push that waits is a push that piles up."""
    record = NewRecord(await kit.topic(), b"k", b"v")
    writer = kit.writer(fail_fast=True)
    await writer.start()
    await writer.append([record])
    own_kafka.freeze()
    try:
        with pytest.raises(Unknown):
            await writer.append([record])
        # Half of what a single one would wait: five hundred do not wait at all.
        async with asyncio.timeout(kit.options.append_timeout_ms / 1000 / 2):
            for _ in range(500):
                with pytest.raises(Unreachable):
                    await writer.append([record])
    finally:
        own_kafka.thaw()
    await append_at_last(writer, record)


async def test_a_writer_that_starts_without_kafka_connects_when_it_comes(
    own_kafka: KafkaCluster, kit: Kit
) -> None:
    record = NewRecord(await kit.topic(), b"k", b"v")
    own_kafka.kill()
    try:
        writer = kit.writer(fail_fast=True)
        with pytest.raises(Unreachable, match="refuses the connection"):
            await writer.start()
    finally:
        own_kafka.launch()
        await own_kafka.ready()
    await append_at_last(writer, record)


async def test_the_first_push_waits_for_the_connection(kit: Kit) -> None:
    writer = kit.writer(fail_fast=True)
    assert await writer.append([NewRecord(await kit.topic(), b"k", b"v")])


async def test_what_waits_for_an_answer_is_bounded(kit: Kit) -> None:
    record = NewRecord(await kit.topic(), b"k", b"x" * 100_000)
    writer = kit.writer(replace(kit.options, queued_bytes=250_000))
    await writer.start()
    outcomes = await asyncio.gather(
        *(writer.append([record]) for _ in range(5)), return_exceptions=True
    )
    assert [isinstance(o, Unreachable) for o in outcomes] == [False, False, True, True, True]
    assert await writer.append([record])


async def test_a_stopped_writer_refuses(kit: Kit) -> None:
    writer = kit.writer()
    record = NewRecord(await kit.topic(), b"k", b"v")
    await writer.append([record])
    await writer.stop()
    with pytest.raises(Unreachable, match="stopped"):
        await writer.append([record])
