"""What the gateway and the relay rely on beyond the contract of the log port."""

import asyncio
from dataclasses import replace

import pytest

from responder.stream.log import NewRecord, Partition, Position, Unknown, Unreachable
from responder.stream.partitioning import partition_for
from responder.testing.kafka import KafkaCluster
from tests.integration.kafka.kit import Kit, append_at_last, has

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


async def test_each_of_many_appends_at_once_is_told_its_own_place(kit: Kit) -> None:
    topic = await kit.topic(3)
    values = [b"%d" % n for n in range(300)]
    writer = kit.writer()
    appends = (writer.append([NewRecord(topic, value, value)]) for value in values)
    told = {p: value for [p], value in zip(await asyncio.gather(*appends), values, strict=True)}
    reader = await kit.member(topic)
    await has(reader, *values)
    assert told == {Position(a.partition, r.offset): r.value for a, r in reader.delivered}


async def test_what_is_more_than_one_batch_keeps_its_order(kit: Kit) -> None:
    topic = await kit.topic()
    records = [NewRecord(topic, b"k", b"x" * 50_000) for _ in range(30)]
    writer = kit.writer()
    appends = [writer.append(some) for some in (records[:10], records[10:29], records[29:])]
    offsets = [p.offset for positions in await asyncio.gather(*appends) for p in positions]
    assert offsets == list(range(30))


async def test_what_still_waits_for_company_is_sent_when_the_writer_stops(kit: Kit) -> None:
    topic = await kit.topic()
    writer = kit.writer(replace(kit.options, linger_ms=60_000, append_timeout_ms=30_000))
    await writer.start()
    appending = asyncio.create_task(writer.append([NewRecord(topic, b"k", b"v")]))
    reader = await kit.member(topic)
    await writer.stop()
    assert await appending == [Position(Partition(topic, 0), 0)]
    await has(reader, b"v")


async def test_who_gives_up_waiting_stops_nobody_else(kit: Kit) -> None:
    record = NewRecord(await kit.topic(), b"k", b"v")
    writer = kit.writer(replace(kit.options, linger_ms=100))
    await writer.append([record])
    given_up, other = (asyncio.create_task(writer.append([record])) for _ in range(2))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await other


async def test_a_stopped_writer_refuses(kit: Kit) -> None:
    writer = kit.writer()
    record = NewRecord(await kit.topic(), b"k", b"v")
    await writer.append([record])
    await writer.stop()
    with pytest.raises(Unreachable, match="stopped"):
        await writer.append([record])
