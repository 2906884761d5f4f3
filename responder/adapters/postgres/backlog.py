"""What is open, by target and queue: how much, how old, how late, and what will be late soon."""

from collections import Counter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.paging import AT_RISK, FILTERS, LATE
from responder.adapters.postgres.tally import Tally
from responder.engagement.lifecycle import OPEN
from responder.telemetry.ledger import Backlog


async def read_backlog(connection: AsyncConnection, tally: Tally) -> dict[tuple[str, str], Backlog]:
    """By target and queue; overdue is what is recorded as missed, and what soon will be."""
    items, overdue = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for each in tally.standings:
        if each.state in OPEN:
            items[each.sla, each.queue] += each.items
            overdue[each.sla, each.queue] += each.items * each.is_missed
    overdue += await _count(connection, LATE)
    at_risk = await _count(connection, AT_RISK)
    oldest = await connection.execute(
        text(f"""
            SELECT k.sla, k.queue, extract(epoch FROM now() - (
              SELECT e.received_at FROM engagement e
              WHERE e.queue = k.queue AND COALESCE(e.sla, '') = k.sla AND {FILTERS["open"]}
              ORDER BY e.received_at LIMIT 1))::float8 AS oldest_seconds
            FROM unnest(CAST(:slas AS text[]), CAST(:queues AS text[])) AS k (sla, queue)
            """),  # noqa: S608 - a constant
        {"slas": [sla for sla, _ in items], "queues": [queue for _, queue in items]},
    )
    return {
        (row.sla, row.queue): Backlog(
            items=items[row.sla, row.queue],
            oldest_seconds=max(row.oldest_seconds or 0.0, 0.0),
            overdue=overdue[row.sla, row.queue],
            at_risk=at_risk[row.sla, row.queue],
        )
        for row in oldest
    }


async def _count(connection: AsyncConnection, condition: str) -> Counter[tuple[str, str]]:
    found = await connection.execute(
        text(f"""
            SELECT COALESCE(e.sla, '') AS sla, e.queue, count(*) AS items FROM engagement e
            WHERE {condition} AND {FILTERS["open"]} GROUP BY 1, 2
            """)  # noqa: S608 - constants
    )
    return Counter({(row.sla, row.queue): row.items for row in found})
