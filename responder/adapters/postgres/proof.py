"""The closing balance by source, of everything or of some days, and what the live audit knows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.findings import read_findings
from responder.adapters.postgres.live_audit import read_standing
from responder.adapters.postgres.tally import read_tally
from responder.audit.ports import Check, Finding, Standing
from responder.engagement.lifecycle import OPEN, State
from responder.insights.response_times import Days
from responder.review.ports import Balance

SHOWN = 100
UNREADABLE, DROPPED, MISSING = "unreadable", "dropped", "missing"


class PostgresProof:
    """`web.console.proof.Proof` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def standing(self) -> Standing:
        async with transaction(self._engine) as connection:
            return await read_standing(connection)

    async def findings(self, checks: Iterable[Check]) -> Mapping[Check, Sequence[Finding]]:
        async with transaction(self._engine) as connection:
            return {check: await read_findings(connection, check, most=SHOWN) for check in checks}

    async def balances(self, days: Days | None) -> Mapping[str, Balance]:
        since = None if days is None else _midnight(days.first)
        until = None if days is None else _midnight(days.last + timedelta(days=1))
        async with transaction(self._engine) as connection:
            if since is None or until is None:
                counts = await _of_all(connection)
            else:
                counts = await _of_days(connection, since, until)
            counts += await _apart(connection, since, until)
        return {source: _balance(counts, source) for source in sorted({each for each, _ in counts})}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _balance(counts: Mapping[tuple[str, str], int], source: str) -> Balance:
    """What came in, and how it ended. What is missing is counted apart, by the audit's findings."""
    of = Counter({what: items for (where, what), items in counts.items() if where == source})
    return Balance(
        accepted=of.total(),
        answered=of[State.ANSWERED],
        dismissed=of[State.DISMISSED] + of[DROPPED],
        withdrawn=of[State.WITHDRAWN],
        open=sum(of[state] for state in OPEN) + of[UNREADABLE],
        unreadable=of[UNREADABLE],
    )


async def _of_all(connection: AsyncConnection) -> Counter[tuple[str, str]]:
    counts = Counter[tuple[str, str]]()
    for each in (await read_tally(connection)).standings:
        counts[each.source, each.state.value] += each.items
    return counts


async def _of_days(
    connection: AsyncConnection, since: datetime, until: datetime
) -> Counter[tuple[str, str]]:
    found = await connection.execute(
        text("""
            SELECT source, state, count(*) AS items FROM engagement
            WHERE received_at >= :since AND received_at < :until GROUP BY source, state
            """),
        {"since": since, "until": until},
    )
    return Counter({(row.source, row.state): row.items for row in found})


async def _apart(
    connection: AsyncConnection, since: datetime | None, until: datetime | None
) -> Counter[tuple[str, str]]:
    """What is no comment of the ledger: records that could not be read, and what is missing."""
    found = await connection.execute(
        text("""
            SELECT COALESCE(source, '') AS source, what, count(*) AS items FROM (
              SELECT source, CASE status WHEN 'dropped' THEN :dropped ELSE :unreadable END AS what,
                arrived_at AS at
              FROM dead_letter WHERE counts AND status <> 'settled'
              UNION ALL
              SELECT facts ->> 'source', :missing, CAST(facts ->> 'received_at' AS timestamptz)
              FROM audit_finding WHERE kind = :missing) apart
            WHERE CAST(:since AS timestamptz) IS NULL OR at >= :since AND at < :until
            GROUP BY 1, 2
            """),
        {
            "dropped": DROPPED,
            "unreadable": UNREADABLE,
            "missing": MISSING,
            "since": since,
            "until": until,
        },
    )
    return Counter({(row.source, row.what): row.items for row in found})
