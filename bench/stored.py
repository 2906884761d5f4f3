"""What stands in a log after the pushes, as the log itself says: an answer is only a promise."""

import re
from collections.abc import Collection, Iterable

from bench.brokers import Broker
from bench.databases import Database

_COMMENT_ID = '"comment_id": ?"([^"]+)"'
"""Its first, in an event of ours as in the body that was pushed."""


def not_stored(prefix: str, count: int, stored: Collection[str]) -> list[str]:
    """A breach for those of `count` pushes, each of which was answered 202, that the log has not."""
    lost = sum(f"{prefix}{number}" not in stored for number in range(count))
    return [f"{lost} pushes were answered with 202 and are not in the log"] if lost else []


def comment_ids(values: Iterable[bytes]) -> set[str]:
    """Of each event or body that has one."""
    pattern = re.compile(_COMMENT_ID.encode())
    return {found[1].decode() for found in map(pattern.search, values) if found}


async def in_kafka(broker: Broker, topic: str) -> set[str]:
    return comment_ids(await broker.values(topic))


async def in_postgresql(database: Database, records: str) -> set[str]:
    """Of a table, or what follows its name in a query."""
    connection = await database.connect()
    try:
        rows = await connection.fetch(
            f"SELECT DISTINCT substring(convert_from(value, 'UTF8') FROM $1::text) AS id FROM {records}",  # noqa: S608 - our own words
            _COMMENT_ID,
        )
    finally:
        await connection.close()
    return {row["id"] for row in rows if row["id"] is not None}
