"""How each wait for a first reply ended: kept when it happens, never decided anew.

A first reply stays the first, whatever becomes of its comment. What was closed without one waits
again when it is opened again. Nobody waited for us at what stood there before its place was connected.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.recordset import insert_rows
from responder.engagement.clock import read
from responder.engagement.model import EngagementId, Via
from responder.engagement.workspace import OfficeHours
from responder.insights.waits import Basis, Clock, waited

WAITED = "id, source, via, published_at, received_at, tier, calendar"
"""What has to be known of an engagement whose wait ends."""

_CALENDARS = "SELECT DISTINCT ON (calendar) calendar, content FROM sla_terms"
_FIRST_REPLY_STAYS = """
    ON CONFLICT (engagement_id) DO UPDATE SET tier = EXCLUDED.tier, outcome = EXCLUDED.outcome,
      ended_at = EXCLUDED.ended_at, published = EXCLUDED.published, received = EXCLUDED.received,
      published_business = EXCLUDED.published_business,
      received_business = EXCLUDED.received_business
    WHERE response_time.outcome = 'closed' AND EXCLUDED.outcome = 'replied'
    """


async def end_waits(
    connection: AsyncConnection, rows: Sequence[Any], *, ended_at: datetime, is_replied: bool
) -> None:
    """Keep how long these waited, as far as their waits had not ended before.

    Args:
        connection: in the transaction that ends them.
        rows: with the columns of `WAITED`.
        ended_at: when the reply stood there; or when it was closed.
        is_replied: whether there was a public reply.
    """
    waiting = [row for row in rows if row.via != Via.BACKFILL]
    names = {row.calendar for row in waiting if row.calendar}
    hours = await _calendars(connection, names) if names else {}
    kept = [_kept(row, hours.get(row.calendar), ended_at, is_replied=is_replied) for row in waiting]
    await insert_rows(connection, "response_time", kept, conflict=_FIRST_REPLY_STAYS)


async def wait_again(connection: AsyncConnection, engagement_id: EngagementId) -> None:
    """It was closed without a reply, and is open again."""
    await connection.execute(
        text("DELETE FROM response_time WHERE engagement_id = :id AND outcome = 'closed'"),
        {"id": engagement_id},
    )


async def all_calendars(connection: AsyncConnection) -> dict[str, OfficeHours]:
    """The hours that clocks ever ran by, as they were."""
    found = await connection.execute(text(f"{_CALENDARS} WHERE calendar IS NOT NULL"))
    return _hours(found.all())


async def _calendars(connection: AsyncConnection, names: Iterable[str]) -> dict[str, OfficeHours]:
    found = await connection.execute(
        text(f"{_CALENDARS} WHERE calendar = ANY(CAST(:names AS text[]))"),
        {"names": sorted(names)},
    )
    return _hours(found.all())


def _hours(rows: Iterable[Any]) -> dict[str, OfficeHours]:
    hours = {row.calendar: read(row.content).hours for row in rows}
    return {name: each for name, each in hours.items() if each is not None}


def _kept(
    row: Any, hours: OfficeHours | None, ended_at: datetime, *, is_replied: bool
) -> dict[str, object]:
    waits = waited(
        published_at=row.published_at, received_at=row.received_at, ended_at=ended_at, hours=hours
    )
    return {
        "engagement_id": row.id,
        "day": row.received_at.astimezone(UTC).date(),
        "source": row.source,
        "tier": row.tier or "",
        "outcome": "replied" if is_replied else "closed",
        "ended_at": ended_at,
        "published": waits[Clock.WALL, Basis.PUBLISHED],
        "received": waits[Clock.WALL, Basis.RECEIVED],
        "published_business": waits[Clock.BUSINESS, Basis.PUBLISHED],
        "received_business": waits[Clock.BUSINESS, Basis.RECEIVED],
    }
