"""FastStream, acknowledging each record when its handler has ended; one worker a partition."""

import asyncio

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from bench.job import Job
from bench.subjects.process import (
    FETCH_MAX_WAIT_MS,
    MAX_PARTITION_FETCH_BYTES,
    SESSION_TIMEOUT_MS,
    Diary,
    main,
)


async def consume(job: Job, topic: str, group: str, diary: Diary, stop: asyncio.Event) -> None:
    broker = KafkaBroker(job.bootstrap_servers, logger=None)

    @broker.subscriber(
        topic,
        group_id=group,
        ack_policy=AckPolicy.ACK,
        max_workers=int(job.partitions),
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        max_partition_fetch_bytes=MAX_PARTITION_FETCH_BYTES,
        session_timeout_ms=SESSION_TIMEOUT_MS,
    )
    async def handle(message: KafkaMessage) -> None:
        if job.is_waiting == "yes":
            await diary.wait(message.body)
        else:
            diary.handled(message.body)

    await broker.start()
    await stop.wait()
    await broker.stop()


if __name__ == "__main__":
    main(consume)
