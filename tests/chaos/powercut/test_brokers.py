"""The power of brokers' disks is cut: of one of three, and of all three at once.

Kafka acknowledges when the replicas have a record, not when it is on their disks. So one power cut
costs nothing, and all at once cost what was not written yet, unless each record is flushed. The same
cuts are made with and without that setting: without it something must be lost.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from responder.testing.disks import Disk
from responder.testing.kafka import KafkaCluster, running_kafka
from responder.testing.load import Load
from responder.testing.postgres import TestServer
from responder.testing.running import eventually
from tests.chaos.kafka.scene import REST, Scene, staged
from tests.chaos.powercut.conftest import MakeDisk

pytestmark = [pytest.mark.kafka, pytest.mark.powercut, pytest.mark.fault(41)]

MEGABYTES = 1_000
RATE = 20.0
MOST_SECONDS = 2.0
PATIENCE_SECONDS = 120.0
CUTS_THAT_LOSE = 3
"""Of so many cuts one at least must lose something, where nobody waits for the disk."""


@dataclass(frozen=True, slots=True)
class Site:
    """Three brokers on disks of their own, and an installation on them."""

    brokers: KafkaCluster
    disks: Sequence[Disk]
    scene: Scene
    chance: Random

    async def cut(self, prefix: str, nodes: Sequence[int]) -> Load:
        """Push for a while, lose the power of these brokers, and give it back."""
        load = self.scene.load(prefix)
        async with load.steadily(RATE):
            await _are_acknowledged(load, 20)
            await asyncio.sleep(self.chance.uniform(0.0, MOST_SECONDS))
            for node in nodes:
                self.disks[node].cut_power()
            for node in nodes:
                self.brokers.kill(node)
            for node in nodes:
                self.disks[node].restore_power()
                self.brokers.launch(node)
            await self.brokers.ready()
        return load


@asynccontextmanager
async def site(
    folder: Path, jars: Path, postgres: TestServer, disks: Sequence[Disk], *, flushes: bool
) -> AsyncIterator[Site]:
    with running_kafka(jars, nodes=3, disks=[disk.path for disk in disks]) as brokers:
        async with staged(
            folder,
            postgres,
            servers=brokers.bootstrap_servers,
            brokers=3,
            settings={"RESPONDER_KAFKA__FLUSH_EVERY_RECORD": str(flushes).lower()},
        ) as scene:
            await scene.start("gateway", REST)
            os.sync()  # what belongs to the set-up is on disk before the first cut
            yield Site(brokers, disks, scene, Random())  # noqa: S311 - no secret


@pytest.mark.promise(1)
async def test_with_each_record_flushed_neither_one_power_cut_nor_one_of_all_loses_anything(
    make_disk: MakeDisk, runs: int, kafka_jars: Path, postgres_server: TestServer, tmp_path: Path
) -> None:
    disks = [make_disk(MEGABYTES) for _ in range(3)]
    async with site(tmp_path, kafka_jars, postgres_server, disks, flushes=True) as here:
        for number in range(runs):
            nodes = (0, 1, 2) if number % 2 else (here.chance.randrange(3),)
            await here.cut(f"cut{number}", nodes)
            await here.scene.holds()


async def test_without_flushing_the_power_cut_of_one_broker_loses_nothing_and_that_of_all_does(
    make_disk: MakeDisk, kafka_jars: Path, postgres_server: TestServer, tmp_path: Path
) -> None:
    """This proves the cuts: what is lost here had reached no disk."""
    disks = [make_disk(MEGABYTES) for _ in range(3)]
    async with site(tmp_path, kafka_jars, postgres_server, disks, flushes=False) as here:
        one = await here.cut("one", (here.chance.randrange(3),))
        await here.scene.holds()
        for number in range(CUTS_THAT_LOSE):
            load = await here.cut(f"all{number}", (0, 1, 2))
            there = {each.name[1] for each in await here.scene.logged()}
            if lost := (load.acknowledged | one.acknowledged) - there:
                print(f"{len(lost)} that were acknowledged are lost")  # noqa: T201 - the measure
                return
    pytest.fail("the cuts cut nothing: also what was not flushed is there")


async def _are_acknowledged(load: Load, count: int) -> None:
    async def found() -> int:
        return len(load.acknowledged)

    await eventually(found, lambda so_many: so_many >= count, PATIENCE_SECONDS)
