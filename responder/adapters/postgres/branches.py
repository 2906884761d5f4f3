"""The part of a thread that may matter to one of its comments, however long the thread is.

Under a viral post stand thousands of comments; what an answer to one of them depends on
(`engagement.context.relevant`) are a few. Reading the whole thread for each would make the work grow
with its square.
"""

from collections.abc import Collection
from typing import TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.rows import COMMENT_COLUMNS, JOIN_AUTHOR, comment_of
from responder.engagement.model import Comment

Name: TypeAlias = tuple[str, str]
"""Source and comment id."""

IS_ALONE = """(c.parent_id IS NULL
      AND NOT EXISTS (SELECT FROM comment o
        WHERE o.source = c.source AND o.parent_id = c.comment_id OFFSET 0)
      AND NOT EXISTS (SELECT FROM comment o
        WHERE o.source = c.source AND o.answers = c.comment_id AND o.is_own OFFSET 0)
      AND NOT EXISTS (SELECT FROM comment o
        WHERE o.thread_key = c.thread_key AND o.author_id = c.author_id
          AND o.comment_id <> c.comment_id OFFSET 0))"""
"""Of a comment `c`: its surroundings are it alone, as nearly always."""
_SURROUNDINGS = text(f"""
    WITH RECURSIVE asked AS (
      SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[]),
          CAST(:parents AS text[]), CAST(:threads AS text[]), CAST(:authors AS text[]))
        WITH ORDINALITY AS k (source, comment_id, parent_id, thread_key, author_id, number)
    ), above AS (
      SELECT number, source, thread_key, parent_id AS comment_id FROM asked
      WHERE parent_id IS NOT NULL
      UNION
      SELECT a.number, a.source, a.thread_key, c.parent_id FROM above a
      CROSS JOIN LATERAL (SELECT parent_id FROM comment
        WHERE source = a.source AND comment_id = a.comment_id AND thread_key = a.thread_key
          AND parent_id IS NOT NULL OFFSET 0) c
    ), below AS (
      SELECT number, source, thread_key, comment_id FROM asked
      UNION
      SELECT b.number, b.source, b.thread_key, c.comment_id FROM below b
      CROSS JOIN LATERAL (SELECT comment_id FROM comment
        WHERE source = b.source AND parent_id = b.comment_id AND thread_key = b.thread_key
        OFFSET 0) c
    ), near AS (
      TABLE above UNION TABLE below UNION
      SELECT k.number, k.source, k.thread_key, c.comment_id FROM asked k
      CROSS JOIN LATERAL (SELECT comment_id FROM comment
        WHERE thread_key = k.thread_key AND author_id = k.author_id OFFSET 0) c
    ), found AS (
      TABLE near UNION
      SELECT n.number, n.source, n.thread_key, o.comment_id FROM near n
      CROSS JOIN LATERAL (SELECT comment_id FROM comment
        WHERE source = n.source AND parent_id = n.comment_id AND is_own AND answers IS NULL
        UNION ALL SELECT comment_id FROM comment
        WHERE source = n.source AND answers = n.comment_id AND is_own) o
    )
    SELECT found.number, c.* FROM found
    CROSS JOIN LATERAL (SELECT {COMMENT_COLUMNS} FROM comment c {JOIN_AUTHOR}
      WHERE c.source = found.source AND c.comment_id = found.comment_id
        AND c.thread_key = found.thread_key OFFSET 0) c
    ORDER BY c.published_at, c.comment_id
    """)  # noqa: S608 - a constant
"""`OFFSET 0` keeps each lookup a probe of an index, however the tables stand: joined, they were read
whole once for each step where they were small, or where nobody had gathered statistics."""


async def surrounding(connection: AsyncConnection, comment: Comment) -> tuple[Comment, ...]:
    """`surroundings` of one, as the ledger holds it now."""
    found = await surroundings(connection, [comment])
    return found[comment.source, comment.comment_id]


async def surroundings(
    connection: AsyncConnection, comments: Collection[Comment]
) -> dict[Name, tuple[Comment, ...]]:
    """For each comment, oldest first, at least everything in its thread that is relevant to it.

    That is: what stands above and below it, whatever its author wrote in the thread, and our own
    answers to any of these; by their parent only where they do not say whom they answer. Ids above it count also where nobody has seen the comment itself.
    """
    if not comments:
        return {}
    rows = await connection.execute(
        _SURROUNDINGS,
        {
            "sources": [each.source for each in comments],
            "ids": [each.comment_id for each in comments],
            "parents": [each.parent_id for each in comments],
            "threads": [f"{each.source}/{each.thread_id}" for each in comments],
            "authors": [each.author.id for each in comments],
        },
    )
    names = [(each.source, each.comment_id) for each in comments]
    found: dict[Name, list[Comment]] = {name: [] for name in names}
    for row in rows:
        found[names[row.number - 1]].append(comment_of(row))
    return {name: tuple(each) for name, each in found.items()}
