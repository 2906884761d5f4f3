"""What the ledger holds already of what arrives: comments, and approvals in their threads."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.branches import surroundings
from responder.adapters.postgres.rows import COMMENT_COLUMNS, JOIN_AUTHOR, comment_of
from responder.engagement.lifecycle import State
from responder.engagement.model import RULE_REASONS, EngagementId, SourceId, ThreadKey
from responder.triage.ports import Known, OpenApproval

NOT_SETTLED = """
    NOT EXISTS (SELECT 1 FROM delivery_attempt s
      WHERE s.reply_id = a.reply_id AND s.outcome = 'sent')
    """
"""Of a reply's attempts: none is known to have posted, so that the others matter."""
_STANDING = text("""
    SELECT k.source, k.comment_id
    FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS k (source, comment_id)
    CROSS JOIN LATERAL (SELECT FROM comment
      WHERE source = k.source AND comment_id = k.comment_id OFFSET 0) c
    """)
_KNOWN = text(f"""
    SELECT c.*, e.id AS engagement_id, e.state, e.dismissal,
      EXISTS (SELECT FROM decision d
        CROSS JOIN LATERAL (SELECT FROM delivery_attempt a WHERE a.reply_id = d.id
          AND (a.outcome IS NULL OR a.outcome IN ('unknown', 'handed_over'))
          AND {NOT_SETTLED} OFFSET 0) a
        WHERE d.engagement_id = e.id AND d.status = 'released' OFFSET 0) AS is_open
    FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS k (source, comment_id)
    CROSS JOIN LATERAL (SELECT {COMMENT_COLUMNS} FROM comment c {JOIN_AUTHOR}
      WHERE c.source = k.source AND c.comment_id = k.comment_id OFFSET 0) c
    LEFT JOIN LATERAL (SELECT id, state, dismissal FROM engagement
      WHERE source = k.source AND comment_id = k.comment_id OFFSET 0) e ON true
    """)  # noqa: S608 - a constant
"""`OFFSET 0` keeps each lookup a probe of an index. Joined freely, the planner reads tables whole that
grew since anybody counted them: hundreds of comments for each that was asked for."""
_AT_WORK = text("""
    SELECT id FROM engagement
    WHERE thread_key = ANY(CAST(:keys AS text[])) AND state IN ('approved', 'sending')
    UNION SELECT e.id FROM decision d
    CROSS JOIN LATERAL (SELECT id, thread_key FROM engagement WHERE id = d.engagement_id OFFSET 0) e
    WHERE d.status = 'held' AND e.thread_key = ANY(CAST(:keys AS text[]))
    """)
_OPEN_APPROVALS = text(f"""
    SELECT e.id, e.state, d.context, d.kind, c.*
    FROM unnest(CAST(:ids AS uuid[])) AS k (id)
    CROSS JOIN LATERAL (SELECT id, source, comment_id, state FROM engagement
      WHERE id = k.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT {COMMENT_COLUMNS} FROM comment c {JOIN_AUTHOR}
      WHERE c.source = e.source AND c.comment_id = e.comment_id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT id, context, kind FROM decision WHERE engagement_id = e.id
      AND (status = 'held' OR status = 'released' AND kind = 'reply')
      ORDER BY made_at DESC LIMIT 1) d
    WHERE (e.state IN ('approved', 'sending') OR d.kind = 'dismissal')
      AND NOT EXISTS (SELECT FROM delivery_attempt a WHERE a.reply_id = d.id
        AND (a.outcome IS NULL OR a.outcome IN ('unknown', 'handed_over', 'throttled')) OFFSET 0)
    """)  # noqa: S608 - a constant


async def known(
    connection: AsyncConnection, keys: Collection[tuple[SourceId, str]]
) -> Mapping[tuple[SourceId, str], Known]:
    """See `TriageTransaction.known`. Most that arrives is new: tables are joined for the rest alone."""
    there = await _named(connection, _STANDING, keys)
    if not there:
        return {}
    return {
        (SourceId(row.source), row.comment_id): Known(
            comment=comment_of(row),
            version=row.version,
            edited_at=row.edited_at,
            engagement_id=row.engagement_id and EngagementId(row.engagement_id),
            state=row.state and State(row.state),
            is_rule_closed=row.dismissal in RULE_REASONS,
            has_open_attempt=row.is_open,
        )
        for row in await _named(connection, _KNOWN, [(row.source, row.comment_id) for row in there])
    }


async def _named(
    connection: AsyncConnection, statement: TextClause, names: Collection[tuple[str, str]]
) -> Sequence[Row[Any]]:
    sources, ids = [source for source, _ in names], [each for _, each in names]
    found = await connection.execute(statement, {"sources": sources, "ids": ids})
    return found.all()


async def open_approvals(
    connection: AsyncConnection, keys: Collection[ThreadKey]
) -> Sequence[OpenApproval]:
    """See `TriageTransaction.open_approvals`."""
    at_work = await connection.execute(_AT_WORK, {"keys": sorted(keys)})
    ids = at_work.scalars().all()
    if not ids:
        return []
    found = await connection.execute(_OPEN_APPROVALS, {"ids": ids})
    rows = [(row, comment_of(row)) for row in found]
    threads = await surroundings(connection, [comment for _, comment in rows])
    return [
        OpenApproval(
            engagement_id=EngagementId(row.id),
            state=State(row.state),
            comment_id=comment.comment_id,
            context=row.context,
            is_reply=row.kind == "reply",
            thread=threads[comment.source, comment.comment_id],
        )
        for row, comment in rows
    ]
