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


async def surrounding(connection: AsyncConnection, comment: Comment) -> tuple[Comment, ...]:
    """`surroundings` of one, as the ledger holds it now."""
    found = await surroundings(connection, [comment])
    return found[comment.source, comment.comment_id]


async def surroundings(
    connection: AsyncConnection, comments: Collection[Comment]
) -> dict[Name, tuple[Comment, ...]]:
    """For each comment, oldest first, at least everything in its thread that is relevant to it.

    That is: what stands above and below it, whatever its author wrote in the thread, and our own
    answers to any of these. Ids above it count also where nobody has seen the comment itself.
    """
    if not comments:
        return {}
    rows = await connection.execute(
        text(f"""
            WITH RECURSIVE asked AS (
              SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[]),
                  CAST(:parents AS text[]), CAST(:threads AS text[]), CAST(:authors AS text[]))
                WITH ORDINALITY AS k (source, comment_id, parent_id, thread_key, author_id, number)
            ), above AS (
              SELECT number, source, thread_key, parent_id AS comment_id FROM asked
              WHERE parent_id IS NOT NULL
              UNION
              SELECT a.number, a.source, a.thread_key, c.parent_id FROM above a
              JOIN comment c ON c.source = a.source AND c.comment_id = a.comment_id
                AND c.thread_key = a.thread_key
              WHERE c.parent_id IS NOT NULL
            ), below AS (
              SELECT number, source, thread_key, comment_id FROM asked
              UNION
              SELECT b.number, b.source, b.thread_key, c.comment_id FROM below b
              JOIN comment c ON c.source = b.source AND c.parent_id = b.comment_id
                AND c.thread_key = b.thread_key
            ), near AS (
              TABLE above UNION TABLE below UNION
              SELECT k.number, k.source, k.thread_key, c.comment_id FROM asked k
              JOIN comment c ON c.thread_key = k.thread_key AND c.author_id = k.author_id
            ), found AS (
              TABLE near UNION
              SELECT n.number, n.source, n.thread_key, o.comment_id FROM near n
              JOIN comment o ON o.source = n.source AND o.parent_id = n.comment_id AND o.is_own
              UNION
              SELECT n.number, n.source, n.thread_key, o.comment_id FROM near n
              JOIN comment o ON o.source = n.source AND o.answers = n.comment_id AND o.is_own
            )
            SELECT found.number, {COMMENT_COLUMNS} FROM found
            JOIN comment c ON c.source = found.source AND c.comment_id = found.comment_id
              AND c.thread_key = found.thread_key
            {JOIN_AUTHOR}
            ORDER BY c.published_at, c.comment_id
            """),  # noqa: S608 - a constant
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
