"""Notices that the log began anew: an offset that held one event holds another now.

Offsets of a partition never come again, unless its topic was made anew, was emptied, or was restored
from an earlier copy. What had been acknowledged there and not been read by then is gone from the log.
The same event may well stand at several offsets; two events never stood at one.
"""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.findings import keep
from responder.audit.ports import Check, Finding

KEPT_DAYS = 7
"""So long it is told: as long as the topics keep records by default."""


async def note_new_logs(
    connection: AsyncConnection, received: Sequence[Mapping[str, object]]
) -> None:
    """Keep where one of these stands where another stood, once for each time a log begins anew."""
    found = await connection.execute(
        _BEGUN, {"rows": json.dumps([dict(each) for each in received])}
    )
    await keep(
        connection,
        [
            Finding(
                check=Check.LOG,
                name=f"{row.topic}/{row.partition} at {row.at.isoformat()}",
                facts={
                    "topic": row.topic,
                    "partition": row.partition,
                    "offset": row.offset,
                    "read_to": row.read_to,
                    "read_at": row.read_at.isoformat(),
                },
            )
            for row in found
        ],
    )


async def recent_logs(connection: AsyncConnection) -> set[str]:
    """The names of those that are still told."""
    found = await connection.execute(
        text("""
            SELECT name FROM audit_finding
            WHERE kind = :kind AND found_at > now() - :days * interval '1 day'
            """),
        {"kind": Check.LOG, "days": KEPT_DAYS},
    )
    return set(found.scalars())


_BEGUN = text("""
    WITH another AS (
      SELECT n.topic, n.partition, min(n."offset") AS "offset",
        COALESCE(min(g.began_at), '-infinity') AS since
      FROM json_populate_recordset(NULL::received_id, CAST(:rows AS json)) n
      LEFT JOIN log_generation g USING (topic, partition)
      CROSS JOIN LATERAL (SELECT FROM received_id r
        WHERE r.topic = n.topic AND r.partition = n.partition AND r."offset" = n."offset"
          AND r.event_id <> n.event_id AND r.seen_at >= COALESCE(g.began_at, '-infinity')
        LIMIT 1) r
      GROUP BY n.topic, n.partition),
    begun AS (
      INSERT INTO log_generation (topic, partition, began_at)
      SELECT topic, partition, now() FROM another
      ON CONFLICT (topic, partition) DO UPDATE SET began_at = now()
      RETURNING topic, partition, began_at)
    SELECT a.topic, a.partition, a."offset", b.began_at AS at, l."offset" AS read_to,
      l.seen_at AS read_at
    FROM another a JOIN begun b USING (topic, partition)
    CROSS JOIN LATERAL (SELECT "offset", seen_at FROM received_id
      WHERE topic = a.topic AND partition = a.partition AND seen_at >= a.since
      ORDER BY topic DESC, partition DESC, "offset" DESC LIMIT 1) l
    """)
