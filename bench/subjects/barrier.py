"""The batch barrier that people write first: a batch, its keys side by side, wait for all, commit."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from bench.job import Job
from bench.subjects.process import SETTINGS, Diary, main


async def consume(job: Job, topic: str, group: str, diary: Diary, stop: asyncio.Event) -> None:
    async def handle(records: Sequence[Any]) -> None:
        for record in records:
            await diary.wait(record.value)

    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=job.bootstrap_servers, group_id=group, **SETTINGS
    )
    await consumer.start()
    while not stop.is_set():
        batch = await consumer.getmany(timeout_ms=20)
        by_key = defaultdict(list)
        for records in batch.values():
            for record in records:
                by_key[record.key].append(record)
        if by_key:
            await asyncio.gather(*map(handle, by_key.values()))
            await consumer.commit()
    await consumer.stop()


if __name__ == "__main__":
    main(consume)
