"""The clocks of engagements: every act on one is kept, and its due time is what folding them gives.

After triage has accepted a comment nothing else sets `due_at`, `sla`, `tier`, `calendar`,
`at_risk_from` or `clock_paused_at`, so a stored due time can always be counted again from its ticks.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.recordset import insert_rows
from responder.engagement.clock import (
    Clock,
    ClockAct,
    PlannedStep,
    Terms,
    Tick,
    folded,
    read,
    ticked,
    written,
)
from responder.engagement.clock_words import explained
from responder.engagement.model import EngagementId

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Sorts items without a due time after all that have one."""


@dataclass(frozen=True, slots=True)
class Started:
    """The first tick of a new engagement."""

    engagement_id: EngagementId
    tick: Tick


async def start_clocks(connection: AsyncConnection, started: Sequence[Started]) -> None:
    """Keep what started them; the engagements have the due times already."""
    await keep_terms(connection, [each.tick.terms for each in started])
    rows = [_values(each.engagement_id, 1, each.tick) for each in started]
    await insert_rows(connection, "clock_tick", rows)
    steps = [
        _planned(each.engagement_id, 1, planned)
        for each in started
        for planned in ticked(None, each.tick).steps
    ]
    await insert_rows(connection, "clock_step", steps)


async def tick_clock(connection: AsyncConnection, engagement_id: EngagementId, tick: Tick) -> Clock:
    """Let one more act happen to the clock of a locked engagement.

    Raises:
        ClockRefuses: the act is not possible now.
    """
    before = await ticks_of(connection, engagement_id)
    if not before and tick.act is ClockAct.RESTARTED:
        tick = replace(tick, act=ClockAct.STARTED)
    act = NextTick.after(engagement_id, before, tick)
    await tick_clocks(connection, [act])
    return act.clock


@dataclass(frozen=True, slots=True)
class NextTick:
    """One more act on a clock, and how it stands then."""

    engagement_id: EngagementId
    number: int
    tick: Tick
    clock: Clock

    @classmethod
    def after(cls, engagement_id: EngagementId, before: Sequence[Tick], tick: Tick) -> "NextTick":
        """Raises ClockRefuses: the act is not possible after these."""
        return cls(engagement_id, len(before) + 1, tick, ticked(_folded(before), tick))


async def tick_clocks(connection: AsyncConnection, acts: Sequence[NextTick]) -> None:
    """Let each of these happen to the clock of another locked engagement."""
    await keep_terms(connection, [each.tick.terms for each in acts])
    rows = [_values(each.engagement_id, each.number, each.tick) for each in acts]
    await insert_rows(connection, "clock_tick", rows)
    await _show(connection, {each.engagement_id: each.clock for each in acts})


def _folded(before: Sequence[Tick]) -> Clock | None:
    return folded(before) if before else None


async def ticks_of(connection: AsyncConnection, engagement_id: EngagementId) -> list[Tick]:
    """What happened to its clock, the oldest first; nothing where it never had one."""
    return [_tick(row) for row in await _rows(connection, [engagement_id])]


async def read_ticks(
    connection: AsyncConnection, engagement_ids: Sequence[EngagementId]
) -> dict[EngagementId, list[Tick]]:
    """The same of many; those that never had a clock are not in it."""
    ticks: dict[EngagementId, list[Tick]] = defaultdict(list)
    for row in await _rows(connection, engagement_ids):
        ticks[EngagementId(row.engagement_id)].append(_tick(row))
    return dict(ticks)


async def read_done_steps(
    connection: AsyncConnection, engagement_ids: Sequence[EngagementId]
) -> set[tuple[EngagementId, str]]:
    """The names of those that were taken, of these clocks since they were last started."""
    found = await connection.execute(
        text("""
            SELECT s.engagement_id, s.name FROM clock_step s
            JOIN engagement e ON e.id = s.engagement_id AND e.due_period = s.period
            WHERE s.engagement_id = ANY(CAST(:ids AS uuid[])) AND s.done_at IS NOT NULL
            """),
        {"ids": list(engagement_ids)},
    )
    return {(EngagementId(row.engagement_id), row.name) for row in found}


async def clock_in_words(
    connection: AsyncConnection, engagement_id: EngagementId, *, is_open: bool
) -> tuple[str, ...]:
    """Why it is due when it is, line by line."""
    rows = await _rows(connection, [engagement_id])
    names = {row.actor: row.name or _role(row.actor) for row in rows}
    return explained([_tick(row) for row in rows], who=names.__getitem__, is_open=is_open)


def _role(actor: str) -> str:
    return "somebody" if actor.startswith("person:") else actor


async def _rows(
    connection: AsyncConnection, engagement_ids: Sequence[EngagementId]
) -> Sequence[Any]:
    """With the names of people."""
    found = await connection.execute(
        text("""
            SELECT t.engagement_id, t.act, t.at, t.actor, t.reason, s.content, p.name
            FROM clock_tick t
            LEFT JOIN sla_terms s ON s.version = t.terms
            LEFT JOIN person p ON t.actor = 'person:' || p.id
            WHERE t.engagement_id = ANY(CAST(:ids AS uuid[])) ORDER BY t.engagement_id, t.number
            """),
        {"ids": list(engagement_ids)},
    )
    return found.all()


def _tick(row: Any) -> Tick:
    return Tick(
        act=ClockAct(row.act),
        at=row.at,
        actor=row.actor,
        reason=row.reason,
        terms=None if row.content is None else read(row.content),
    )


async def forget_steps(
    connection: AsyncConnection, engagement_ids: Collection[EngagementId]
) -> None:
    """What has ended takes no step any more."""
    await connection.execute(
        text("""
            DELETE FROM clock_step
            WHERE engagement_id = ANY(CAST(:ids AS uuid[])) AND done_at IS NULL
            """),
        {"ids": sorted(engagement_ids)},
    )


def shown_by(clock: Clock | None) -> dict[str, object]:
    """What an engagement shows of the terms of its clock, beside the policy and the due time."""
    terms = None if clock is None else clock.terms
    return {
        "tier": None if terms is None else terms.tier,
        "calendar": None if terms is None else terms.calendar,
        "at_risk_from": None if clock is None else clock.at_risk_from,
    }


async def _show(connection: AsyncConnection, clocks: Mapping[EngagementId, Clock]) -> None:
    """On the engagements themselves, for lists and for whoever looks what is due; plan their steps."""
    found = await connection.execute(
        text("""
            UPDATE engagement e SET sla = s.sla, tier = s.tier, calendar = s.calendar,
              due_at = s.due_at, at_risk_from = s.at_risk_from, order_due = s.order_due,
              clock_paused_at = s.clock_paused_at
            FROM json_populate_recordset(NULL::engagement, CAST(:rows AS json)) s
            WHERE e.id = s.id RETURNING e.id, e.due_period
            """),
        {"rows": to_json([_shown(each, clock) for each, clock in clocks.items()]).decode()},
    )
    periods = {EngagementId(row.id): row.due_period for row in found}
    await forget_steps(connection, clocks)
    steps = [
        _planned(engagement_id, periods[engagement_id], planned)
        for engagement_id, clock in clocks.items()
        for planned in clock.steps
    ]
    # What was done in this period is not done again.
    await insert_rows(connection, "clock_step", steps, conflict="ON CONFLICT DO NOTHING")


def _shown(engagement_id: EngagementId, clock: Clock) -> dict[str, object]:
    due = clock.due_at
    return {
        "id": engagement_id,
        "sla": None if clock.terms is None else clock.terms.policy,
        **shown_by(clock),
        "due_at": due,
        "order_due": NEVER if due is None or clock.paused_at is not None else due,
        "clock_paused_at": clock.paused_at,
    }


async def keep_terms(connection: AsyncConnection, all_terms: Sequence[Terms | None]) -> None:
    """What clocks may run under from now on; what is there already is not written again."""
    kept = {terms.version: terms for terms in all_terms if terms is not None}
    # In one order: two workers that meet the same new terms would wait for each other.
    rows = [
        {
            "version": each,
            "content": written(kept[each]),
            "tier": kept[each].tier,
            "calendar": kept[each].calendar,
        }
        for each in sorted(kept)
    ]
    await insert_rows(connection, "sla_terms", rows, conflict="ON CONFLICT DO NOTHING")


def _planned(engagement_id: EngagementId, period: int, planned: PlannedStep) -> dict[str, object]:
    return {
        "engagement_id": engagement_id,
        "period": period,
        "name": planned.step.name,
        "at": planned.at,
        "queue": planned.step.queue,
        "person": planned.step.person,
        "webhook": planned.step.webhook,
    }


def _values(engagement_id: EngagementId, number: int, tick: Tick) -> dict[str, object]:
    return {
        "engagement_id": engagement_id,
        "number": number,
        "act": tick.act,
        "at": tick.at,
        "actor": tick.actor,
        "reason": tick.reason,
        "terms": None if tick.terms is None else tick.terms.version,
    }
