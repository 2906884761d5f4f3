"""Ten times more than the gateway was told to take, for a minute."""

import asyncio
from pathlib import Path

import pytest

from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.postgres import TestServer
from tests.chaos.kafka.scene import REST, staged

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

RATE = 20
SECONDS = 60.0


@pytest.mark.fault(6)
@pytest.mark.promise(1, 6)
async def test_ten_times_the_load_is_taken_or_told_when_to_come_again_and_nothing_is_lost(
    kafka: KafkaCluster | ExternalKafka, postgres_server: TestServer, tmp_path: Path
) -> None:
    async with staged(
        tmp_path,
        postgres_server,
        servers=kafka.bootstrap_servers,
        brokers=1,
        settings={
            "RESPONDER_GATEWAY__RATE_PER_SECOND": str(RATE),
            "RESPONDER_GATEWAY__RATE_BURST": str(RATE),
        },
    ) as scene:
        await scene.start("gateway", REST)
        load = scene.load("much", repeats=False)
        async with load.steadily(10 * RATE):
            await asyncio.sleep(SECONDS)
        assert set(load.statuses) == {202, 429}
        turned_away = [answer for answer in load.answers if answer.status == 429]
        assert all(int(answer.retry_after or 0) > 0 for answer in turned_away)
        await scene.holds()
