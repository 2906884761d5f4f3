"""Dead letters as ledger rows: visible, counted as open, and worked off by a person."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import SHARDS, append_entries, append_events
from responder.engagement.deadletter import ID_HEADER, PUSH, Buried
from responder.engagement.errors import NotFound
from responder.engagement.events import EngagementReceived, Event
from responder.engagement.model import PersonId
from responder.engagement.record import Entry

ACCEPTING = frozenset({PUSH, "relay", "triage"})
"""Where a record that fails is one that did not come in. What fails elsewhere came in at triage."""


class DeadLetterRows:
    """Writes what the dead-letter topic holds into the ledger."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take(self, letters: Sequence[Buried]) -> None:
        """One row for each record; one that failed again after a retry is open again."""
        async with transaction(self._engine) as connection:
            for letter in sorted(letters, key=lambda each: each.id):
                await _store(connection, letter)

    async def settle(self, dead_letter_id: UUID) -> None:
        """A record that was retried is dealt with: its row is closed."""
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    UPDATE dead_letter SET status = 'settled', ended_at = now()
                    WHERE id = :id AND status = 'retried'
                    """),
                {"id": dead_letter_id},
            )

    async def settle_sent(self, dead_letters: Sequence[UUID], *, stage: str) -> None:
        """Close those that were retried and had failed in this stage, where they now succeeded."""
        if not dead_letters:
            return
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    UPDATE dead_letter SET status = 'settled', ended_at = now()
                    WHERE id = ANY(:ids) AND status = 'retried' AND failed_at_stage = :stage
                    """),
                {"ids": list(dead_letters), "stage": stage},
            )


async def _store(connection: AsyncConnection, letter: Buried) -> None:
    await connection.execute(
        text("""
            INSERT INTO dead_letter (id, topic, partition, "offset", source, key, value, headers,
              failed_at_stage, why, attempts, first_failed_at, last_failed_at, status, counts,
              receipt)
            VALUES (:id, :topic, :partition, :offset, :source, :key, :value,
              CAST(:headers AS jsonb), :stage, :why, :attempts, :first, :last, 'open', :counts,
              :receipt)
            ON CONFLICT (id) DO UPDATE SET status = 'open', why = EXCLUDED.why,
              partition = EXCLUDED.partition, "offset" = EXCLUDED."offset",
              attempts = dead_letter.attempts + EXCLUDED.attempts,
              last_failed_at = EXCLUDED.last_failed_at
            WHERE dead_letter.status IN ('retried', 'settled')
              AND dead_letter.last_failed_at < EXCLUDED.last_failed_at
            """),
        {
            "id": letter.id,
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
            "source": letter.source,
            "key": letter.key,
            "value": letter.value,
            "headers": _encoded(letter.headers),
            "stage": letter.stage,
            "why": letter.why,
            "attempts": letter.attempts,
            "first": letter.first_failed_at,
            "last": letter.last_failed_at,
            "counts": letter.topic == EngagementReceived.topic and letter.stage in ACCEPTING,
            "receipt": letter.receipt,
        },
    )


ReadAgain: TypeAlias = Callable[[str, Sequence[tuple[str, str]], bytes], tuple[Event, ...]]
"""What a push that could not be read holds now: source, kept headers, body. Raises Invalid."""


class PostgresDeadLetterDesk:
    """`review.ports.DeadLetterDesk` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine, *, read_again: ReadAgain) -> None:
        self._engine = engine
        self._read_again = read_again

    async def retry(self, dead_letter_id: UUID, *, actor: PersonId) -> None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("SELECT * FROM dead_letter WHERE id = :id AND status = 'open' FOR UPDATE"),
                {"id": dead_letter_id},
            )
            row = found.one_or_none()
            if row is None:
                raise NotFound(what="open record", name=str(dead_letter_id))
            if row.failed_at_stage == PUSH:
                await self._retry_push(connection, row)
            else:
                await _retry_record(connection, row)
            await _entry(connection, "dead_letter_retried", dead_letter_id, actor)

    async def _retry_push(self, connection: AsyncConnection, row: Any) -> None:
        """Read it again and put on the log what it holds. Raises Invalid: nothing changed."""
        headers = [
            (name, base64.b64decode(value).decode("utf-8", "replace"))
            for name, value in row.headers
        ]
        events = self._read_again(row.source or "", headers, bytes(row.value))
        await append_events(connection, events)
        await connection.execute(
            text("UPDATE dead_letter SET status = 'settled', ended_at = now() WHERE id = :id"),
            {"id": row.id},
        )

    async def drop(self, dead_letter_id: UUID, *, actor: PersonId, note: str) -> None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    UPDATE dead_letter SET status = 'dropped', ended_at = now(), note = :note
                    WHERE id = :id AND status IN ('open', 'retried') RETURNING 1
                    """),
                {"id": dead_letter_id, "note": note},
            )
            if found.one_or_none() is None:
                raise NotFound(what="open record", name=str(dead_letter_id))
            await _entry(connection, "dead_letter_dropped", dead_letter_id, actor)


async def _retry_record(connection: AsyncConnection, row: Any) -> None:
    """Hand the record back to its topic; its row is closed by whoever handles it."""
    await connection.execute(
        text("UPDATE dead_letter SET status = 'retried' WHERE id = :id"), {"id": row.id}
    )
    await connection.execute(
        text("""
            INSERT INTO outbox (shard, topic, key, event_id, headers, payload)
            VALUES (:shard, :topic, :key, :event_id, CAST(:headers AS jsonb), :payload)
            """),
        {
            "shard": row.id.int % SHARDS,
            "topic": row.topic,
            "key": row.key or b"",
            "event_id": f"retry:{row.id}:{row.attempts}:{row.last_failed_at.isoformat()}",
            "headers": json.dumps([*row.headers, _id_header(row.id)]),
            "payload": row.value,
        },
    )
    await connection.execute(text("NOTIFY responder_outbox"))


async def _entry(
    connection: AsyncConnection, act: str, dead_letter_id: UUID, actor: PersonId
) -> None:
    entry = Entry(
        engagement_id=None,
        act=act,
        actor=f"person:{actor}",
        data={"dead_letter_id": str(dead_letter_id)},
    )
    await append_entries(connection, [entry])


def _id_header(dead_letter_id: UUID) -> list[str]:
    return [ID_HEADER, base64.b64encode(str(dead_letter_id).encode()).decode()]


def _encoded(headers: Sequence[tuple[str, bytes]]) -> str:
    return json.dumps([[name, base64.b64encode(value).decode()] for name, value in headers])
