"""What came in and the ledger cannot account for: found by comparing ids, each of them.

All ids are compared in slices, in the order of two indexes, so that no statement runs long however
large the ledger is; those that came in lately by when they were seen. What has no engagement is then
looked at more closely: our own comments, deletions of what was never seen and dead letters have none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.delays import BELIEVED_SECONDS
from responder.audit.ports import Missing

SETTLING_SECONDS = 30
"""An id younger than this may still be on its way through triage."""
SLICE = 50_000

Key: TypeAlias = tuple[str, str]
"""Source and comment."""
BEGIN: Key = ("", "")


HORIZON = f"""
    now() - interval '1 second' * (:settling + (
      SELECT COALESCE(max(d.seconds), 0) FROM stage_delay d
      WHERE d.stage = 'triage' AND d.told_at > now() - interval '{BELIEVED_SECONDS} seconds'))
    """  # noqa: S608 - a constant
"""What was seen before it has settled. Triage tells when it is far behind: what it has not come to
is not missing."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where something leaves a trace when it comes in, and which of it is missing without more."""

    table: str
    closer: str
    """Of ids without an engagement, called `strays`."""


COMMENTS = Trace(
    "comment",
    """
    SELECT s.source, s.comment_id, r.event_id, r.received_at
    FROM strays s JOIN comment c USING (source, comment_id)
    CROSS JOIN LATERAL (SELECT max(event_id) AS event_id, min(seen_at) AS received_at
      FROM received_id WHERE source = s.source AND comment_id = s.comment_id OFFSET 0) r
    WHERE NOT c.is_own AND NOT c.is_deleted
    """,
)
RECEIVED = Trace(
    "received_id",
    f"""
    SELECT s.source, s.comment_id, max(r.event_id) AS event_id, min(r.seen_at) AS received_at
    FROM strays s
    JOIN received_id r USING (source, comment_id) LEFT JOIN comment c USING (source, comment_id)
    WHERE r.seen_at < {HORIZON}
      AND (c.comment_id IS NULL AND r.kind <> 'deleted' OR NOT c.is_own AND NOT c.is_deleted)
      AND NOT EXISTS (SELECT FROM dead_letter d WHERE d.receipt = r.event_id)
    GROUP BY s.source, s.comment_id
    """,  # noqa: S608 - a constant
)
TRACES = (COMMENTS, RECEIVED)


async def find_missing(
    connection: AsyncConnection, *, settling_seconds: float
) -> tuple[Missing, ...]:
    """All of it, in the order of sources and ids.

    Whatever has left a trace (a received id, a comment, a row that was deleted by hand) and none of
    the rest is missing. Ids that were received less than `settling_seconds` ago may still be on
    their way.
    """
    found: dict[str, Missing] = {}
    for trace in TRACES:
        low: Key | None = BEGIN
        while low is not None:
            some, low = await slice_of(connection, trace, low, settling_seconds=settling_seconds)
            found |= {each.name: each for each in some}
    found |= {each.name: each for each in await removed(connection)}
    return tuple(found[name] for name in sorted(found))


async def read_missing(connection: AsyncConnection) -> int:
    """How much was missing when that was last looked at; now, if it never was."""
    found = await connection.execute(text("SELECT missing FROM conservation"))
    last: int | None = found.scalar_one_or_none()
    if last is not None:
        return last
    return len(await find_missing(connection, settling_seconds=SETTLING_SECONDS))


async def slice_of(
    connection: AsyncConnection, trace: Trace, low: Key, *, settling_seconds: float
) -> tuple[Sequence[Missing], Key | None]:
    """What is missing among the ids after `low`, and where the slice ended; None: with the last."""
    high = await _boundary(connection, trace.table, low)
    span = "(source, comment_id) > (:low_source, :low)"
    bounds = {"low_source": low[0], "low": low[1]}
    if high is not None:
        span += " AND (source, comment_id) <= (:high_source, :high)"
        bounds |= {"high_source": high[0], "high": high[1]}
    strays = f"""
        SELECT source, comment_id FROM {trace.table} WHERE {span}
        EXCEPT SELECT source, comment_id FROM engagement WHERE {span}
        """  # noqa: S608 - constants
    values = bounds | ({"settling": settling_seconds} if trace is RECEIVED else {})
    return await _missing(connection, strays, trace.closer, values), high


async def missing_since(
    connection: AsyncConnection, since: datetime, until: datetime, *, settling_seconds: float
) -> Sequence[Missing]:
    """What is missing among the ids that were seen after `since` and until `until`."""
    strays = """
        SELECT DISTINCT r.source, r.comment_id FROM received_id r
        WHERE r.seen_at > :since AND r.seen_at <= :until AND NOT EXISTS (
          SELECT FROM engagement e
          WHERE e.source = r.source AND e.comment_id = r.comment_id OFFSET 0)
        """
    values = {"since": since, "until": until, "settling": settling_seconds}
    return await _missing(connection, strays, RECEIVED.closer, values)


async def still_missing(
    connection: AsyncConnection, keys: Sequence[Key], *, settling_seconds: float, most: int
) -> Sequence[Missing]:
    """Of these ids and of rows that were deleted (at most so many), what is missing now."""
    strays = """
        SELECT k.source, k.comment_id
        FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS k (source, comment_id)
        WHERE NOT EXISTS (SELECT FROM engagement e
          WHERE e.source = k.source AND e.comment_id = k.comment_id OFFSET 0)
        """
    named = {"sources": [source for source, _ in keys], "ids": [each for _, each in keys]}
    found: list[Missing] = []
    for trace in TRACES if keys else ():
        values = named | ({"settling": settling_seconds} if trace is RECEIVED else {})
        found += await _missing(connection, strays, trace.closer, values)
    return [*found, *await removed(connection, most=most)]


async def removed(connection: AsyncConnection, *, most: int | None = None) -> Sequence[Missing]:
    """Engagements and dead letters that somebody deleted and nobody put back, the first first."""
    found = await connection.execute(
        text("""
            SELECT r.* FROM removed_row r
            WHERE NOT EXISTS (SELECT FROM dead_letter d WHERE d.id = r.row_id OFFSET 0)
              AND NOT EXISTS (SELECT FROM engagement e
                WHERE e.source = r.source AND e.comment_id = r.comment_id OFFSET 0)
            ORDER BY r.removed_at, r.row_id LIMIT :most
            """),
        {"most": most},
    )
    return [
        Missing(
            source=row.source or "",
            comment_id=row.comment_id or "",
            event_id=row.event_id,
            record_id=row.row_id if row.kind == "dead_letter" else None,
            received_at=row.received_at,
        )
        for row in found
    ]


async def _missing(
    connection: AsyncConnection, strays: str, closer: str, values: Mapping[str, Any]
) -> Sequence[Missing]:
    found = await connection.execute(
        text(f"WITH strays AS MATERIALIZED ({strays}) {closer}"),
        values,
    )
    return [
        Missing(
            source=row.source,
            comment_id=row.comment_id,
            event_id=row.event_id,
            received_at=row.received_at,
        )
        for row in found
    ]


async def _boundary(connection: AsyncConnection, table: str, low: Key) -> Key | None:
    """Where the slice after `low` ends; None: with the last."""
    found = await connection.execute(
        text(f"""
            SELECT source, comment_id FROM {table}
            WHERE (source, comment_id) > (:source, :comment_id)
            ORDER BY source, comment_id OFFSET :slice LIMIT 1
            """),  # noqa: S608 - one of two constants
        {"source": low[0], "comment_id": low[1], "slice": SLICE},
    )
    row = found.one_or_none()
    return None if row is None else (row.source, row.comment_id)
