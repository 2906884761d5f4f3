"""Records that could not be processed: counted once, worked off, and closed when they are done."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.desk import PostgresDesk
from responder.adapters.postgres.log.topics import create_topics
from responder.adapters.postgres.log.writer import MAX_RECORD_BYTES, PostgresLogWriter
from responder.adapters.system import SystemClock
from responder.app.consumers import DeadLetterTopic, SettlingConsumer
from responder.engagement.deadletter import ID_HEADER, Buried, letter_id
from responder.engagement.events import DEAD_LETTER_TOPIC
from responder.review.commands import PostedByPerson
from responder.review.errors import (
    TextUnusable,
)
from responder.stream.handler import DONE, Outcome, Retry
from responder.stream.log import Partition, Record
from responder.testing.factories import NOON, comment
from responder.testing.ledger import ANA, Bench

LETTER = Buried(
    id=letter_id("drafting", "engagement.triaged", 0, 7),
    topic="engagement.triaged",
    partition=0,
    offset=7,
    key=b"garden/c1",
    value=b"{}",
    headers=(),
    stage="drafting",
    why="the model is not available",
    attempts=5,
    first_failed_at=NOON,
    last_failed_at=NOON,
    source="garden",
)
RETRIED = Record(
    Partition("engagement.triaged", 0),
    9,
    b"garden/c1",
    b"{}",
    ((ID_HEADER, str(LETTER.id).encode()),),
    NOON,
)


async def retried(bench: Bench) -> DeadLetterRows:
    """A dead letter of drafting that a person has handed back to its topic."""
    rows = DeadLetterRows(bench.engine)
    await rows.take([LETTER])
    await bench.dead_letters.retry(LETTER.id, actor=ANA)
    return rows


async def status(desk: PostgresDesk, letter: UUID = LETTER.id) -> str:
    return (await desk.dead_letter(letter)).status


async def test_a_retried_record_closes_its_dead_letter_once_it_is_dealt_with(bench: Bench) -> None:
    rows = await retried(bench)

    async def works(_: Record) -> Outcome:
        return DONE

    assert await status(bench.desk) == "retried"
    await SettlingConsumer(works, rows).handle(RETRIED)
    assert await status(bench.desk) == "settled"


async def test_a_retried_record_that_waits_or_fails_again_leaves_it_open(bench: Bench) -> None:
    rows = await retried(bench)

    async def waits(_: Record) -> Outcome:
        return Retry("unavailable")

    await SettlingConsumer(waits, rows).handle(RETRIED)
    assert await status(bench.desk) == "retried"
    await rows.take([replace(LETTER, last_failed_at=NOON.replace(hour=13))])
    assert await status(bench.desk) == "open"


async def test_what_failed_behind_triage_is_not_counted_as_a_comment_that_came_in(
    bench: Bench,
) -> None:
    await DeadLetterRows(bench.engine).take([LETTER])
    balance = await bench.desk.balance()
    assert (balance.accepted, balance.open, balance.unaccounted) == (0, 0, 0)


async def test_what_triage_could_not_read_counts_as_one_open_comment(bench: Bench) -> None:
    unread = replace(LETTER, topic="engagement.received", stage="triage")
    await DeadLetterRows(bench.engine).take([unread, unread])
    balance = await bench.desk.balance()
    assert (balance.accepted, balance.open, balance.unreadable) == (1, 1, 1)


@pytest.mark.parametrize("url", ["garden.example/c1", "ftp://garden.example", "https://a b", ""])
async def test_a_link_that_is_none_is_refused_in_words(bench: Bench, url: str) -> None:
    await bench.arrives(comment())
    item = await bench.item()
    with pytest.raises(TextUnusable, match="the link must start with"):
        await bench.review.posted_by_person(
            PostedByPerson(
                engagement_id=item.row.engagement_id,
                actor=ANA,
                key="k",
                context=item.context,
                url=url,
                text="Yes.",
            )
        )


async def test_a_record_that_no_log_takes_with_its_reason_is_kept_by_the_ledger(
    bench: Bench,
) -> None:
    dsn = bench.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    await create_topics(connection, {DEAD_LETTER_TOPIC: 1})
    await connection.close()
    writer = PostgresLogWriter(dsn, clock=SystemClock())
    huge = RETRIED._replace(headers=(), value=b"x" * (MAX_RECORD_BYTES - len(b"garden/c1") - 2))
    dead_letters = DeadLetterTopic(writer, DeadLetterRows(bench.engine))
    try:
        await dead_letters.bury(
            huge,
            group="drafting",
            reason="malformed",
            detail="it cannot be read",
            attempts=1,
            first_failed_at=NOON,
            last_failed_at=NOON,
        )
    finally:
        await writer.stop()
    id_ = letter_id("drafting", huge.partition.topic, huge.partition.number, huge.offset)
    kept = await bench.desk.dead_letter(id_)
    assert (kept.status, kept.why, kept.value) == ("open", "it cannot be read", huge.value)
