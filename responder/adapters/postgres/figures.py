"""The ledger's figures for the metrics, read in one snapshot."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.backlog import read_backlog
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.missing import SETTLING_SECONDS, find_missing
from responder.adapters.postgres.response_times import read_wait
from responder.adapters.postgres.tally import Rows, Tally, kept, read_tally
from responder.adapters.postgres.token_budget import read_tokens_left
from responder.delivery.ports import Capabilities
from responder.engagement.events import TOPICS
from responder.engagement.lifecycle import State
from responder.engagement.model import DueOutcome, SourceId
from responder.engagement.workspace import Workspace
from responder.insights.response_times import Days
from responder.insights.waits import MEASURES
from responder.telemetry.catalogue import RESPONSE_BUCKETS
from responder.telemetry.ledger import Backlog, Figures, Pending, Waits

Key = TypeVar("Key", tuple[str, str], tuple[str, str, str])
Value = TypeVar("Value")

NOTHING_PENDING = Pending(items=0, oldest_seconds=0.0)
NOBODY_WAITED = Waits(counts=(0,) * (len(RESPONSE_BUCKETS) + 1), seconds=0.0)
LOOKED_SECONDS = 900
"""What was found missing is believed for so long."""
COHORT_DAYS = 30
"""Of those who wrote in these days, today included, the share without a reply is shown."""


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
            missing = await self._missing(connection)
            balance = tally.balance(missing=missing)
            return Figures(
                at=now,
                items={
                    "accepted": balance.accepted,
                    "answered": balance.answered,
                    "dismissed": balance.dismissed,
                    "withdrawn": balance.withdrawn,
                    "open": balance.open,
                },
                drift=max(missing, abs(balance.unaccounted)),
                due=_in_order(self._none_due(), _due(await kept(connection, "due"))),
                first_response=self._first_response(_waits(await kept(connection, "wait"))),
                platform_first_response=self._by_platform(
                    _waits(await kept(connection, "source_wait"))
                ),
                unanswered=(
                    await read_wait(connection, Days.until(now.date(), COHORT_DAYS))
                ).unanswered(),
                backlog=_in_order(self._none_open(), await read_backlog(connection, tally)),
                outbox=dict.fromkeys(TOPICS, NOTHING_PENDING) | await _outbox(connection),
                dead_letters=_dead_letters(tally),
                delivery_unknown=self._delivery_unknown(tally),
                not_pushed=self._not_pushed(tally),
                clocks_behind_seconds=await _clocks_behind(connection),
                tokens_left=await read_tokens_left(connection),
            )

    async def _missing(self, connection: AsyncConnection) -> int:
        """As it was last looked for; now, where nobody looks any more."""
        found = await connection.execute(
            text("""
                SELECT missing FROM conservation WHERE at > now() - :most * interval '1 second'
                """),
            {"most": LOOKED_SECONDS},
        )
        last: int | None = found.scalar_one_or_none()
        if last is not None:
            return last
        return len(await find_missing(connection, settling_seconds=SETTLING_SECONDS))

    def _none_due(self) -> dict[tuple[str, str, str], int]:
        """A series that is 0 says more than one that is missing, also to an alert."""
        return {
            (name, tier, outcome.value): 0
            for name, policy in self._workspace().policies.items()
            for tier in policy.tier_names
            for outcome in DueOutcome
        }

    def _first_response(
        self, waits: Mapping[tuple[str, ...], Waits]
    ) -> dict[tuple[str, str, str], Waits]:
        """Of every tier that there is or was, by both clocks."""
        policies = self._workspace().policies.values()
        tiers = [tier for policy in policies for tier in policy.tier_names]
        known = dict.fromkeys([*tiers, *sorted({tier for tier, _, _ in waits})]) or {"": None}
        return {
            (tier, *measure): waits.get((tier, *measure), NOBODY_WAITED)
            for tier in known
            for measure in MEASURES
        }

    def _by_platform(self, waits: Mapping[tuple[str, ...], Waits]) -> Mapping[str, Waits]:
        platforms = {str(each.id): each.platform for each in self._workspace().sources.values()}
        found = dict.fromkeys(platforms.values(), NOBODY_WAITED)
        for (source,), each in waits.items():
            kind = platforms.get(source, "other")
            found[kind] = found.get(kind, NOBODY_WAITED) + each
        return found

    def _none_open(self) -> dict[tuple[str, str], Backlog]:
        empty = Backlog(items=0, oldest_seconds=0.0, overdue=0, at_risk=0)
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


def _in_order(configured: Mapping[Key, Value], found: Mapping[Key, Value]) -> dict[Key, Value]:
    """What is configured first, as it stands there; then what else there is."""
    return {**configured, **{key: found[key] for key in sorted(found)}}


def _due(rows: Rows) -> dict[tuple[str, str, str], int]:
    """Of what came; not of what was opened again, which is due once more."""
    return {
        (sla, tier, outcome): items
        for (_, (sla, tier, outcome, period)), (items, _, _) in rows.items()
        if period == "first"
    }


def _waits(rows: Rows) -> dict[tuple[str, ...], Waits]:
    """By every label but the last, which is the bucket."""
    waits: dict[tuple[str, ...], Waits] = {}
    for (_, (*labels, bucket)), (items, seconds, _) in rows.items():
        counts = [0] * (len(RESPONSE_BUCKETS) + 1)
        counts[int(bucket)] = items
        key, some = tuple(labels), Waits(counts=tuple(counts), seconds=float(seconds))
        waits[key] = waits.get(key, NOBODY_WAITED) + some
    return waits


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


async def _clocks_behind(connection: AsyncConnection) -> float:
    found = await connection.execute(
        text("""
            SELECT GREATEST(0, extract(epoch FROM now() - LEAST(
              (SELECT min(at) FROM clock_step WHERE done_at IS NULL),
              (SELECT min(due_at) FROM engagement
               WHERE due_outcome IS NULL AND clock_paused_at IS NULL))))::float8
            """)
    )
    return float(found.scalar_one())


def _dead_letters(tally: Tally) -> Mapping[str, int]:
    counts = Counter[str]()
    for each in tally.letters:
        if each.is_open:
            counts[each.stage] += each.items
    return dict(sorted(counts.items()))
