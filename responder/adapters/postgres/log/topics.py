"""Make the topics, and let old records go."""

from collections.abc import Mapping
from datetime import timedelta

import asyncpg

_CREATE = """
INSERT INTO log_partition (topic, partition)
SELECT $1, generate_series(0, $2::int - 1)
 WHERE NOT EXISTS (SELECT FROM log_partition WHERE topic = $1)
ON CONFLICT DO NOTHING
"""

# Below the commit of every group that ever read the partition; of no group at all, by age alone.
_PRUNE = """
WITH done AS (
    SELECT p.topic, p.partition,
           coalesce((SELECT min(coalesce(c.committed, 0)) FROM log_claim c
                      WHERE (c.topic, c.partition) = (p.topic, p.partition)), p.next_offset) AS upto
      FROM log_partition p
), oldest AS (
    SELECT r.topic, r.partition, r."offset" FROM done CROSS JOIN LATERAL (
        SELECT * FROM log_record r
         WHERE (r.topic, r.partition) = (done.topic, done.partition) AND r."offset" < done.upto
         ORDER BY r."offset" LIMIT $2) AS r
     WHERE r.appended_at < clock_timestamp() - $1::interval
)
DELETE FROM log_record r USING oldest o
 WHERE (r.topic, r.partition, r."offset") = (o.topic, o.partition, o."offset")
"""
_PRUNE_AT_ONCE = 1_000


async def create_topics(connection: asyncpg.Connection, topics: Mapping[str, int]) -> None:
    """Make each topic that is missing, with its number of partitions.

    One that is there keeps the number it has: another number would move keys to other partitions.
    """
    for topic, partitions in topics.items():
        await connection.execute(_CREATE, topic, partitions)


async def known_topics(connection: asyncpg.Connection) -> frozenset[str]:
    """The topics that are there; none while the schema itself is missing."""
    if await connection.fetchval("SELECT to_regclass('log_partition')") is None:
        return frozenset()
    found = await connection.fetch("SELECT DISTINCT topic FROM log_partition")
    return frozenset(row["topic"] for row in found)


async def prune(connection: asyncpg.Connection, older_than: timedelta) -> int:
    """Remove records that every group has committed and that are older than that; says how many.

    In small steps, each its own transaction: appends go on meanwhile.
    """
    removed = 0
    while step := _count(await connection.execute(_PRUNE, older_than, _PRUNE_AT_ONCE)):
        removed += step
    return removed


def _count(status: str) -> int:
    """`DELETE 17` is 17."""
    return int(status.rpartition(" ")[2])
