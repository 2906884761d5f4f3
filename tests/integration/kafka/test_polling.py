"""Polls of every shape, in any order: waiting, woken, with room here and none there."""

import asyncio
import random
from collections import defaultdict
from dataclasses import replace

import pytest

from responder.stream.log import NewRecord, Partition
from tests.integration.kafka.kit import LONG_SECONDS, Kit, owns

pytestmark = pytest.mark.kafka

PARTITIONS = 6
RECORDS = 2_000
ROOMS = (0, 0, 1, 2, 7, 100)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_asked_for_each_record_comes_once_in_order_and_never_beyond_room(
    kit: Kit, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated from its seed
    topic = await kit.topic(PARTITIONS)
    # A pause throws read-ahead away: make it happen often.
    member = await kit.member(topic, options=replace(kit.options, pause_after_ms=20))
    await owns(member, PARTITIONS)
    await member.pause_polling()
    log, loop = member.log, asyncio.get_running_loop()

    async def write() -> None:
        writer = kit.writer()
        for n in range(0, RECORDS, 20):
            await writer.append(
                [NewRecord(topic, b"%d" % key, b"%d" % key) for key in range(n, n + 20)]
            )
            await asyncio.sleep(chance.uniform(0, 0.02))

    writing = asyncio.create_task(write())
    came: dict[Partition, list[int]] = defaultdict(list)
    async with asyncio.timeout(LONG_SECONDS):
        while sum(map(len, came.values())) < RECORDS:
            room = {a: chance.choice(ROOMS) for a in member.owned if chance.random() < 0.9}
            waking = loop.call_later(chance.uniform(0, 0.05), log.wake)
            for assignment, records in (await log.poll(room, chance.uniform(0, 0.05))).items():
                assert len(records) <= room[assignment]
                came[assignment.partition] += [r.offset for r in records]
            waking.cancel()
    await writing
    for offsets in came.values():
        assert offsets == list(range(len(offsets)))
