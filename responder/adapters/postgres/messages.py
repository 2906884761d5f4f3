"""Messages to webhooks, kept with the step that made them until they have arrived."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import append_entries
from responder.engagement.events import derive_id
from responder.engagement.model import EngagementId
from responder.engagement.record import Entry
from responder.sla.ports import Message, StepTaken

STEP_TAKEN = "clock.step"


async def leave_message(
    connection: AsyncConnection, data: StepTaken, *, webhook: str, period: int, at: datetime
) -> None:
    """For whoever tells; a step has one message in each period."""
    item = f"{data.engagement_id} {period}"
    await connection.execute(
        text("""
            INSERT INTO webhook_message (id, webhook, type, data, engagement_id, made_at, next_at)
            VALUES (:id, :webhook, :type, CAST(:data AS jsonb), :engagement_id, :at, :at)
            ON CONFLICT DO NOTHING
            """),
        {
            "id": derive_id(data.source, STEP_TAKEN, item, data.step),
            "webhook": webhook,
            "type": STEP_TAKEN,
            "data": data.model_dump_json(),
            "engagement_id": data.engagement_id,
            "at": at,
        },
    )


class PostgresMessages:
    """`sla.ports.Messages` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(
        self, *, at: datetime, again_at: datetime, but: Collection[str] = ()
    ) -> Message | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    UPDATE webhook_message SET attempts = attempts + 1, next_at = :again_at
                    WHERE id = (
                      SELECT id FROM webhook_message
                      WHERE next_at <= :at AND NOT webhook = ANY(CAST(:but AS text[]))
                      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
                    RETURNING *
                    """),
                {"at": at, "again_at": again_at, "but": sorted(but)},
            )
            row = found.one_or_none()
            return None if row is None else _message(row)

    async def told(self, message: Message, *, at: datetime) -> None:
        entry = Entry(
            engagement_id=EngagementId(message.data.engagement_id),
            act="told",
            actor="clock",
            reason=f"webhook {message.webhook}",
        )
        await self._end(message, entry, at=at, why=None)

    async def given_up(self, message: Message, *, at: datetime, why: str) -> None:
        entry = Entry(
            engagement_id=EngagementId(message.data.engagement_id),
            act="not_told",
            actor="clock",
            reason=f"webhook {message.webhook}: {why}",
        )
        await self._end(message, entry, at=at, why=why)

    async def put_off(self, message: Message, *, until: datetime, why: str) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    UPDATE webhook_message SET next_at = :until, why = :why
                    WHERE id = :id AND settled_at IS NULL
                    """),
                {"id": message.id, "until": until, "why": why},
            )

    async def _end(self, message: Message, entry: Entry, *, at: datetime, why: str | None) -> None:
        async with transaction(self._engine) as connection:
            ended = await connection.execute(
                text("""
                    UPDATE webhook_message SET settled_at = :at, next_at = NULL, why = :why
                    WHERE id = :id AND settled_at IS NULL RETURNING 1
                    """),
                {"id": message.id, "at": at, "why": why},
            )
            if ended.one_or_none() is not None:  # else somebody slower or quicker has ended it
                await append_entries(connection, [entry])


def _message(row: Any) -> Message:
    return Message(
        id=row.id,
        webhook=row.webhook,
        data=StepTaken.model_validate(row.data),
        made_at=row.made_at,
        tries=row.attempts,
    )
