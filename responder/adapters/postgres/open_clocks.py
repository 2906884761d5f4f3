"""What another configuration does to the clocks of what is open: shown first, done when asked for.

Reading the configuration again changes no clock that runs: only what comes from then on has its
terms. Whoever wants them for what is open already asks for it, and sees before what it would do.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.clocks import (
    NextTick,
    keep_terms,
    read_done_steps,
    read_ticks,
    tick_clocks,
)
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.paging import FILTERS
from responder.adapters.postgres.recording import append_entries, lock_engagements
from responder.engagement.clock import ClockAct, Terms, Tick, all_terms, folded, terms_of
from responder.engagement.model import Audience, EngagementId, SourceId, Urgency
from responder.engagement.record import Entry
from responder.engagement.workspace import Step, Workspace

PAGE = 500
SHOWN = 20
FIRST = UUID(int=0)

_OPEN = f"""
    SELECT e.id, e.source, e.comment_id, COALESCE(e.escalated_from, e.queue) AS queue, e.audience,
      e.urgency, e.received_at, e.due_at, c.author_id
    FROM engagement e JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
    WHERE {FILTERS["open"]} AND e.due_outcome IS NULL
      AND (e.due_at IS NULL OR e.due_at > :at OR e.clock_paused_at IS NOT NULL)
      AND (e.via <> 'backfill' OR e.due_period > 1)
    """  # noqa: S608 - a constant
"""What is late stays so, recorded or not; and what was there before us is due once it is reopened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedClock:
    """One comment that would be due at another time, or is now."""

    engagement_id: EngagementId
    source: str
    comment_id: str
    before: datetime | None
    after: datetime | None


@dataclass(slots=True, kw_only=True)
class Effect:
    """What a configuration does to what is open."""

    at: datetime
    looked_at: int = 0
    earlier: int = 0
    later: int = 0
    newly_due: int = 0
    never_due: int = 0
    late_at_once: int = 0
    """Of all these: due before now, and so missed."""
    same_time: int = 0
    """Under other terms, and due when they were."""
    steps_at_once: Counter[Step] = field(default_factory=Counter)
    """What is done at once, since its time has passed: steps that were not taken before."""
    first: list[ChangedClock] = field(default_factory=list)
    """Some of those that change."""

    @property
    def changed(self) -> int:
        """How many are due at another time."""
        return self.earlier + self.later + self.newly_due + self.never_due

    def count(self, each: ChangedClock) -> None:
        before, after = each.before, each.after
        if before == after:
            self.same_time += 1
            return
        if after is None:
            self.never_due += 1
        elif before is None:
            self.newly_due += 1
        elif after < before:
            self.earlier += 1
        else:
            self.later += 1
        self.late_at_once += after is not None and after <= self.at
        if len(self.first) < SHOWN:
            self.first.append(each)


class OpenClocks:
    """The clocks of what is open and not late yet. Raises Unavailable while the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def effect(self, workspace: Workspace, *, at: datetime) -> Effect:
        """What `change` would do now; nothing is changed."""
        effect = Effect(at=at)
        async for rows in self._pages(at):
            async with transaction(self._engine) as connection:
                await _look(connection, rows, workspace, effect)
        return effect

    async def change(
        self,
        workspace: Workspace,
        *,
        at: datetime,
        actor: str,
        reason: str,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Effect:
        """Let each clock run under the terms of this configuration, with an entry in the record.

        Page by page, and `tell` hears of how many were looked at: what was changed stays changed if
        it breaks off, and a repetition does the rest.
        """
        async with transaction(self._engine) as connection:
            # Before anything is locked: triage may be keeping the same terms, and wait for a lock.
            await keep_terms(connection, all_terms(workspace.policies.values()))
        effect = Effect(at=at)
        async for page in self._pages(at):
            async with transaction(self._engine) as connection:
                await lock_engagements(connection, [EngagementId(row.id) for row in page])
                rows = await _again(connection, page, at)
                await _name_audiences(connection, rows, workspace)
                acts = await _look(connection, rows, workspace, effect)
                by = [replace(each, tick=_by(each.tick, actor, reason)) for each in acts]
                await tick_clocks(connection, by)
                entries = [_entry(each.engagement_id, actor) for each in acts]
                await append_entries(connection, entries)
            tell(effect.looked_at)
        return effect

    async def _pages(self, at: datetime) -> AsyncIterator[Sequence[Any]]:
        after = FIRST
        while True:
            async with transaction(self._engine) as connection:
                found = await connection.execute(
                    text(f"{_OPEN} AND e.id > :after ORDER BY e.id LIMIT :limit"),
                    {"at": at, "after": after, "limit": PAGE},
                )
                rows = found.all()
            if not rows:
                return
            yield rows
            after = rows[-1].id


def _by(tick: Tick, actor: str, reason: str) -> Tick:
    return replace(tick, actor=actor, reason=reason)


def _entry(engagement_id: EngagementId, actor: str) -> Entry:
    return Entry(engagement_id=engagement_id, act=f"clock_{ClockAct.CHANGED}", actor=actor)


async def _again(connection: AsyncConnection, page: Sequence[Any], at: datetime) -> Sequence[Any]:
    """Those of the page that are still open, now that nobody else changes them."""
    found = await connection.execute(
        text(f"{_OPEN} AND e.id = ANY(CAST(:ids AS uuid[])) ORDER BY e.id"),
        {"at": at, "ids": [row.id for row in page]},
    )
    return found.all()


async def _name_audiences(
    connection: AsyncConnection, rows: Sequence[Any], workspace: Workspace
) -> None:
    """Who is known as somebody else now is shown so."""
    for row in rows:
        audience = _audience(row, workspace)
        if audience != row.audience:
            await connection.execute(
                text("UPDATE engagement SET audience = :audience WHERE id = :id"),
                {"id": row.id, "audience": audience},
            )


def _audience(row: Any, workspace: Workspace) -> Audience:
    source = workspace.sources.get(SourceId(row.source))
    if source is None:
        return Audience(row.audience)
    return workspace.audience_of(source, row.author_id)


async def _look(
    connection: AsyncConnection, rows: Sequence[Any], workspace: Workspace, effect: Effect
) -> list[NextTick]:
    """Count what changes; gives the act that each of those clocks needs."""
    ids = [EngagementId(row.id) for row in rows]
    known, done = await read_ticks(connection, ids), await read_done_steps(connection, ids)
    effect.looked_at += len(rows)
    needed = []
    for row, tick in _other_terms(rows, known, workspace, effect.at):
        engagement_id = EngagementId(row.id)
        act = NextTick.after(engagement_id, known.get(engagement_id, ()), tick)
        effect.count(
            ChangedClock(
                engagement_id=engagement_id,
                source=row.source,
                comment_id=row.comment_id,
                before=row.due_at,
                after=act.clock.due_at,
            )
        )
        effect.steps_at_once.update(
            planned.step
            for planned in act.clock.steps
            if planned.at <= effect.at and (engagement_id, planned.step.name) not in done
        )
        needed.append(act)
    return needed


def _other_terms(
    rows: Iterable[Any],
    known: Mapping[EngagementId, Sequence[Tick]],
    workspace: Workspace,
    at: datetime,
) -> Iterable[tuple[Any, Tick]]:
    for row in rows:
        before = known.get(EngagementId(row.id), ())
        terms = terms_of(
            workspace.policy_of(row.queue),
            audience=_audience(row, workspace),
            urgency=Urgency(row.urgency),
        )
        if _version(terms) == _version(folded(before).terms if before else None):
            continue
        act, since = (ClockAct.CHANGED, at) if before else (ClockAct.STARTED, row.received_at)
        yield row, Tick(act=act, at=since, actor="", reason="", terms=terms)


def _version(terms: Terms | None) -> str | None:
    return None if terms is None else terms.version
