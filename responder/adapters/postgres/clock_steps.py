"""Takes the steps of clocks whose time has come: warnings, and what goes to others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.messages import leave_message
from responder.adapters.postgres.recording import append_entries, lock_engagements
from responder.engagement.model import EngagementId
from responder.engagement.record import Entry
from responder.sla.ports import StepTaken

AT_ONCE = 50


class ClockSteps:
    """Each planned step is taken once, by whoever comes first. Raises Unavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take_due(self, *, at: datetime) -> int:
        """Take the oldest of those that are due, at most `AT_ONCE`; gives how many were."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT DISTINCT engagement_id FROM (
                      SELECT engagement_id FROM clock_step
                      WHERE done_at IS NULL AND at <= :at ORDER BY at LIMIT :most) due
                    """),
                {"at": at, "most": AT_ONCE},
            )
            ids = [EngagementId(each) for each in found.scalars()]
            await lock_engagements(connection, ids)
            taken = await _take(connection, ids, at)
            for row in taken:
                await _act(connection, row, at)
            return len(taken)


async def _take(
    connection: AsyncConnection, ids: Sequence[EngagementId], at: datetime
) -> Sequence[Any]:
    """In the order of their times, now that nobody else changes these engagements."""
    found = await connection.execute(
        text("""
            WITH taken AS (
              UPDATE clock_step SET done_at = :at
              WHERE engagement_id = ANY(CAST(:ids AS uuid[])) AND done_at IS NULL AND at <= :at
              RETURNING engagement_id, period, name, at, queue, person, webhook)
            SELECT taken.*, p.id AS person_id FROM taken
            LEFT JOIN person p ON lower(p.name) = lower(taken.person) ORDER BY at, name
            """),
        {"ids": sorted(ids), "at": at},
    )
    return found.all()


async def _act(connection: AsyncConnection, row: Any, at: datetime) -> None:
    found = await connection.execute(
        text("""
            UPDATE engagement e SET queue = COALESCE(:queue, queue),
              escalated_from = CASE WHEN CAST(:queue AS text) IS NULL THEN escalated_from
                ELSE COALESCE(escalated_from, queue) END,
              assigned_to = COALESCE(:person, assigned_to)
            FROM comment c
            WHERE e.id = :id AND (c.source, c.comment_id) = (e.source, e.comment_id)
            RETURNING e.id, e.source, e.comment_id, e.due_at, e.received_at, e.queue, c.permalink
            """),
        {"id": row.engagement_id, "queue": row.queue, "person": row.person_id},
    )
    if row.webhook is not None:
        data = _told_of(row, found.one())
        await leave_message(connection, data, webhook=row.webhook, period=row.period, at=at)
    await append_entries(connection, [_entry(row)])


def _told_of(step: Any, engagement: Any) -> StepTaken:
    return StepTaken(
        engagement_id=engagement.id,
        source=engagement.source,
        comment_id=engagement.comment_id,
        step=step.name,
        due_at=engagement.due_at,
        received_at=engagement.received_at,
        queue=engagement.queue,
        person=step.person if step.person_id else None,
        permalink=engagement.permalink,
    )


def _entry(step: Any) -> Entry:
    does = [
        f"step {step.name}",
        *([f"to {step.queue}"] if step.queue else []),
        *([_put_before(step)] if step.person else []),
        *([f"webhook {step.webhook}"] if step.webhook else []),
    ]
    return Entry(
        engagement_id=EngagementId(step.engagement_id),
        act="escalated" if does[1:] else "step_taken",
        actor="clock",
        reason=", ".join(does),
    )


def _put_before(step: Any) -> str:
    """A name may be mistaken: the people are in the ledger, and their names in the configuration."""
    return f"for {step.person}" if step.person_id else f"for {step.person}, whom nobody here is"
