"""The power of the database's disk is cut, again and again, while comments come in.

Each cut proves itself: beside the comments somebody writes rows whose commits do not wait for the
disk (`synchronous_commit=off`), and of those some must be lost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import aiohttp
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.embedded.server import EmbeddedPostgres
from responder.adapters.postgres.engine import transaction
from responder.adapters.system import SystemClock, SystemIds
from responder.app.database import folder_engine, small_engine
from responder.testing.disks import Disk
from responder.testing.invariants import Seen, read_ledger, violations
from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.load import Door, Load
from responder.testing.postgres import TestServer
from responder.testing.running import Running, eventually, installation
from tests.chaos.kafka.scene import WHOLE, staged
from tests.chaos.powercut.conftest import MakeDisk

pytestmark = [pytest.mark.powercut, pytest.mark.fault(11), pytest.mark.promise(1)]

MEGABYTES = 1_500
RATE = 40.0
MOST_SECONDS = 2.0
SOURCE = "guestbook"
PATIENCE_SECONDS = 120.0
_REST = text("""
    SELECT count(*) FROM log_partition p
    LEFT JOIN log_claim c ON c.grp = 'triage' AND (c.topic, c.partition) = (p.topic, p.partition)
    WHERE p.topic = 'engagement.received' AND p.next_offset > coalesce(c.committed, 0)
    """)


class Careless:
    """Writes rows, and believes in each as soon as the server says so, disk or no disk."""

    def __init__(self) -> None:
        self.believed: set[int] = set()

    async def prepare(self, engine: AsyncEngine) -> None:
        async with transaction(engine) as connection:
            await connection.execute(text("CREATE TABLE careless (number bigint PRIMARY KEY)"))

    @asynccontextmanager
    async def writing(self, engine: AsyncEngine) -> AsyncIterator[None]:
        """Meanwhile, as fast as it goes, until the server is gone."""
        task = asyncio.create_task(self._write(engine))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def lost(self, engine: AsyncEngine) -> int:
        """How many are not there; from now on they are not believed in any more."""
        async with transaction(engine) as connection:
            found = await connection.execute(text("SELECT number FROM careless"))
        missing = self.believed - set(found.scalars())
        self.believed -= missing
        return len(missing)

    async def _write(self, engine: AsyncEngine) -> None:
        number = max(self.believed, default=0) + 1_000_000  # beyond whatever was not answered
        with suppress(DBAPIError):
            async with engine.execution_options(
                isolation_level="AUTOCOMMIT"
            ).connect() as connection:
                await connection.execute(text("SET synchronous_commit = off"))
                while True:
                    number += 1
                    await connection.execute(text(f"INSERT INTO careless VALUES ({number})"))  # noqa: S608 - a number
                    self.believed.add(number)


async def test_one_machine_whose_power_fails_again_and_again_keeps_all_that_it_acknowledged(
    make_disk: MakeDisk, runs: int
) -> None:
    """The log is in the same database: what a sender was told is only as true as its disk."""
    disk, chance, careless = make_disk(MEGABYTES), Random(), Careless()  # noqa: S311 - no secret
    loads: list[Load] = []
    lost = 0
    with installation() as machine:
        machine.data = disk.path / "data"
        await machine.start()
        async with folder_engine(machine.data) as engine:
            await careless.prepare(engine)
        async with aiohttp.ClientSession() as http:
            for number in range(runs):
                loads.append(_load(machine, f"cut{number}", http))
                async with folder_engine(machine.data) as engine, careless.writing(engine):
                    await _lose_power(machine, disk, loads[-1], chance.uniform(0.0, MOST_SECONDS))
                disk.restore_power()
                await machine.start()
                async with folder_engine(machine.data) as engine:
                    lost += await careless.lost(engine)
                    await _is_whole(engine, loads)
    assert lost > 0, "the cuts cut nothing: also what did not wait for the disk is there"
    acknowledged = sum(len(load.acknowledged) for load in loads)
    print(f"{runs} cuts, {acknowledged} acknowledged; without waiting for the disk {lost} lost")  # noqa: T201


@pytest.mark.kafka
async def test_a_database_whose_power_fails_again_and_again_catches_up_from_the_log(
    make_disk: MakeDisk,
    runs: int,
    kafka: KafkaCluster | ExternalKafka,
    tmp_path: Path,
) -> None:
    disk, chance, careless = make_disk(MEGABYTES), Random(), Careless()  # noqa: S311 - no secret
    lost = 0
    async with (
        _server(disk) as server,
        staged(tmp_path, server, servers=kafka.bootstrap_servers, brokers=1) as scene,
    ):
        await scene.start(*WHOLE)
        async with small_engine(scene.database_url) as engine:
            await careless.prepare(engine)
        for number in range(max(1, runs // 4)):
            load = scene.load(f"cut{number}")
            async with scene.editing():
                async with load.steadily(RATE / 4):
                    await _are_acknowledged(load, 10)
                    async with small_engine(scene.database_url) as engine, careless.writing(engine):
                        await asyncio.sleep(chance.uniform(0.0, MOST_SECONDS))
                        disk.cut_power()
                        await server.kill()
                    disk.restore_power()
                    await server.start()
                await scene.all_are("answered")
            await scene.holds()
            async with small_engine(scene.database_url) as engine:
                lost += await careless.lost(engine)
    assert lost > 0, "the cuts cut nothing: also what did not wait for the disk is there"


@asynccontextmanager
async def _server(disk: Disk) -> AsyncIterator[TestServer]:
    clock, folder = SystemClock(), disk.path / "database"
    embedded = EmbeddedPostgres(
        folder, clock=clock, ids=SystemIds(clock), settings={"max_connections": "200"}
    )
    server = TestServer(await embedded.start(), embedded, folder / "postgres" / "cluster")
    try:
        yield server
    finally:
        await server.kill()


def _load(machine: Running, prefix: str, http: aiohttp.ClientSession) -> Load:
    keys = machine.keys(SOURCE)
    door = Door(
        url=machine.ready.console_url,
        source=SOURCE,
        address_token=keys.address_token,
        secret=keys.webhook_secret,
    )
    return Load(door, prefix, http)


async def _lose_power(machine: Running, disk: Disk, load: Load, after_seconds: float) -> None:
    async with load.steadily(RATE):
        await _are_acknowledged(load, 10)
        await asyncio.sleep(after_seconds)
        disk.cut_power()
        machine.kill(with_database=True)
        load.give_up()


async def _are_acknowledged(load: Load, count: int) -> None:
    async def found() -> int:
        return len(load.acknowledged)

    await eventually(found, lambda so_many: so_many >= count, PATIENCE_SECONDS)


async def _is_whole(engine: AsyncEngine, loads: list[Load]) -> None:
    """Once triage has read all that the log has."""

    async def waiting() -> int:
        async with transaction(engine) as connection:
            return int((await connection.execute(_REST)).scalar_one())

    async def wrong() -> list[str]:
        return violations(
            Seen(
                pushed={(SOURCE, name) for load in loads for name in load.pushed},
                acknowledged={(SOURCE, name) for load in loads for name in load.acknowledged},
            ),
            await read_ledger(engine),
        )

    await eventually(waiting, lambda count: count == 0, PATIENCE_SECONDS)
    await eventually(wrong, lambda found: not found, PATIENCE_SECONDS / 4)
