"""A handler that holds the whole process up, for longer than Kafka waits for a sign of life."""

import asyncio
import time
from dataclasses import replace
from random import Random

import pytest

from responder.adapters.system import SystemClock
from responder.app.health import Health
from responder.stream.environment import Environment, Subscription
from responder.stream.handler import DONE, One, Outcome
from responder.stream.log import NewRecord, Partition, Record
from responder.stream.supervisor import Supervisor
from responder.telemetry.metrics import Metrics
from responder.testing.contracts.log_bench import until
from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.stream import MemoryDeadLetters, RecordingObserver
from tests.integration.kafka.kit import LONG_SECONDS, Kit, append_at_last

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

BLOCKED_SECONDS = 6.0
POLL_SECONDS = 2.0


@pytest.mark.fault(24)
@pytest.mark.promise(1)
async def test_a_blocked_loop_shows_in_its_lag_and_the_member_comes_back_with_nothing_lost(
    kafka: KafkaCluster | ExternalKafka,
) -> None:
    kit = Kit(kafka.bootstrap_servers)
    options = replace(kit.options, max_poll_interval_ms=int(POLL_SECONDS * 1_000))
    topic = await kit.topic(4)
    handled: list[bytes] = []

    async def handle(record: Record) -> Outcome:
        if len(handled) == 20:
            time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251 - the fault
        handled.append(record.value)
        return DONE

    letters, observer = MemoryDeadLetters(), RecordingObserver()
    supervisor = Supervisor(
        make_log=lambda: kit.log(options),
        subscription=Subscription(
            topics=[topic], group="group", handler=One(handle), dead_letters=letters
        ),
        environment=Environment(clock=SystemClock(), random=Random(), observer=observer),  # noqa: S311
    )
    metrics = Metrics()
    health = Health(SystemClock(), metrics)
    running = [asyncio.create_task(supervisor.run()), asyncio.create_task(health.run())]
    writer = kit.writer()
    try:
        written = [b"%d" % n for n in range(200)]
        for value in written:
            await append_at_last(writer, NewRecord(topic, value, value))
        await until(
            lambda: set(handled) >= set(written), within=LONG_SECONDS, what="all are handled"
        )
        assert _slowest_beat(metrics) > POLL_SECONDS
        assert letters.buried == []
        await append_at_last(writer, NewRecord(topic, b"late", b"late"))
        await until(lambda: b"late" in handled, within=LONG_SECONDS, what="it goes on")
    finally:
        await supervisor.stop()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    member = await kit.member(topic)
    for number in range(4):
        partition = Partition(topic, number)
        assert (await member.log.committed(partition) or 0) == await member.log.end(partition)
    await kit.close()


def _slowest_beat(metrics: Metrics) -> float:
    """The sum of all lags: on a machine that is busy it is more, never less."""
    body, _ = metrics.render("")
    (line,) = [each for each in body.decode().splitlines() if "loop_lag_seconds_sum" in each]
    return float(line.rpartition(" ")[2])
