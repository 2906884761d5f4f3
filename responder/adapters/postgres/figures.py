"""The ledger's figures for the metrics, read in one snapshot."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.audit import SETTLING_SECONDS
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.missing import find_missing
from responder.adapters.postgres.paging import FILTERS
from responder.adapters.postgres.tally import Tally, read_tally
from responder.delivery.ports import Capabilities
from responder.engagement.events import TOPICS
from responder.engagement.lifecycle import OPEN, State
from responder.engagement.model import DueOutcome, SourceId
from responder.engagement.workspace import Workspace
from responder.telemetry.catalogue import RESPONSE_BUCKETS
from responder.telemetry.ledger import Backlog, Figures, Pending, Waits

NOTHING_PENDING = Pending(items=0, oldest_seconds=0.0)
LOOKED_SECONDS = 900
"""What was found missing is believed for so long."""


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

    async def figures(self) -> Figures:
        async with transaction(self._engine) as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            now = (await connection.execute(text("SELECT now()"))).scalar_one()
            tally = await read_tally(connection)
            missing, missing_comments = await self._missing(connection)
            balance = tally.balance(missing=missing_comments)
            return Figures(
                at=now,
                items={
                    "accepted": balance.accepted,
                    "answered": balance.answered,
                    "dismissed": balance.dismissed,
                    "withdrawn": balance.withdrawn,
                    "open": balance.open,
                },
                drift=missing + abs(balance.unaccounted),
                due=self._none_due() | tally.due,
                first_response=_first_response(tally),
                backlog=self._none_open() | await _backlog(connection, tally, now),
                outbox=dict.fromkeys(TOPICS, NOTHING_PENDING) | await _outbox(connection),
                dead_letters=_dead_letters(tally),
                delivery_unknown=self._delivery_unknown(tally),
                not_pushed=self._not_pushed(tally),
            )

    async def _missing(self, connection: AsyncConnection) -> tuple[int, int]:
        """As it was last looked for, in all and of comments; now, where nobody looks any more."""
        found = await connection.execute(
            text("""
                SELECT missing, missing_comments FROM conservation
                WHERE at > now() - :most * interval '1 second'
                """),
            {"most": LOOKED_SECONDS},
        )
        row = found.one_or_none()
        if row is not None:
            return row.missing, row.missing_comments
        lost = await find_missing(connection, settling_seconds=SETTLING_SECONDS)
        return len(lost.event_ids), lost.comments

    def _none_due(self) -> dict[tuple[str, str], int]:
        """A series that is 0 says more than one that is missing, also to an alert."""
        policies = self._workspace().policies
        return {(policy, outcome.value): 0 for policy in policies for outcome in DueOutcome}

    def _none_open(self) -> dict[tuple[str, str], Backlog]:
        empty = Backlog(items=0, oldest_seconds=0.0, overdue=0)
        return {(queue.sla or "", name): empty for name, queue in self._workspace().queues.items()}

    def _delivery_unknown(self, tally: Tally) -> Mapping[str, int]:
        platforms = {each.id: each.platform for each in self._workspace().sources.values()}
        counts = dict.fromkeys(platforms.values(), 0)
        for each in tally.standings:
            if each.state is State.DELIVERY_UNKNOWN:
                kind = platforms.get(SourceId(each.source), "other")
                counts[kind] = counts.get(kind, 0) + each.items
        return counts

    def _not_pushed(self, tally: Tally) -> Mapping[str, int]:
        counts = {str(source): 0 for source, able in self._capabilities().items() if able.push}
        for each in tally.standings:
            if each.is_polled and each.source in counts:
                counts[each.source] += each.items
        return counts


def _first_response(tally: Tally) -> Mapping[str, Waits]:
    counts = {basis: [0] * (len(RESPONSE_BUCKETS) + 1) for basis in ("published", "received")}
    sums = dict.fromkeys(counts, 0.0)
    for (basis, bucket), (items, seconds) in tally.waits.items():
        counts[basis][bucket] = items
        sums[basis] += seconds
    return {basis: Waits(counts=tuple(each), seconds=sums[basis]) for basis, each in counts.items()}


async def _backlog(
    connection: AsyncConnection, tally: Tally, now: datetime
) -> dict[tuple[str, str], Backlog]:
    """By target and queue; overdue is what is recorded as missed, and what soon will be."""
    items, overdue = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for each in tally.standings:
        if each.state in OPEN:
            items[each.sla, each.queue] += each.items
            overdue[each.sla, each.queue] += each.items * each.is_missed
    late = await connection.execute(
        text(f"""
            SELECT COALESCE(sla, '') AS sla, queue, count(*) AS items FROM engagement e
            WHERE due_outcome IS NULL AND due_at < now() AND clock_paused_at IS NULL
              AND {FILTERS["open"]} GROUP BY 1, 2
            """)  # noqa: S608 - a constant
    )
    overdue.update({(row.sla, row.queue): row.items for row in late})
    oldest = await connection.execute(
        text(f"""
            SELECT k.sla, k.queue, (
              SELECT e.received_at FROM engagement e
              WHERE e.queue = k.queue AND COALESCE(e.sla, '') = k.sla AND {FILTERS["open"]}
              ORDER BY e.received_at LIMIT 1) AS received_at
            FROM unnest(CAST(:slas AS text[]), CAST(:queues AS text[])) AS k (sla, queue)
            """),  # noqa: S608 - a constant
        {"slas": [sla for sla, _ in items], "queues": [queue for _, queue in items]},
    )
    return {
        (row.sla, row.queue): Backlog(
            items=items[row.sla, row.queue],
            oldest_seconds=max((now - (row.received_at or now)).total_seconds(), 0.0),
            overdue=overdue[row.sla, row.queue],
        )
        for row in oldest
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


def _dead_letters(tally: Tally) -> Mapping[str, int]:
    counts = Counter[str]()
    for each in tally.letters:
        if each.is_open:
            counts[each.stage] += each.items
    return counts
