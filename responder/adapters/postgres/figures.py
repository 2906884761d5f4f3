"""The ledger's figures for the metrics, read in one snapshot."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.audit import PostgresAuditor
from responder.adapters.postgres.desk import read_balance
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.paging import FILTERS
from responder.delivery.ports import Capabilities
from responder.engagement.events import TOPICS
from responder.engagement.model import DueOutcome, SourceId
from responder.engagement.workspace import Workspace
from responder.telemetry.catalogue import RESPONSE_BUCKETS
from responder.telemetry.ledger import Backlog, Figures, Pending, Waits

NOTHING_PENDING = Pending(items=0, oldest_seconds=0.0)


class PostgresFigures:
    """`telemetry.ledger.LedgerFigures` on PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        workspace: Callable[[], Workspace],
        capabilities: Callable[[], Mapping[SourceId, Capabilities]],
    ) -> None:
        self._engine = engine
        self._workspace = workspace
        self._capabilities = capabilities
        self._auditor = PostgresAuditor(engine)

    async def figures(self) -> Figures:
        drift = await self._auditor.drift()
        async with transaction(self._engine) as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            now = (await connection.execute(text("SELECT now()"))).scalar_one()
            balance = await read_balance(connection)
            return Figures(
                at=now,
                items={
                    "accepted": balance.accepted,
                    "answered": balance.answered,
                    "dismissed": balance.dismissed,
                    "withdrawn": balance.withdrawn,
                    "open": balance.open,
                },
                drift=drift + abs(balance.unaccounted),
                due=self._none_due() | await _due(connection),
                first_response=await _first_response(connection),
                backlog=self._none_open() | await _backlog(connection, now),
                outbox=dict.fromkeys(TOPICS, NOTHING_PENDING) | await _outbox(connection),
                dead_letters=await _dead_letters(connection),
                delivery_unknown=await self._delivery_unknown(connection),
                not_pushed=await self._not_pushed(connection),
            )

    def _none_due(self) -> dict[tuple[str, str], int]:
        """A series that is 0 says more than one that is missing, also to an alert."""
        policies = self._workspace().policies
        return {(policy, outcome.value): 0 for policy in policies for outcome in DueOutcome}

    def _none_open(self) -> dict[tuple[str, str], Backlog]:
        empty = Backlog(items=0, oldest_seconds=0.0, overdue=0)
        return {(queue.sla or "", name): empty for name, queue in self._workspace().queues.items()}

    async def _delivery_unknown(self, connection: AsyncConnection) -> Mapping[str, int]:
        found = await connection.execute(
            text("""
                SELECT source, count(*) AS items FROM engagement
                WHERE state = 'delivery_unknown' GROUP BY source
                """)
        )
        platforms = {each.id: each.platform for each in self._workspace().sources.values()}
        counts = dict.fromkeys(platforms.values(), 0)
        for row in found:
            kind = platforms.get(row.source, "other")
            counts[kind] = counts.get(kind, 0) + row.items
        return counts

    async def _not_pushed(self, connection: AsyncConnection) -> Mapping[str, int]:
        pushing = [source for source, able in self._capabilities().items() if able.push]
        found = await connection.execute(
            text("""
                SELECT source, count(*) AS items FROM engagement
                WHERE via = 'poll' AND source = ANY(CAST(:pushing AS text[])) GROUP BY source
                """),
            {"pushing": pushing},
        )
        return dict.fromkeys(pushing, 0) | {row.source: row.items for row in found}


async def _due(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    found = await connection.execute(
        text("""
            SELECT COALESCE(sla, '') AS sla, outcome, count(*) AS items
            FROM due_settled GROUP BY 1, 2
            """)
    )
    return {(row.sla, row.outcome): row.items for row in found}


async def _first_response(connection: AsyncConnection) -> Mapping[str, Waits]:
    """Only public replies that stand, to whom could have waited for us.

    A negative wait (a clock of a platform) counts as none.
    """
    answered = "state = 'answered' AND replied_at IS NOT NULL AND via <> 'backfill'"
    found = await connection.execute(
        text(f"""
            SELECT basis, width_bucket(seconds, CAST(:bounds AS float8[])) AS bucket,
              count(*) AS items, sum(seconds) AS seconds
            FROM (
              SELECT 'published' AS basis,
                GREATEST(extract(epoch FROM replied_at - published_at), 0)::float8 AS seconds
              FROM engagement WHERE {answered}
              UNION ALL
              SELECT 'received', GREATEST(extract(epoch FROM replied_at - received_at), 0)::float8
              FROM engagement WHERE {answered}) w
            GROUP BY 1, 2
            """),  # noqa: S608 - a constant
        # A bucket of Prometheus holds its upper bound, one of `width_bucket` its lower.
        {"bounds": [bound + 1e-6 for bound in RESPONSE_BUCKETS]},
    )
    counts = {basis: [0] * (len(RESPONSE_BUCKETS) + 1) for basis in ("published", "received")}
    sums = dict.fromkeys(counts, 0.0)
    for row in found:
        counts[row.basis][row.bucket] = row.items
        sums[row.basis] += row.seconds
    return {basis: Waits(counts=tuple(each), seconds=sums[basis]) for basis, each in counts.items()}


async def _backlog(connection: AsyncConnection, now: datetime) -> dict[tuple[str, str], Backlog]:
    found = await connection.execute(
        text(f"""
            SELECT COALESCE(sla, '') AS sla, queue, count(*) AS items,
              min(received_at) AS oldest, count(*) FILTER (WHERE due_at < now()) AS overdue
            FROM engagement e WHERE {FILTERS["open"]} GROUP BY 1, 2
            """)  # noqa: S608 - a constant
    )
    return {
        (row.sla, row.queue): Backlog(
            items=row.items,
            oldest_seconds=max((now - row.oldest).total_seconds(), 0.0),
            overdue=row.overdue,
        )
        for row in found
    }


async def _outbox(connection: AsyncConnection) -> dict[str, Pending]:
    found: Any = await connection.execute(
        text("""
            SELECT topic, count(*) AS items,
              extract(epoch FROM now() - min(created_at))::float8 AS oldest
            FROM outbox WHERE sent_at IS NULL GROUP BY topic
            """)
    )
    return {
        row.topic: Pending(items=row.items, oldest_seconds=max(row.oldest, 0.0)) for row in found
    }


async def _dead_letters(connection: AsyncConnection) -> Mapping[str, int]:
    found = await connection.execute(
        text("""
            SELECT failed_at_stage, count(*) AS items FROM dead_letter
            WHERE status IN ('open', 'retried') GROUP BY 1
            """)
    )
    return {row.failed_at_stage: row.items for row in found}
