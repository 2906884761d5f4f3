"""aiokafka by itself: `getmany`, every record in turn, commits by the same rule as ours.

The rule is after 500 records, after half a second, and when there is nothing to do; a commit runs
beside the handlers, and only one at a time. Nothing here retries, limits, drains or watches.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]

from bench.job import Job
from bench.subjects.process import SETTINGS, Diary, main

COMMIT_EVERY = 500
COMMIT_SECONDS = 0.5
SLICE = 500


class Commits:
    """Commits what is finished, beside the handlers."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._points: dict[TopicPartition, int] = {}
        self._finished = 0
        self._due = asyncio.Event()

    def finished(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        self._points[partition] = records[-1].offset + 1
        self._finished += len(records)
        if self._finished >= COMMIT_EVERY:
            self._due.set()

    def idle(self) -> None:
        self._due.set()

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._due.wait()
            self._due.clear()
            await self.store()

    async def store(self) -> None:
        points, self._points, self._finished = self._points, {}, 0
        if points:
            await self._consumer.commit(points)


async def handle_in_turn(records: Sequence[Any], size: int, diary: Diary) -> None:
    """By calls with so many; with one by one."""

    async def handle(record: Any) -> None:
        diary.handled(record.value)

    async def handle_all(some: Sequence[Any]) -> None:
        diary.handled_all([record.value for record in some])

    if size == 1:
        for record in records:
            await handle(record)
    else:
        for first in range(0, len(records), size):
            await handle_all(records[first : first + size])


async def consume(job: Job, topic: str, group: str, diary: Diary, stop: asyncio.Event) -> None:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=job.bootstrap_servers, group_id=group, **SETTINGS
    )
    await consumer.start()
    commits = Commits(consumer)
    committing = asyncio.create_task(commits.run())
    while not stop.is_set():
        batch = await consumer.getmany(timeout_ms=20, max_records=SLICE)
        for partition, records in batch.items():
            await handle_in_turn(records, int(job.batch), diary)
            commits.finished(partition, records)
        if not batch:
            commits.idle()
        await asyncio.sleep(0)
    committing.cancel()
    await commits.store()
    await consumer.stop()


if __name__ == "__main__":
    main(consume)
