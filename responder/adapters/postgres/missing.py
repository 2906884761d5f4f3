"""Comments that came in and that the ledger cannot account for: found by comparing every id.

Ids are compared in slices, in the order of two indexes, so that no statement runs long however
large the ledger is; what has no engagement is then looked at more closely.
"""

from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.audit.ports import Missing

SLICE = 50_000


@dataclass(frozen=True, slots=True)
class Lost:
    """What was found."""

    comments: int
    """Comments in the ledger without an engagement."""
    event_ids: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """All: those, and what the log held and the ledger has never seen. By source and comment."""

    def first(self, count: int) -> tuple[Missing, ...]:
        return tuple(
            Missing(source=source, comment_id=comment_id, event_id=event_id)
            for (source, comment_id), event_id in sorted(self.event_ids.items())[:count]
        )


async def read_missing(connection: AsyncConnection) -> int:
    """How many comments had no engagement when that was last looked at; now, if it never was."""
    found = await connection.execute(text("SELECT missing_comments FROM conservation"))
    last: int | None = found.scalar_one_or_none()
    return len(await _strays(connection, "comment", _COMMENTS, {})) if last is None else last


async def find_missing(connection: AsyncConnection, *, settling_seconds: int) -> Lost:
    """What came in and has neither an engagement, nor a dead letter, nor a reason to have none.

    Our own comments and deletions of what was never seen have no engagement. Whatever has left a
    trace (a received id, a comment) and none of the rest is missing. Ids that were received less
    than `settling_seconds` ago may still be on their way.
    """
    comments = await _strays(connection, "comment", _COMMENTS, {})
    received = await _strays(
        connection, "received_id", _RECEIVED, {"settling": float(settling_seconds)}
    )
    return Lost(comments=len(comments), event_ids=comments | received)


_COMMENTS = """
    SELECT s.source, s.comment_id, NULL AS event_id FROM strays s
    JOIN comment c USING (source, comment_id) WHERE NOT c.is_own AND NOT c.is_deleted
    """
_RECEIVED = """
    SELECT s.source, s.comment_id, max(r.event_id) AS event_id FROM strays s
    JOIN received_id r USING (source, comment_id) LEFT JOIN comment c USING (source, comment_id)
    WHERE r.seen_at < now() - :settling * interval '1 second'
      AND (c.comment_id IS NULL AND r.kind <> 'deleted' OR NOT c.is_own AND NOT c.is_deleted)
      AND NOT EXISTS (SELECT FROM dead_letter d WHERE d.receipt = r.event_id)
    GROUP BY s.source, s.comment_id
    """


async def _strays(
    connection: AsyncConnection, table: str, closer: str, values: dict[str, float]
) -> dict[tuple[str, str], str | None]:
    """Of the ids in a table those without an engagement that a closer look leaves."""
    found: dict[tuple[str, str], str | None] = {}
    low: tuple[str, str] | None = ("", "")
    while low is not None:
        high = await _boundary(connection, table, low)
        span = "(source, comment_id) > (:low_source, :low)"
        bounds = {"low_source": low[0], "low": low[1]}
        if high is not None:
            span += " AND (source, comment_id) <= (:high_source, :high)"
            bounds |= {"high_source": high[0], "high": high[1]}
        rows = await connection.execute(
            text(f"""
                WITH strays AS MATERIALIZED (
                  SELECT source, comment_id FROM {table} WHERE {span}
                  EXCEPT SELECT source, comment_id FROM engagement WHERE {span})
                {closer}
                """),  # noqa: S608 - constants
            bounds | values,
        )
        found |= {(row.source, row.comment_id): row.event_id for row in rows}
        low = high
    return found


async def _boundary(
    connection: AsyncConnection, table: str, low: tuple[str, str]
) -> tuple[str, str] | None:
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
