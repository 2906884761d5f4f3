"""The log's contract, on the log kept in PostgreSQL, with a server of its own to stop and kill."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import asyncpg
import pytest
from typing_extensions import override

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.log.membership import LogTiming
from responder.adapters.postgres.log.schema import LOG_SCHEMA_SQL
from responder.adapters.postgres.log.topics import create_topics
from responder.adapters.postgres.log.writer import MAX_RECORD_BYTES
from responder.stream.log import Log, LogWriter, Partition
from responder.testing.contracts.log import LogContract
from responder.testing.contracts.log_bench import until
from responder.testing.contracts.log_harness import (
    AppendingProcess,
    Limits,
    LocalMember,
    Member,
    Power,
)
from responder.testing.contracts.log_process import start_member, start_writer
from responder.testing.postgres import TestServer
from tests.contract.log.postgres_recipes import APPEND_SECONDS, TIMING, make_log, make_writer

RECIPES = "tests.contract.log.postgres_recipes"


class PostgresHarness:
    limits = Limits(
        session=TIMING.lease + TIMING.renew,
        poll_limit=TIMING.poll_limit,
        pause_after=1.0,
        append=APPEND_SECONDS,
        commit=TIMING.commit,
        start=TIMING.connect,
        stop=TIMING.stop,
    )
    max_record_bytes = MAX_RECORD_BYTES
    cannot: Mapping[Power, str] = {}

    def __init__(self, server: TestServer, dsn: Dsn) -> None:
        self._server = server
        self._dsn = dsn
        self._topics = 0

    async def topic(self, partitions: int) -> str:
        self._topics += 1
        name = f"topic-{self._topics}"
        connection = await asyncpg.connect(self._dsn.url())
        await create_topics(connection, {name: partitions})
        await connection.close()
        return name

    def log(self, timing: LogTiming = TIMING) -> Log:
        return make_log(self._dsn.url(), timing)

    async def writer(self) -> LogWriter:
        return make_writer(self._dsn.url())

    async def outsider(self, topic: str, group: str) -> Member:
        return await start_member(f"{RECIPES}:member", self._arguments, topic, group)

    async def outside_writer(self, topic: str) -> AppendingProcess:
        return await start_writer(f"{RECIPES}:writer", self._arguments, topic)

    def stranger(self) -> Log:
        return make_log(replace(self._dsn, user="stranger").url())

    async def stop_server(self) -> None:
        await self._server.stop()

    async def start_server(self) -> None:
        await self._server.start()

    async def kill_server(self) -> None:
        await self._server.kill()

    async def pause_server(self) -> None:
        self._server.signal(signal.SIGSTOP)

    async def resume_server(self) -> None:
        self._server.signal(signal.SIGCONT)

    async def corrupt(self, partition: Partition, offset: int) -> None:
        connection = await asyncpg.connect(self._dsn.url())
        await connection.execute(
            "UPDATE log_record SET headers = '\"damaged\"'"
            ' WHERE (topic, partition, "offset") = ($1, $2, $3)',
            partition.topic,
            partition.number,
            offset,
        )
        await connection.close()

    @property
    def _arguments(self) -> Mapping[str, str]:
        return {"dsn": self._dsn.url()}


class TestPostgresLog(LogContract):
    @pytest.fixture
    @override
    async def harness(self, mortal_server: TestServer) -> AsyncIterator[PostgresHarness]:
        template = await mortal_server.template("log", _make_tables)
        dsn = await mortal_server.fresh(template)
        yield PostgresHarness(mortal_server, dsn)
        await mortal_server.drop(dsn)

    async def test_a_member_gives_everything_up_in_time_when_the_log_hangs(
        self, harness: PostgresHarness
    ) -> None:
        """It waits for an answer no longer than its lease lasts, whatever the call may take."""
        topic = await harness.topic(1)
        member = LocalMember(harness.log(replace(TIMING, commit=600.0)))
        await member.start(topic, "g")
        await until(lambda: member.owned, within=30, what="the partition")
        (old,) = member.owned
        await harness.pause_server()
        try:
            await until(lambda: not member.owned, within=30, what="everything given up")
        finally:
            await harness.resume_server()
            await member.stop()
        successor = LocalMember(harness.log())
        await successor.start(topic, "g")
        await until(lambda: successor.owned, within=30, what="the partition again")
        (new,) = successor.owned
        await successor.stop()
        assert new.epoch > old.epoch

    async def test_a_poll_waits_for_its_time_when_there_is_nothing_to_read(
        self, harness: PostgresHarness
    ) -> None:
        """Also what was said before anything was ours, or that we were woken, is over with once."""
        member = LocalMember(harness.log())
        await member.start(await harness.topic(1), "g")
        await member.pause_polling()
        member.log.wake()
        await member.log.poll({}, 0.0)
        waiting = asyncio.create_task(member.log.poll({}, 60.0))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        member.log.wake()
        await waiting
        await member.stop()
        assert not done


async def _make_tables(dsn: Dsn) -> None:
    connection = await asyncpg.connect(dsn.url())
    for statement in LOG_SCHEMA_SQL:
        await connection.execute(statement)
    await connection.close()
