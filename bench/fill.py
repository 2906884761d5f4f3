"""Makes a ledger of any size out of a small one: `python -m bench.fill DSN COUNT`.

What stands in the ledger and has been triaged is copied under new ids into the tables that a
comment's way through the stages fills. The copies have come in the month before; their clocks are
moved into the month ahead, so that nothing falls due while something is measured.

The audit trail has none of them: its chain cannot be copied, and no page reads more of it than one
comment's. Nor has what is kept for days only: the outbox, the bodies of pushes, and what drafting
remembers of its events.
"""

import asyncio
import sys
from collections.abc import Sequence

import asyncpg

PREFIX = "fill-"
AT_ONCE = 50_000

# Of each number the template it is copied from, in turn, and how much earlier it came.
_PLAN = """
CREATE TEMPORARY TABLE plan AS
WITH template AS (
  SELECT row_number() OVER (ORDER BY e.id) - 1 AS i, count(*) OVER () AS size, e.id, e.event_id,
    e.source, e.comment_id, e.thread_key
  FROM engagement e WHERE e.state = 'awaiting_review' AND e.draft_version = 1
    AND NOT starts_with(e.comment_id, $1))
SELECT n, t.id AS from_id, t.event_id AS from_event, t.source, t.comment_id AS from_comment,
  t.thread_key AS from_thread, $1 || n AS comment_id, $1 || (n / 5) AS thread_id,
  md5($1 || n)::uuid AS id, md5($1 || n) || md5(n::text) AS event_id,
  (n % 2592000) * interval '1 second' AS earlier,
  (n % 2592000 + 86400) * interval '1 second' AS later
FROM generate_series($2::int, $3::int - 1) AS n JOIN template t ON t.i = n % t.size
"""
_COPIES = (
    """
    INSERT INTO thread (key, source, thread_id)
    SELECT DISTINCT source || '/' || thread_id, source, thread_id FROM plan ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO comment SELECT r.* FROM plan p
    JOIN comment t ON t.source = p.source AND t.comment_id = p.from_comment,
    LATERAL jsonb_populate_record(t, jsonb_build_object(
      'comment_id', p.comment_id, 'root_id', p.comment_id, 'parent_id', NULL,
      'thread_key', p.source || '/' || p.thread_id, 'published_at', t.published_at - p.earlier)) r
    """,
    """
    INSERT INTO engagement SELECT r.* FROM plan p JOIN engagement t ON t.id = p.from_id,
    LATERAL jsonb_populate_record(t, jsonb_build_object(
      'id', p.id, 'comment_id', p.comment_id, 'thread_key', p.source || '/' || p.thread_id,
      'event_id', p.event_id, 'published_at', t.published_at - p.earlier,
      'received_at', t.received_at - p.earlier, 'accepted_at', t.accepted_at - p.earlier,
      'due_at', t.due_at + p.later, 'order_due', t.order_due + p.later,
      'at_risk_from', t.at_risk_from + p.later)) r
    """,
    """
    INSERT INTO clock_tick SELECT r.* FROM plan p JOIN clock_tick t ON t.engagement_id = p.from_id,
    LATERAL jsonb_populate_record(t, jsonb_build_object(
      'engagement_id', p.id, 'at', t.at + p.later)) r
    """,
    """
    INSERT INTO clock_step SELECT r.* FROM plan p JOIN clock_step t ON t.engagement_id = p.from_id,
    LATERAL jsonb_populate_record(t, jsonb_build_object(
      'engagement_id', p.id, 'at', t.at + p.later)) r
    """,
    """
    INSERT INTO draft_version SELECT r.* FROM plan p
    JOIN draft_version t ON t.engagement_id = p.from_id AND t.version = 1,
    LATERAL jsonb_populate_record(t, jsonb_build_object('engagement_id', p.id)) r
    """,
    """
    INSERT INTO received_id SELECT r.* FROM plan p JOIN received_id t ON t.event_id = p.from_event,
    LATERAL jsonb_populate_record(t, jsonb_build_object(
      'event_id', p.event_id, 'comment_id', p.comment_id)) r
    """,
    """
    INSERT INTO inbox SELECT r.* FROM plan p JOIN inbox t ON t.event_id = p.from_event,
    LATERAL jsonb_populate_record(t, jsonb_build_object('event_id', p.event_id)) r
    """,
)

_NOT_COPIED = (
    *("audit_entry", "audit_chain"),
    *("decision", "delivery_job", "command_key", "dead_letter", "webhook_message"),
    *("due_settled", "response_time"),
)
"""Of the tables that tell an engagement: the audit trail, what people did, and how it ended."""
_TABLES = """
SELECT table_name FROM information_schema.columns JOIN information_schema.tables
USING (table_schema, table_name) WHERE column_name = 'engagement_id'
  AND table_type = 'BASE TABLE' AND table_name <> ALL($1::text[]) ORDER BY table_name
"""
_ROWS_EACH = """
SELECT starts_with(e.comment_id, $1) AS is_copy, (
  SELECT count(*) FROM {table} t WHERE t.engagement_id = e.id) AS rows
FROM engagement e WHERE e.state = 'awaiting_review' AND e.draft_version = 1 GROUP BY 1, 2
"""


async def unlike(dsn: str) -> list[str]:
    """In which tables a copy has as many rows as no comment that was pushed; reads all of them."""
    connection = await asyncpg.connect(dsn)
    try:
        found = []
        for row in await connection.fetch(_TABLES, _NOT_COPIED):
            table = row["table_name"]
            counts = await connection.fetch(_ROWS_EACH.format(table=table), PREFIX)
            found += differences(table, [(each["is_copy"], each["rows"]) for each in counts])
    finally:
        await connection.close()
    return found


def differences(table: str, counts: Sequence[tuple[bool, int]]) -> list[str]:
    """Of each number of rows that some engagement has there, and whether that one is a copy."""
    pushed = {rows for is_copy, rows in counts if not is_copy}
    wrong = sorted({rows for is_copy, rows in counts if is_copy} - pushed)
    return [f"copies with {each} rows of {table}, of which no pushed one is" for each in wrong]


async def fill(dsn: str, count: int) -> None:
    """Add so many open engagements.

    Raises:
        ValueError: there is none with a draft to copy.
    """
    connection = await asyncpg.connect(dsn)
    try:
        templates = await connection.fetchval(
            "SELECT count(*) FROM engagement WHERE state = 'awaiting_review' AND draft_version = 1"
        )
        if not templates:
            raise ValueError("there is no comment with a draft that could be copied")
        start = await connection.fetchval(
            "SELECT count(*) FROM comment WHERE starts_with(comment_id, $1)", PREFIX
        )
        for first in range(start, start + count, AT_ONCE):
            async with connection.transaction():
                await connection.execute(
                    _PLAN.replace("$1", f"'{PREFIX}'")
                    .replace("$2", str(first))
                    .replace("$3", str(min(first + AT_ONCE, start + count)))
                )
                for copy in _COPIES:
                    await connection.execute(copy)
                await connection.execute("DROP TABLE plan")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def main(arguments: Sequence[str]) -> None:
    dsn, count = arguments
    asyncio.run(fill(dsn, int(count)))


if __name__ == "__main__":
    main(sys.argv[1:])
