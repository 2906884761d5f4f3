"""Which body came under the id that a sender gave its push.

A repeat has the same id and the same body. The same id with another body is a sender's mistake: both
are taken, since what they hold stands by ids of its own, and the contradiction is kept for the
source's page. Asking again changes nothing, in whatever order records are read.
"""

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.engagement.events import EngagementReceived, Event
from responder.review.ports import PushConflicts


async def note_bodies(
    connection: AsyncConnection, seen: Iterable[tuple[Event, EngagementReceived]]
) -> None:
    """Keep the first body of each id, and every other one as a contradiction.

    The second statement sees the first body even where another transaction put it there: the
    insertion before it has waited for that one's end.
    """
    bodies = {
        (event.source, data.delivery_id, data.body_sha256)
        for event, data in seen
        if data.delivery_id and data.body_sha256
    }
    if not bodies:
        return
    names = ("source", "delivery_id", "body_sha256")
    rows = json.dumps([dict(zip(names, each, strict=True)) for each in sorted(bodies)])
    for statement in (_FIRST, _OTHERS):
        await connection.execute(text(statement), {"rows": rows})


_FIRST = """
    INSERT INTO push_body (source, delivery_id, body_sha256)
    SELECT source, delivery_id, body_sha256
    FROM json_populate_recordset(NULL::push_body, CAST(:rows AS json))
    ON CONFLICT DO NOTHING
    """
_OTHERS = """
    INSERT INTO push_conflict (source, delivery_id, body_sha256)
    SELECT r.source, r.delivery_id, r.body_sha256
    FROM json_populate_recordset(NULL::push_body, CAST(:rows AS json)) r
    JOIN push_body b USING (source, delivery_id) WHERE b.body_sha256 <> r.body_sha256
    ON CONFLICT DO NOTHING
    """


async def read_conflicts(connection: AsyncConnection) -> Mapping[str, PushConflicts]:
    """By source; those without are left out."""
    found = await connection.execute(
        text("""
            SELECT DISTINCT ON (source) source, delivery_id, seen_at,
              count(*) OVER (PARTITION BY source) AS conflicts
            FROM push_conflict ORDER BY source, seen_at DESC, delivery_id
            """)
    )
    return {
        row.source: PushConflicts(count=row.conflicts, last_id=row.delivery_id, last_at=row.seen_at)
        for row in found
    }
