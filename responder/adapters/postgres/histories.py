"""Is each comment in the state that its history says? One entry for each change, and none without."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.audit.ports import Check, Finding

LOWEST = UUID(int=0)


async def unlike_histories(
    connection: AsyncConnection, engagement_ids: Collection[UUID]
) -> Sequence[Finding]:
    """Of these, those whose state is not the last one that was sealed, or that waits to be.

    One that is named by its history and is not there is such a one too, unless it is known that
    somebody deleted it.
    """
    if not engagement_ids:
        return ()
    found = await connection.execute(_UNLIKE, {"ids": sorted(engagement_ids)})
    return [
        Finding(
            check=Check.STATE,
            name=str(row.id),
            facts={
                "engagement_id": str(row.id),
                "source": row.source,
                "comment_id": row.comment_id,
                "state": row.state,
                "recorded": row.recorded,
            },
        )
        for row in found
    ]


async def ids_after(connection: AsyncConnection, low: UUID, *, most: int) -> Sequence[UUID]:
    """So many engagements, in the order of their ids."""
    found = await connection.execute(
        text("SELECT id FROM engagement WHERE id > :low ORDER BY id LIMIT :most"),
        {"low": low, "most": most},
    )
    return found.scalars().all()


async def ids_of_received(
    connection: AsyncConnection, since: datetime, until: datetime
) -> Sequence[UUID]:
    """The engagements of what was seen after `since` and until `until`."""
    found = await connection.execute(
        text("""
            SELECT DISTINCT e.id FROM received_id r
            CROSS JOIN LATERAL (SELECT id FROM engagement
              WHERE source = r.source AND comment_id = r.comment_id OFFSET 0) e
            WHERE r.seen_at > :since AND r.seen_at <= :until
            """),
        {"since": since, "until": until},
    )
    return found.scalars().all()


_UNLIKE = text("""
    WITH waiting AS MATERIALIZED (
      SELECT DISTINCT ON (engagement_id) engagement_id, to_state FROM audit_entry
      WHERE to_state IS NOT NULL ORDER BY engagement_id, id DESC)
    SELECT k.id, e.source, e.comment_id, e.state, COALESCE(w.to_state, c.to_state) AS recorded
    FROM unnest(CAST(:ids AS uuid[])) AS k (id)
    LEFT JOIN waiting w ON w.engagement_id = k.id
    LEFT JOIN LATERAL (SELECT source, comment_id, state FROM engagement
      WHERE id = k.id OFFSET 0) e ON true
    LEFT JOIN LATERAL (SELECT to_state FROM audit_chain
      WHERE engagement_id = k.id AND to_state IS NOT NULL ORDER BY number DESC LIMIT 1) c ON true
    WHERE e.state IS DISTINCT FROM COALESCE(w.to_state, c.to_state)
      AND NOT (e.state IS NULL AND k.id IN (SELECT row_id FROM removed_row))
    ORDER BY k.id
    """)
