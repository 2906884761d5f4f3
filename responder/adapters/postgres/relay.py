"""The relay: sends the outbox in order, and releases held decisions.

A relay owns a shard by a session advisory lock on a connection of its own and sends it in the order
of ids: append, await, mark. A second relay skips the whole shard, never a row: taking the next row
while the first is in flight would send a thread's events out of order. A crash between append and
mark sends a row again, with the same event id; every reader's inbox absorbs it.

A record that the log refuses for good becomes a dead letter in the ledger, where a person sees it
and may hand it back, and the rest goes on. Where the log refuses a whole topic, its rows wait and
the others go on: a dead letter for each would bury what one command of an operator mends.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.failures import FAILED
from responder.adapters.postgres.recording import (
    SHARDS,
    End,
    append_entries,
    append_events,
    event_of,
    lock_engagement,
    move_engagement,
)
from responder.adapters.postgres.turns import LIVENESS
from responder.engagement.deadletter import Buried, earlier_id, letter_id
from responder.engagement.errors import Unavailable
from responder.engagement.events import ReplyApproved
from responder.engagement.lifecycle import State, Trigger, step
from responder.engagement.model import DismissalReason, EngagementId
from responder.engagement.ports import Clock
from responder.engagement.record import Entry
from responder.stream.log import LogError, LogWriter, NewRecord, Rejected, TopicClosed

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SHARD_LOCK_CLASS = 0x6F7574
BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
"""A round takes no more, but always one row: a writer holds only so much that has no answer yet."""
IDLE_SECONDS = 30.0
"""A relay that asks nothing for so long stands still, and the server ends its session: its shards
are the next one's. Longer than an append may take, and a hundred times what a living one is idle."""
CLOSED_SECONDS = 30.0
"""How long the rows of a topic wait after the log has refused all of it."""
STAGE = "relay"

_DUE = """
SELECT id, topic, key, event_id, headers, payload, found
FROM (
  SELECT *, row_number() OVER by_id AS n, sum(octet_length(payload)) OVER by_id AS bytes,
    count(*) OVER () AS found
  FROM (
    SELECT * FROM outbox
    WHERE sent_at IS NULL AND shard = ANY($1::smallint[]) AND topic <> ALL($2::text[])
    ORDER BY id LIMIT $3) due
  WINDOW by_id AS (ORDER BY id)) sized
WHERE bytes <= $4 OR n = 1
ORDER BY id
"""


class OutboxRelay:
    """Sends what transactions left in the outbox. One `round` at a time per instance."""

    def __init__(
        self,
        dsn: str,
        writer: LogWriter,
        dead_letters: DeadLetterRows,
        *,
        clock: Clock,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Nothing is opened before the first round.

        Args:
            dsn: direct, not through a pooler: the session holds the shards' locks.
            writer: where to append.
            dead_letters: where what it refuses for good is kept.
            clock: tells when a closed topic is tried again.
            idle_seconds: how long it may ask nothing before its shards are let go of.
        """
        self._dsn = dsn
        self._idle_seconds = idle_seconds
        self._writer = writer
        self._dead_letters = dead_letters
        self._clock = clock
        self._closed: dict[str, float] = {}
        self.wake: Callable[[], None] = lambda: None
        """Called when a transaction has left something."""
        self._connection: Connection | None = None
        self._owned: set[int] = set()

    async def round(self) -> bool:
        """Send what is due in every shard that is ours or free; tells whether there is more.

        Raises:
            Unavailable: database or log are away, or the log refuses a topic; what was not marked
                is sent again.
        """
        try:
            return await self._round(await self._connected())
        except FAILED as error:
            await self.close()
            raise Unavailable(what="the database", why=type(error).__name__) from error
        except LogError as error:
            raise Unavailable(what="the log", why=str(error)) from error

    async def close(self) -> None:
        """Let go of the shards. Twice is harmless."""
        connection, self._connection = self._connection, None
        self._owned.clear()
        if connection is not None:
            connection.terminate()

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._owned.clear()
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=5,
                command_timeout=30,
                server_settings=LIVENESS
                | {"idle_session_timeout": str(int(self._idle_seconds * 1_000))},
            )
            await self._connection.add_listener("responder_outbox", lambda *_: self.wake())
        return self._connection

    async def _round(self, connection: Connection) -> bool:
        await self._take_free_shards(connection)
        now = self._clock.monotonic()
        self._closed = {topic: until for topic, until in self._closed.items() if until > now}
        rows = await connection.fetch(
            _DUE, sorted(self._owned), list(self._closed), BATCH, BATCH_BYTES
        )
        refused = await self._send(connection, rows)
        if refused is not None:
            raise Unavailable(what="the log", why=str(refused)) from refused
        return bool(rows) and (len(rows) < rows[0]["found"] or len(rows) == BATCH)

    async def _send(self, connection: Connection, rows: Sequence[Any]) -> TopicClosed | None:
        """Append and mark, in order; of rows that are refused together, each half by itself.

        Gives what closed a topic, if one was found closed; its rows were left out.
        """
        if not rows:
            return None
        records = [_record(row) for row in rows]
        try:
            await self._writer.append(records)
        except TopicClosed as closed:
            self._closed[closed.topic] = self._clock.monotonic() + CLOSED_SECONDS
            await self._send(connection, [row for row in rows if row["topic"] != closed.topic])
            return closed
        except Rejected as refusal:
            if len(rows) == 1:
                await self._dead_letters.take([self._refused(rows[0], refusal)])
                await _mark(connection, rows)
                return None
            middle = len(rows) // 2
            closed_before = await self._send(connection, rows[:middle])
            rest = [row for row in rows[middle:] if row["topic"] not in self._closed]
            return await self._send(connection, rest) or closed_before
        await self._dead_letters.settle_sent(_letters(records), stage=STAGE)
        await _mark(connection, rows)
        return None

    def _refused(self, row: Any, refusal: Rejected) -> Buried:
        now = self._clock.now()
        record = _record(row)
        return Buried(
            id=earlier_id(record.headers) or letter_id(STAGE, row["event_id"]),
            topic=record.topic,
            partition=None,
            offset=None,
            key=record.key,
            value=record.value,
            headers=record.headers,
            stage=STAGE,
            why=str(refusal),
            attempts=1,
            first_failed_at=now,
            last_failed_at=now,
            source=dict(record.headers).get("ce_source", b"").decode("utf-8", "replace") or None,
        )

    async def _take_free_shards(self, connection: Connection) -> None:
        free = sorted(set(range(SHARDS)) - self._owned)
        if not free:
            return
        taken = await connection.fetch(
            "SELECT s FROM unnest($2::int[]) AS s WHERE pg_try_advisory_lock($1, s)",
            SHARD_LOCK_CLASS,
            free,
        )
        self._owned.update(row["s"] for row in taken)


async def _mark(connection: Connection, rows: Sequence[Any]) -> None:
    await connection.execute(
        "UPDATE outbox SET sent_at = now() WHERE id = ANY($1::bigint[])",
        [row["id"] for row in rows],
    )


def _letters(records: Sequence[NewRecord]) -> Sequence[UUID]:
    """The dead letters that a person has handed back among these."""
    found = (earlier_id(record.headers) for record in records)
    return [each for each in found if each is not None]


def _record(row: Any) -> NewRecord:
    return NewRecord(
        topic=row["topic"],
        key=row["key"],
        value=row["payload"],
        headers=tuple((name, base64.b64decode(value)) for name, value in _headers(row)),
    )


def _headers(row: Any) -> Sequence[tuple[str, str]]:
    stored: list[tuple[str, str]] = json.loads(row["headers"])
    return stored


class Releases:
    """Lets held decisions go when their undo time is over."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def release_due(self, *, at: datetime) -> int:
        """Each in a transaction of its own: an undo of one never waits for another."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT id, engagement_id FROM decision
                    WHERE status = 'held' AND release_at <= :at ORDER BY release_at LIMIT 200
                    """),
                {"at": at},
            )
            due = found.all()
        failed: list[Exception] = []
        for row in due:
            try:
                await self._release(row.id, EngagementId(row.engagement_id), at)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - raised below, when the others are released
                failed.append(error)
        if failed:
            raise failed[0]
        return len(due)

    async def _release(self, decision_id: Any, engagement_id: EngagementId, at: datetime) -> None:
        async with transaction(self._engine) as connection:
            engagement = await lock_engagement(connection, engagement_id)
            released = await connection.execute(
                text("""
                    UPDATE decision SET status = 'released', settled_at = :at
                    WHERE id = :id AND status = 'held' RETURNING *
                    """),
                {"id": decision_id, "at": at},
            )
            decision = released.one_or_none()
            if decision is None:
                return  # undone or voided a moment ago
            if decision.kind == "reply":
                await _hand_to_delivery(connection, engagement, decision, at)
            else:
                await _dismiss(connection, engagement, decision, at)

    async def held(self) -> int:
        """How many decisions are in their undo time."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("SELECT count(*) FROM decision WHERE status = 'held' AND kind = 'reply'")
            )
            return int(found.scalar_one())


async def _hand_to_delivery(
    connection: AsyncConnection, engagement: Any, decision: Any, at: datetime
) -> None:
    await connection.execute(
        text("""
            INSERT INTO delivery_job (reply_id, engagement_id, source, next_at)
            VALUES (:id, :engagement_id, :source, :at)
            """),
        {
            "id": decision.id,
            "engagement_id": engagement.id,
            "source": engagement.source,
            "at": at,
        },
    )
    source, _, thread_id = engagement.thread_key.partition("/")
    approved = ReplyApproved(
        engagement_id=engagement.id,
        reply_id=decision.id,
        comment_id=engagement.comment_id,
        text_sha256=decision.text_sha256,
    )
    event = event_of(approved, source=source, thread_id=thread_id, at=at, version="1")
    await append_events(connection, [event])
    await append_entries(
        connection,
        [Entry(engagement_id=engagement.id, act="released", actor="relay")],
    )


async def _dismiss(
    connection: AsyncConnection, engagement: Any, decision: Any, at: datetime
) -> None:
    await move_engagement(
        connection,
        EngagementId(engagement.id),
        [step(State(engagement.state), Trigger.DISMISSED, decision.reason)],
        actor=f"person:{decision.actor}",
        at=at,
        ends_with=End(dismissal=DismissalReason(decision.reason)),
    )
