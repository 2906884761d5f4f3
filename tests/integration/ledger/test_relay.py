"""What transactions left in the outbox reaches the log, whatever one record of it may be like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.log.topics import create_topics
from responder.adapters.postgres.log.writer import PostgresLogWriter
from responder.adapters.postgres.relay import BATCH_BYTES, CLOSED_SECONDS, OutboxRelay
from responder.adapters.system import SystemClock
from responder.engagement.errors import Unavailable
from responder.review.ports import DeadLetter
from responder.stream.log import LogWriter, Partition
from responder.testing.clock import LoopClock
from responder.testing.ledger import ANA, Bench, migrated, open_bench
from responder.testing.log import MAX_RECORD_BYTES, MemoryServer
from responder.testing.postgres import TestServer

RECEIVED = "engagement.received"
TRIAGED = "engagement.triaged"
TOO_LARGE = b"x" * (MAX_RECORD_BYTES + 1)
"""For the log in memory; the one in PostgreSQL takes it."""
NUMBERS = count(1)


@dataclass(slots=True)
class Outbox:
    """The outbox of a ledger, and a log in memory that it is sent to."""

    bench: Bench
    dsn: Dsn
    log: MemoryServer
    relay: OutboxRelay

    async def leave(self, *values: bytes, key: bytes = b"garden/t", topic: str = RECEIVED) -> None:
        """A transaction leaves these."""
        async with self.bench.engine.begin() as connection:
            for value in values:
                await connection.execute(
                    text("""
                        INSERT INTO outbox (shard, topic, key, event_id, headers, payload)
                        VALUES (:shard, :topic, :key, :event_id, '[["ce_source", "Z2FyZGVu"]]',
                                :value)
                        """),
                    {
                        "shard": key[-1] % 16,
                        "topic": topic,
                        "key": key,
                        "event_id": f"event {next(NUMBERS)}",
                        "value": value,
                    },
                )

    async def send(self, relay: OutboxRelay | None = None) -> None:
        while await (relay or self.relay).round():
            pass

    def sent(self, topic: str = RECEIVED, key: bytes = b"garden/t") -> list[bytes]:
        records = self.log.records[Partition(topic, 0)]
        return [each.value for each in records if each.key == key]

    async def waiting(self) -> int:
        async with self.bench.engine.connect() as connection:
            found = await connection.execute(
                text("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
            )
            return int(found.scalar_one())

    async def refused(self) -> list[DeadLetter]:
        return list(await self.bench.desk.dead_letters(status="all"))

    def relay_to(self, writer: LogWriter) -> OutboxRelay:
        rows = DeadLetterRows(self.bench.engine)
        return OutboxRelay(self.dsn.url(), writer, rows, clock=self.bench.clock)


@pytest_asyncio.fixture
async def outbox(postgres_server: TestServer) -> AsyncIterator[Outbox]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database) as bench:
        log = MemoryServer(LoopClock())
        log.create(RECEIVED, 1)
        relay = OutboxRelay(
            database.url(), log.writer(), DeadLetterRows(bench.engine), clock=bench.clock
        )
        yield Outbox(bench, database, log, relay)
        await relay.close()
    await postgres_server.drop(database)


async def test_a_record_that_the_log_refuses_holds_up_nothing_behind_it(outbox: Outbox) -> None:
    await outbox.leave(b"1", b"2", TOO_LARGE, b"3")
    await outbox.leave(b"other", key=b"garden/u")
    await outbox.leave(b"4")
    await outbox.send()
    assert list(dict.fromkeys(outbox.sent())) == [b"1", b"2", b"3", b"4"]
    assert outbox.sent(key=b"garden/u") == [b"other"]
    assert await outbox.waiting() == 0


async def test_a_record_that_the_log_refuses_is_a_dead_letter_whole_and_why(
    outbox: Outbox,
) -> None:
    await outbox.leave(TOO_LARGE, topic=RECEIVED)
    await outbox.send()
    [letter] = await outbox.refused()
    assert (letter.status, letter.where, letter.topic) == ("open", "relay", RECEIVED)
    assert (letter.value, letter.key) == (TOO_LARGE, b"garden/t")
    assert letter.headers == (("ce_source", b"garden"),)
    assert letter.source == "garden"
    assert "too large" in letter.why


async def test_a_comment_that_the_log_refuses_still_counts_as_one_that_is_open(
    outbox: Outbox,
) -> None:
    """Such a record came from a push that was read again: its own letter is closed by then."""
    await outbox.leave(TOO_LARGE)
    await outbox.send()
    balance = await outbox.bench.desk.balance()
    assert (balance.accepted, balance.open, balance.unaccounted) == (1, 1, 0)


async def test_what_is_refused_again_after_a_retry_is_open_again(outbox: Outbox) -> None:
    await outbox.leave(TOO_LARGE)
    await outbox.send()
    [letter] = await outbox.refused()
    await outbox.bench.dead_letters.retry(letter.id, actor=ANA)
    outbox.bench.clock.forward(60)
    await outbox.send()
    [again] = await outbox.refused()
    assert (again.id, again.status, again.attempts) == (letter.id, "open", 2)


async def test_what_the_log_takes_after_a_retry_closes_its_dead_letter(outbox: Outbox) -> None:
    await outbox.leave(TOO_LARGE)
    await outbox.send()
    await outbox.relay.close()
    [letter] = await outbox.refused()
    await outbox.bench.dead_letters.retry(letter.id, actor=ANA)
    writer = await _writer_on(outbox.dsn)
    relay = outbox.relay_to(writer)
    try:
        await outbox.send(relay)
    finally:
        await relay.close()
        await writer.stop()
    [settled] = await outbox.refused()
    assert settled.status == "settled"
    assert await outbox.waiting() == 0


async def _writer_on(dsn: Dsn) -> PostgresLogWriter:
    connection = await asyncpg.connect(dsn.url())
    await create_topics(connection, {RECEIVED: 1})
    await connection.close()
    return PostgresLogWriter(dsn.url(), clock=SystemClock())


async def test_a_topic_that_is_not_there_keeps_its_records_waiting_and_no_others(
    outbox: Outbox,
) -> None:
    """It is for an operator to make it; a dead letter for each of them would help nobody."""
    await outbox.leave(b"1", topic=TRIAGED)
    await outbox.leave(b"2")
    with pytest.raises(Unavailable, match=TRIAGED):
        await outbox.send()
    await outbox.leave(b"3", topic=TRIAGED)
    await outbox.leave(b"4")
    await outbox.send()
    assert outbox.sent() == [b"2", b"4"]
    assert (await outbox.waiting(), await outbox.refused()) == (2, [])
    outbox.log.create(TRIAGED, 1)
    outbox.bench.clock.forward(CLOSED_SECONDS)
    await outbox.send()
    assert outbox.sent(TRIAGED) == [b"1", b"3"]
    assert await outbox.waiting() == 0


async def test_a_round_sends_no_more_at_once_than_a_log_would_hold(outbox: Outbox) -> None:
    size = MAX_RECORD_BYTES
    await outbox.leave(*(bytes([n]) * size for n in range(2 * BATCH_BYTES // size)))
    assert await outbox.relay.round()
    assert sum(len(value) for value in outbox.sent()) <= BATCH_BYTES
    assert await outbox.waiting() > 0
    await outbox.send()
    assert await outbox.waiting() == 0


@pytest.mark.fault(21)
async def test_what_a_frozen_relay_holds_is_another_ones_after_a_while(outbox: Outbox) -> None:
    """Its process stands still and its connection stays open: nobody would ever miss it."""
    rows = DeadLetterRows(outbox.bench.engine)
    frozen = OutboxRelay(
        outbox.dsn.url(), outbox.log.writer(), rows, clock=outbox.bench.clock, idle_seconds=0.5
    )
    await outbox.send(frozen)  # every shard is its own
    await outbox.leave(b"1")
    async with asyncio.timeout(30):
        while await outbox.waiting():
            await outbox.send()
            await asyncio.sleep(0.05)
    assert outbox.sent() == [b"1"]
    await outbox.leave(b"2")
    with suppress(Unavailable):  # it goes on, and finds its connection ended
        await outbox.send(frozen)
    await outbox.send()
    assert outbox.sent() == [b"1", b"2"]
    await frozen.close()
