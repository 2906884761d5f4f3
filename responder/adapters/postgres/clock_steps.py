"""Takes the steps of clocks whose time has come: warnings, and what goes to another queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import append_entries, lock_engagements
from responder.engagement.model import EngagementId
from responder.engagement.record import Entry

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
                await _act(connection, row)
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
              RETURNING engagement_id, name, at, queue)
            SELECT * FROM taken ORDER BY at, name
            """),
        {"ids": sorted(ids), "at": at},
    )
    return found.all()


async def _act(connection: AsyncConnection, row: Any) -> None:
    engagement_id = EngagementId(row.engagement_id)
    if row.queue is not None:
        await connection.execute(
            text("""
                UPDATE engagement SET queue = :queue, escalated_from = COALESCE(escalated_from, queue)
                WHERE id = :id
                """),
            {"id": engagement_id, "queue": row.queue},
        )
    entry = Entry(
        engagement_id=engagement_id,
        act="step_taken" if row.queue is None else "escalated",
        actor="clock",
        reason=f"step {row.name}" if row.queue is None else f"step {row.name}, to {row.queue}",
    )
    await append_entries(connection, [entry])
