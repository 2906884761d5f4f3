"""The particulars of one item, and of one dead letter, as the desk shows them."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.engagement.lifecycle import State
from responder.engagement.model import EngagementId
from responder.review.ports import (
    DeadLetter,
    Delivery,
    Draft,
    HistoryEntry,
    QuotedPassage,
    Refusal,
)

REFUSALS_SHOWN = 50


async def read_drafts(
    connection: AsyncConnection, engagement_id: EngagementId
) -> tuple[Draft, ...]:
    found = await connection.execute(
        text(
            "SELECT * FROM draft_version WHERE engagement_id = :id ORDER BY version DESC LIMIT 20"
        ),
        {"id": engagement_id},
    )
    return tuple(_draft(row) for row in found)


def _draft(row: Any) -> Draft:
    provenance = row.provenance or {}
    return Draft(
        version=row.version,
        text=row.text,
        refusal=row.refusal,
        explanation=row.explanation,
        made_at=row.made_at,
        writer=provenance.get("writer", ""),
        model=provenance.get("model"),
        endpoint=provenance.get("endpoint"),
        passages=tuple(
            QuotedPassage(title=each["title"], quote=each["quote"], url=each["url"])
            for each in provenance.get("passages", ())
        ),
        unsupported=tuple(provenance.get("unsupported", ())),
        for_revision=row.for_revision,
    )


async def read_reply(connection: AsyncConnection, engagement_id: EngagementId) -> Any | None:
    """The last decision to reply that still stands."""
    found = await connection.execute(
        text("""
            SELECT d.id, d.text, j.next_at FROM decision d
            LEFT JOIN delivery_job j ON j.reply_id = d.id
            WHERE d.engagement_id = :id AND d.kind = 'reply'
              AND d.status IN ('held', 'released') ORDER BY d.made_at DESC LIMIT 1
            """),
        {"id": engagement_id},
    )
    return found.one_or_none()


async def read_taken_back(connection: AsyncConnection, engagement_id: EngagementId) -> str | None:
    """The text of the last decision to reply, if it no longer stands."""
    found = await connection.execute(
        text("""
            SELECT text, status FROM decision WHERE engagement_id = :id AND kind = 'reply'
            ORDER BY made_at DESC, id DESC LIMIT 1
            """),
        {"id": engagement_id},
    )
    row = found.one_or_none()
    return row.text if row is not None and row.status in {"undone", "voided"} else None


async def read_deliveries(connection: AsyncConnection, reply_id: UUID) -> tuple[Delivery, ...]:
    found = await connection.execute(
        text("SELECT * FROM delivery_attempt WHERE reply_id = :id ORDER BY attempt"),
        {"id": reply_id},
    )
    return tuple(
        Delivery(
            attempt=row.attempt,
            started_at=row.started_at,
            settled_at=row.settled_at,
            outcome=row.outcome,
            external_id=row.external_id,
            url=row.url,
            detail=row.detail,
            is_held=row.is_held,
        )
        for row in found
    )


async def count_attempts(connection: AsyncConnection, engagement_id: EngagementId) -> int:
    """How often posting a reply was tried, of all its replies."""
    found = await connection.execute(
        text("""
            SELECT count(*) FROM delivery_attempt a JOIN decision d ON d.id = a.reply_id
            WHERE d.engagement_id = :id
            """),
        {"id": engagement_id},
    )
    return int(found.scalar_one())


async def read_history(
    connection: AsyncConnection, engagement_id: EngagementId
) -> tuple[HistoryEntry, ...]:
    """Sealed entries, then those that the sealer has not taken yet."""
    found = await connection.execute(
        text("""
            SELECT a.*, p.name, t.detail FROM (
              SELECT entry_id AS id, act, actor, to_state, reason, data, at FROM audit_chain
              WHERE engagement_id = :id
              UNION ALL
              SELECT id, act, actor, to_state, reason, data, at FROM audit_entry
              WHERE engagement_id = :id) a
            LEFT JOIN person p ON a.actor = 'person:' || p.id
            LEFT JOIN delivery_attempt t ON a.act = 'put_off'
              AND t.reply_id = CAST(a.data ->> 'reply_id' AS uuid)
              AND t.attempt = CAST(a.data ->> 'attempt' AS int)
            ORDER BY a.id LIMIT 200
            """),
        {"id": engagement_id},
    )
    return tuple(
        HistoryEntry(
            at=row.at,
            act=row.act,
            actor=row.name or row.actor,
            reason=row.reason,
            state=row.to_state and State(row.to_state),
            detail=row.detail or "",
            until=_time(row.data.get("until")),
        )
        for row in found
    )


def _time(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


async def read_refusals(connection: AsyncConnection) -> dict[str, tuple[Refusal, ...]]:
    found = await connection.execute(
        text("""
            SELECT source, at, reason, detail FROM (
              SELECT *, row_number() OVER (PARTITION BY source ORDER BY id DESC) AS place
              FROM refusal) r WHERE place <= :limit ORDER BY id DESC
            """),
        {"limit": REFUSALS_SHOWN},
    )
    refusals: dict[str, tuple[Refusal, ...]] = {}
    for row in found:
        seen = Refusal(at=row.at, reason=row.reason, detail=row.detail)
        refusals[row.source] = (*refusals.get(row.source, ()), seen)
    return refusals


def dead_letter_of(row: Any) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        source=row.source,
        key=row.key,
        value=row.value,
        headers=tuple((name, base64.b64decode(value)) for name, value in row.headers),
        where=row.failed_at_stage,
        why=row.why,
        attempts=row.attempts,
        first_failed_at=row.first_failed_at,
        last_failed_at=row.last_failed_at,
        status=row.status,
        engagement_id=row.engagement_id and EngagementId(row.engagement_id),
    )
