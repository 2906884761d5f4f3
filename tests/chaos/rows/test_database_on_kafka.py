"""The database is killed or hangs while the log is Apache Kafka: comments are taken all the same."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.testing.disks import DiskUnavailable, full, small_disk
from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.load import Door, Load
from responder.testing.postgres import TestServer, running_server
from responder.testing.roles import Role, Roles, roles_on_kafka
from responder.testing.running import eventually
from tests.chaos.rows.kit import all_stand_once, sending, so_many
from tests.e2e.kafka.kit import SECRETS, Ledger, configuration

pytestmark = pytest.mark.kafka

HANGS_SECONDS = 30.0
SMALL_DISK_MEGABYTES = 320
NOWHERE = "http://127.0.0.1:9/"  # nothing is delivered: the discard port (RFC 863)
NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Site:
    """An installation on Kafka: a gateway, and the roles behind it."""

    roles: Roles
    gateway: Role
    behind: Role
    console: Role
    ledger: Ledger

    @property
    def running(self) -> Sequence[Role]:
        return (self.gateway, self.behind, self.console)

    def door(self) -> Door:
        return Door(
            url=self.gateway.url,
            source="forum",
            address_token=SECRETS.address,
            secret=SECRETS.forum,
        )

    async def names(self) -> list[str]:
        return [name for _, name, _ in await self.ledger.states()]

    async def is_whole(self, load: Load) -> None:
        """All that was acknowledged is there once, and nobody has ended."""
        await all_stand_once(self.names, load.acknowledged)
        verified = await self.roles.command("audit", "verify")
        assert verified.code == 0, verified.said
        assert [await role.probe("livez") for role in self.running] == [200] * 3


@asynccontextmanager
async def site(folder: Path, kafka: str, database: Dsn) -> AsyncIterator[Site]:
    with roles_on_kafka(
        folder,
        database_url=database.url(),
        bootstrap_servers=kafka,
        prefix=f"rows-{os.getpid()}-{next(NUMBERS)}.",
        configuration=configuration(NOWHERE),
    ) as roles:
        roles.environment |= SECRETS.environment()
        assert (await roles.command("migrate")).code == 0
        gateway, console = roles.launch("gateway"), roles.launch("console")
        behind = roles.launch("triage", "relay", "audit")
        for role in (gateway, behind, console):
            await role.ready()
        yield Site(roles, gateway, behind, console, Ledger(database.url()))


@pytest.mark.fault(7)
@pytest.mark.promise(1, 5, 6)
async def test_killed_under_load_every_push_is_taken_and_the_stages_go_on_when_it_is_back(
    kafka: KafkaCluster | ExternalKafka, mortal_server: TestServer, tmp_path: Path
) -> None:
    database = await mortal_server.fresh()
    async with site(tmp_path, kafka.bootstrap_servers, database) as here, sending() as http:
        load = Load(here.door(), "killed", http, threads=5, repeats=False)
        async with load.steadily(30):
            await here.ledger.holds(20)
            await mortal_server.kill()
            taken = len(load.acknowledged)
            await so_many(taken + 60, lambda: len(load.acknowledged))
            await mortal_server.start()
        assert set(load.statuses) == {202}
        await here.is_whole(load)


@pytest.mark.fault(8)
@pytest.mark.promise(1, 5, 6)
@pytest.mark.chaos
async def test_while_it_hangs_every_push_is_taken_and_nobody_restarts_anything(
    kafka: KafkaCluster | ExternalKafka, mortal_server: TestServer, tmp_path: Path
) -> None:
    database = await mortal_server.fresh()
    async with site(tmp_path, kafka.bootstrap_servers, database) as here, sending() as http:
        load = Load(here.door(), "hung", http, repeats=False)
        async with load.steadily(10):
            await here.ledger.holds(20)
            mortal_server.signal(signal.SIGSTOP)
            try:
                await asyncio.gather(_console_says_so(here, http), _stay_alive(here))
            finally:
                mortal_server.signal(signal.SIGCONT)
        assert set(load.statuses) == {202}
        await here.is_whole(load)


@pytest.fixture
def on_a_small_disk() -> Iterator[tuple[TestServer, Path]]:
    """A server whose data has a disk of its own, and that disk."""
    try:
        with small_disk(SMALL_DISK_MEGABYTES) as disk, running_server(disk) as server:
            yield server, disk
    except DiskUnavailable as missing:
        pytest.skip(f"NO DISK OF ITS OWN: {missing}")


@pytest.mark.fault(10)
@pytest.mark.promise(1, 5, 6)
@pytest.mark.chaos
async def test_while_its_disk_is_full_every_push_is_taken_and_with_room_the_stages_go_on(
    kafka: KafkaCluster | ExternalKafka,
    on_a_small_disk: tuple[TestServer, Path],
    tmp_path: Path,
) -> None:
    server, disk = on_a_small_disk
    supervising = asyncio.create_task(server.supervise())
    database = await server.fresh()
    async with site(tmp_path, kafka.bootstrap_servers, database) as here, sending() as http:
        load = Load(here.door(), "full", http, repeats=False)
        async with load.steadily(20):
            await here.ledger.holds(20)
            with full(disk):
                taken = len(load.acknowledged)
                await so_many(taken + 200, lambda: len(load.acknowledged))
                assert len(await _named_or_none(here)) < len(load.acknowledged)
        assert set(load.statuses) == {202}
        await here.is_whole(load)
    supervising.cancel()
    await asyncio.wait({supervising})


async def _named_or_none(here: Site) -> list[str]:
    """What the ledger holds; none where it cannot be asked."""
    try:
        return await here.names()
    except (OSError, asyncpg.PostgresError):
        return []


async def _console_says_so(here: Site, http: aiohttp.ClientSession) -> None:
    """It cannot ask the ledger, and answers so instead of waiting with it."""

    async def status() -> int:
        url = f"{here.console.url}/api/v1/engagements"
        proof = {"Authorization": f"Bearer {SECRETS.api}"}
        async with http.get(url, headers=proof) as answer:
            return answer.status

    await eventually(status, lambda found: found == 503)


async def _stay_alive(here: Site) -> None:
    """By the probe that would have them restarted, for as long as it hangs."""
    loop = asyncio.get_running_loop()
    until = loop.time() + HANGS_SECONDS
    while loop.time() < until:
        assert [await role.probe("livez") for role in here.running] == [200] * 3
        await asyncio.sleep(1)  # the pace of a probe
