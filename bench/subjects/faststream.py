"""FastStream, acknowledging what a call was given when its handler has ended.

One at a time with a worker for each partition; many at a time in batches, which know no workers.
"""

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
    size = int(job.batch)
    is_batch = size > 1

    @broker.subscriber(  # type: ignore[untyped-decorator] # its types tell batches by a constant
        topic,
        batch=is_batch,
        max_records=size,
        max_workers=1 if is_batch else int(job.partitions),
        group_id=group,
        ack_policy=AckPolicy.ACK,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        max_partition_fetch_bytes=MAX_PARTITION_FETCH_BYTES,
        session_timeout_ms=SESSION_TIMEOUT_MS,
    )
    async def handle(message: KafkaMessage) -> None:
        if is_batch:
            diary.handled_all([record.value for record in message.raw_message])
        elif job.is_waiting == "yes":
            await diary.wait(message.body)
        else:
            diary.handled(message.body)

    await broker.start()
    await stop.wait()
    await broker.stop()


if __name__ == "__main__":
    main(consume)
