"""Responder's own consumer, put together and set as `responder.app.roles` does it by default.

Only the dead letters are a list: a record that came there would be one that no handler has handled.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from bench.job import Job
from bench.subjects.process import Diary, main
from responder.adapters.kafka.log import KafkaLog
from responder.adapters.system import SystemClock, SystemRandom
from responder.app.logs import kafka_options
from responder.settings import load
from responder.stream.environment import Environment, Subscription
from responder.stream.handler import DONE, Batch, Done, Handler, One
from responder.stream.log import Record
from responder.stream.options import StreamOptions
from responder.stream.supervisor import Supervisor
from responder.telemetry.metrics import Metrics
from responder.telemetry.observers import StreamMetrics
from responder.testing.stream import MemoryDeadLetters

LINGER_SECONDS = 0.1
"""As triage's, which waits so long for a batch to fill up."""


def handler(job: Job, diary: Diary) -> Handler:
    async def wait(record: Record) -> Done:
        await diary.wait(record.value)
        return DONE

    async def do_nothing(record: Record) -> Done:
        diary.handled(record.value)
        return DONE

    async def do_nothing_with(records: Sequence[Record]) -> Sequence[Done]:
        diary.handled_all([record.value for record in records])
        return [DONE] * len(records)

    if int(job.batch) > 1:
        return Batch(
            do_nothing_with, size=int(job.batch), linger_seconds=LINGER_SECONDS, order="key"
        )
    return One(wait if job.is_waiting == "yes" else do_nothing)


async def consume(job: Job, topic: str, group: str, diary: Diary, stop: asyncio.Event) -> None:
    clock = SystemClock()
    settings = load(kafka={"bootstrap_servers": job.bootstrap_servers.split(",")})
    supervisor = Supervisor(
        make_log=partial(KafkaLog, kafka_options(settings), clock=clock),
        subscription=Subscription(
            topics=[topic],
            group=group,
            handler=handler(job, diary),
            dead_letters=MemoryDeadLetters(),
        ),
        environment=Environment(
            clock=clock,
            random=SystemRandom(),
            options=StreamOptions(concurrency=int(job.at_once)),
            observer=StreamMetrics(Metrics(), group),
        ),
    )
    running = asyncio.create_task(supervisor.run())
    await stop.wait()
    await supervisor.stop()
    await running


if __name__ == "__main__":
    main(consume)
