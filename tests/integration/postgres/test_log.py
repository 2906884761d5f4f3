"""What the log in PostgreSQL promises beyond the port's contract."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.log.claims import release_all
from responder.adapters.postgres.log.consumer import PostgresLog
from responder.adapters.postgres.log.schema import LOG_SCHEMA_SQL
from responder.adapters.postgres.log.topics import create_topics, prune
from responder.adapters.postgres.log.writer import PostgresLogWriter
from responder.adapters.system import SystemClock, SystemIds
from responder.stream.log import Assignment, NewRecord, Partition, Position, Rejected, Unreachable
from responder.testing.contracts.log_bench import until
from responder.testing.contracts.log_harness import LocalMember
from responder.testing.postgres import TestServer
from tests.contract.log.postgres_recipes import TIMING

TOPIC = "engagement.received"


class Desk:
    """A database with the log's tables, and what works on it."""

    def __init__(self, dsn: Dsn, sql: asyncpg.Connection, closing: AsyncExitStack) -> None:
        self.dsn = dsn
        self.sql = sql
        self._closing = closing

    def writer(self, **options: Any) -> PostgresLogWriter:
        writer = PostgresLogWriter(self.dsn.url(), clock=SystemClock(), **options)
        self._closing.push_async_callback(writer.stop)
        return writer

    def idle_member(self, *, poll_limit: float = 60.0) -> LocalMember:
        clock = SystemClock()
        timing = replace(TIMING, poll_limit=poll_limit)
        log = PostgresLog(self.dsn.url(), clock=clock, ids=SystemIds(clock), timing=timing)
        member = LocalMember(log)
        self._closing.push_async_callback(member.stop)
        return member

    async def member(self, *, poll_limit: float = 60.0) -> LocalMember:
        member = self.idle_member(poll_limit=poll_limit)
        await member.start(TOPIC, "g")
        return member

    async def values(self) -> list[bytes]:
        rows = await self.sql.fetch('SELECT value FROM log_record ORDER BY partition, "offset"')
        return [row["value"] for row in rows]


@asynccontextmanager
async def desk_on(dsn: Dsn, partitions: int) -> AsyncIterator[Desk]:
    sql = await asyncpg.connect(dsn.url())
    for statement in LOG_SCHEMA_SQL:
        await sql.execute(statement)
    await create_topics(sql, {TOPIC: partitions})
    async with AsyncExitStack() as closing:
        yield Desk(dsn, sql, closing)
    await sql.close()


@pytest.fixture
async def desk(database: Dsn) -> AsyncIterator[Desk]:
    async with desk_on(database, 1) as desk:
        yield desk


def new(value: bytes, key: bytes | None = b"k") -> NewRecord:
    return NewRecord(TOPIC, key, value)


async def test_the_tables_and_topics_may_be_made_again(desk: Desk) -> None:
    for statement in LOG_SCHEMA_SQL:
        await desk.sql.execute(statement)
    await create_topics(desk.sql, {TOPIC: 12, "other": 2})
    partitions = await desk.sql.fetch(
        "SELECT topic, count(*) AS n FROM log_partition GROUP BY topic"
    )
    assert {row["topic"]: row["n"] for row in partitions} == {TOPIC: 1, "other": 2}


async def test_appends_that_wait_together_share_a_transaction(desk: Desk) -> None:
    writer = desk.writer()
    await asyncio.gather(*(writer.append([new(b"%d" % n)]) for n in range(200)))
    transactions = await desk.sql.fetchval("SELECT count(DISTINCT xmin::text) FROM log_record")
    assert len(await desk.values()) == 200
    assert transactions <= 20


async def test_an_append_tells_each_records_place(desk: Desk) -> None:
    writer = desk.writer()
    await writer.append([new(b"a")])
    positions = await writer.append([new(b"b"), new(b"c")])
    assert positions == [Position(Partition(TOPIC, 0), 1), Position(Partition(TOPIC, 0), 2)]


async def test_a_record_that_is_refused_takes_the_rest_of_its_own_append_with_it_and_no_other(
    desk: Desk,
) -> None:
    await desk.sql.execute("ALTER TABLE log_record ADD CHECK (value <> 'poison')")
    writer = desk.writer()
    good, bad, also_good = await asyncio.gather(
        writer.append([new(b"1")]),
        writer.append([new(b"2"), new(b"poison")]),
        writer.append([new(b"3")]),
        return_exceptions=True,
    )
    assert isinstance(bad, Rejected)
    assert not isinstance(good, BaseException)
    assert not isinstance(also_good, BaseException)
    assert await desk.values() == [b"1", b"3"]


async def test_a_stopped_writer_has_written_what_it_took_and_takes_no_more(desk: Desk) -> None:
    writer = desk.writer()
    taken = [asyncio.create_task(writer.append([new(b"%d" % n)])) for n in range(20)]
    await asyncio.sleep(0)
    await writer.stop()
    answers = await asyncio.gather(*taken, return_exceptions=True)
    acknowledged = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(await desk.values()) == len(acknowledged)
    with pytest.raises(Unreachable):
        await writer.append([new(b"late")])


async def test_a_record_that_is_not_committed_yet_holds_back_those_behind_it(desk: Desk) -> None:
    """Else a reader would see 1, go on, and never return for 0."""
    slow = await asyncpg.connect(desk.dsn.url())
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("UPDATE log_partition SET next_offset = 1")
    await slow.execute(
        'INSERT INTO log_record (topic, partition, "offset", value, headers)'
        " VALUES ($1, 0, 0, 'slow', '[]')",
        TOPIC,
    )
    member = await desk.member()
    appending = asyncio.create_task(desk.writer().append([new(b"fast")]))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await desk.sql.fetchval(waiting):  # noqa: ASYNC110 - no event tells us
            await asyncio.sleep(0.02)
    assert await desk.values() == []
    await transaction.commit()
    await slow.close()
    await appending
    await until(lambda: len(member.values) == 2, within=10, what="both records")
    assert member.values == [b"slow", b"fast"]


async def test_a_record_of_which_nobody_told_is_found(desk: Desk) -> None:
    member = await desk.member()
    await until(lambda: member.owned, within=10, what="the partition")
    await desk.sql.execute(
        'INSERT INTO log_record (topic, partition, "offset", value, headers)'
        " VALUES ($1, 0, 0, 'quiet', '[]')",
        TOPIC,
    )
    await until(lambda: member.values == [b"quiet"], within=10, what="the record")


async def test_a_member_that_stops_polling_gives_its_partitions_to_another(desk: Desk) -> None:
    silent = await desk.member(poll_limit=0.5)
    await until(lambda: silent.owned, within=10, what="the partition")
    other = await desk.member()
    await silent.pause_polling()
    await until(lambda: other.owned, within=10, what="the partition at the other")
    assert silent.owned == frozenset()


async def test_a_topic_that_was_not_made_is_named(desk: Desk) -> None:
    member = desk.idle_member()
    with pytest.raises(Unreachable, match="no-such-topic"):
        await member.log.start([TOPIC, "no-such-topic"], "g", member)


async def test_what_was_claimed_before_another_claim_failed_is_told_of_all_the_same(
    desk: Desk,
) -> None:
    later = "later"
    await create_topics(desk.sql, {later: 1})
    await desk.sql.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RAISE EXCEPTION SQLSTATE ''53000''; END'"
    )
    await desk.sql.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE ON log_claim FOR EACH ROW"
        " WHEN (new.topic = 'later') EXECUTE FUNCTION refuse()"
    )
    member = desk.idle_member()
    await member.log.start([TOPIC, later], "g", member)
    claimed = "SELECT count(*) FROM log_claim WHERE owner IS NOT NULL"
    async with asyncio.timeout(10):
        while not await desk.sql.fetchval(claimed):  # noqa: ASYNC110 - no event tells us
            await asyncio.sleep(0.02)
    await desk.sql.execute("DROP TRIGGER refuse ON log_claim")
    await until(lambda: len(member.owned) == 2, within=10, what="both partitions")
    assert len(member.ever_owned) == 2


async def test_after_a_kill_of_every_member_the_next_one_need_not_wait_for_a_lease(
    desk: Desk,
) -> None:
    member = uuid.UUID(int=1)
    await desk.sql.execute(
        "INSERT INTO log_claim VALUES ('g', $1, 0, 4, $2, 7, clock_timestamp() + interval '1 hour')",
        TOPIC,
        member,
    )
    await desk.sql.execute(
        "INSERT INTO log_member VALUES ('g', $1, $2, now(), clock_timestamp() + interval '1 hour')",
        member,
        [TOPIC],
    )
    await release_all(desk.sql)
    heir = await desk.member()
    await until(lambda: heir.owned, within=10, what="the partition")
    assert heir.owned == {Assignment(Partition(TOPIC, 0), 8)}
    assert await heir.log.committed(Partition(TOPIC, 0)) == 4


async def test_only_what_every_group_has_read_and_what_is_old_is_pruned(desk: Desk) -> None:
    await desk.writer().append([new(b"%d" % n) for n in range(6)])
    await desk.sql.execute(
        "INSERT INTO log_claim (grp, topic, partition, committed)"
        " VALUES ('fast', $1, 0, 5), ('slow', $1, 0, 3)",
        TOPIC,
    )
    await desk.sql.execute(
        "UPDATE log_record SET appended_at = clock_timestamp() - interval '8 days'"
        ' WHERE "offset" < 2 OR "offset" = 5'
    )
    assert await prune(desk.sql, timedelta(days=7)) == 2
    assert await desk.values() == [b"2", b"3", b"4", b"5"]


async def test_a_group_that_never_committed_holds_everything(desk: Desk) -> None:
    await desk.writer().append([new(b"0")])
    await desk.sql.execute(
        "INSERT INTO log_claim (grp, topic, partition) VALUES ('g', $1, 0)", TOPIC
    )
    assert await prune(desk.sql, timedelta(0)) == 0


async def test_what_nobody_reads_is_pruned_by_age_alone(desk: Desk) -> None:
    await desk.writer().append([new(b"%d" % n) for n in range(2_500)])
    assert await prune(desk.sql, timedelta(days=1)) == 0
    assert await prune(desk.sql, timedelta(0)) == 2_500


async def test_reading_goes_on_behind_what_was_pruned(desk: Desk) -> None:
    writer = desk.writer()
    await writer.append([new(b"old")])
    await prune(desk.sql, timedelta(0))
    await writer.append([new(b"young")])
    member = await desk.member()
    await until(lambda: member.values == [b"young"], within=10, what="the record that is left")


async def test_a_damaged_page_stops_its_partition_where_the_damage_begins(
    mortal_server: TestServer,
) -> None:
    """As a disk damages it: the page's checksum is wrong."""
    async with desk_on(await mortal_server.fresh(), 2) as desk:
        # Of 1.5 kB each, so the first page holds 0 to 4 of one partition and nothing of the other.
        for key in (b"0", b"1"):
            await desk.writer().append([new(b"%d" % n * 1500, key) for n in range(10)])
        partition = await desk.sql.fetchval("SELECT partition FROM log_record WHERE ctid = '(0,1)'")
        path = await desk.sql.fetchval("SELECT pg_relation_filepath('log_record')")
        await mortal_server.stop()
        with (mortal_server.cluster / path).open("r+b") as file:
            file.seek(4096)
            file.write(b"damage")
        await mortal_server.start()

        member = await desk.member()
        await until(lambda: member.corrupt, within=10, what="the damage told")
        await until(lambda: len(member.values) == 10, within=10, what="the other partition")
        damage = member.corrupt[0]
        assert (damage.partition, damage.offset) == (Partition(TOPIC, partition), 0)
        (stuck,) = (a for a in member.owned if a.partition == damage.partition)
        await member.log.commit({stuck: 5})
        await until(lambda: len(member.values) == 15, within=10, what="what is behind the damage")
