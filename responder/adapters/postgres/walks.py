"""How far each part of the live audit is: it goes on where it stopped, in whatever process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.audit.chain import START, Head


@dataclass(frozen=True, slots=True)
class Walk:
    """A part of the audit, as it was left."""

    name: str
    position: Mapping[str, Any]
    at: datetime | None
    age_seconds: float
    """Since it was worked on last; without end, if it never was."""
    completed_at: datetime | None
    """When it last came to its end, of those that begin again."""

    @property
    def head(self) -> Head:
        """Where a walk along the chain is."""
        return Head.read(self.position["head"]) if "head" in self.position else START


async def read_walks(connection: AsyncConnection) -> Mapping[str, Walk]:
    found = await connection.execute(
        text("""
            SELECT *, COALESCE(extract(epoch FROM now() - at)::float8, 'infinity') AS age
            FROM audit_walk
            """)
    )
    return {
        row.name: Walk(row.name, row.position, row.at, row.age, row.completed_at) for row in found
    }


async def take(connection: AsyncConnection, walk: Walk) -> bool:
    """Make it this transaction's. False: somebody works on it, or did since it was read."""
    found = await connection.execute(
        text("""
            SELECT name FROM audit_walk WHERE name = :name AND at IS NOT DISTINCT FROM :at
            FOR UPDATE SKIP LOCKED
            """),
        {"name": walk.name, "at": walk.at},
    )
    return found.one_or_none() is not None


async def leave(
    connection: AsyncConnection, walk: Walk, position: Mapping[str, Any], *, is_complete: bool
) -> None:
    """Keep where it goes on."""
    await connection.execute(
        text("""
            UPDATE audit_walk SET position = CAST(:position AS jsonb), at = now(),
              completed_at = CASE WHEN :is_complete THEN now() ELSE completed_at END
            WHERE name = :name
            """),
        {"name": walk.name, "position": json.dumps(dict(position)), "is_complete": is_complete},
    )


async def noted_head(connection: AsyncConnection) -> Head:
    """How far the live audit has followed the chain, with the hash that it saw there."""
    return (await read_walks(connection))["chain"].head
