"""Records what became overdue."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import append_entries
from responder.engagement.record import Entry

AT_ONCE = 1_000
"""How many may become overdue in one transaction."""


class Misses:
    """Every comment that is due and has no public reply is missed, once, when its time passes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record_due(self, *, at: datetime) -> int:
        """At most `AT_ONCE`; gives how many. What somebody else is at is left for the next.

        Raises:
            Unavailable: the database is away.
        """
        async with transaction(self._engine) as connection:
            missed = await connection.execute(
                text("""
                    WITH late AS (
                      UPDATE engagement SET due_outcome = 'missed'
                      WHERE id = ANY (ARRAY(SELECT id FROM engagement
                        WHERE due_outcome IS NULL AND due_at <= :at AND clock_paused_at IS NULL
                        ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED))
                      RETURNING id, due_period, sla, tier, due_at)
                    INSERT INTO due_settled
                      (engagement_id, period, sla, tier, due_at, outcome, settled_at)
                    SELECT id, due_period, sla, COALESCE(tier, ''), due_at, 'missed', :at FROM late
                    RETURNING engagement_id
                    """),
                {"at": at, "most": AT_ONCE},
            )
            ids = missed.scalars().all()
            await append_entries(
                connection,
                (Entry(engagement_id=each, act="due_missed", actor="clock") for each in ids),
            )
            return len(ids)
