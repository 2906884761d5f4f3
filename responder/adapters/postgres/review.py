"""Review's unit of work on the ledger."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.clocks import tick_clock
from responder.adapters.postgres.desk import PostgresDesk
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import (
    End,
    append_entries,
    lock_engagement,
    move_engagement,
)
from responder.engagement.clock import ClockAct, Tick, terms_of
from responder.engagement.lifecycle import Trigger
from responder.engagement.model import Audience, EngagementId, Urgency
from responder.engagement.record import Entry
from responder.engagement.workspace import Workspace
from responder.review.errors import (
    TooLateToUndo,
)
from responder.review.ports import (
    Decision,
    Hold,
    Locked,
)

GIVE_UP = frozenset({Trigger.RETURNED, Trigger.REOPENED, Trigger.POSTED_BY_PERSON})
"""After these no earlier approval may go out any more."""


class PostgresReviewWork:
    """`review.ports.ReviewWork` on PostgreSQL."""

    def __init__(
        self, engine: AsyncEngine, desk: PostgresDesk, *, workspace: Callable[[], Workspace]
    ) -> None:
        self._engine = engine
        self._desk = desk
        self._workspace = workspace

    def begin(self) -> AbstractAsyncContextManager["PostgresReviewTransaction"]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator["PostgresReviewTransaction"]:
        async with transaction(self._engine) as connection:
            yield PostgresReviewTransaction(connection, self._desk, self._workspace())


class PostgresReviewTransaction:
    def __init__(
        self, connection: AsyncConnection, desk: PostgresDesk, workspace: Workspace
    ) -> None:
        self._connection = connection
        self._desk = desk
        self._workspace = workspace

    async def lock(self, engagement_id: EngagementId) -> Locked:
        await lock_engagement(self._connection, engagement_id)
        return await self._desk.decidable(self._connection, engagement_id)

    async def seen(self, key: str) -> bool:
        found = await self._connection.execute(
            text("SELECT 1 FROM command_key WHERE key = :key"), {"key": key}
        )
        return found.one_or_none() is not None

    async def record(self, decision: Decision) -> None:
        await self._connection.execute(
            text("INSERT INTO command_key (key, engagement_id, at) VALUES (:key, :id, :at)"),
            {"key": decision.key, "id": decision.engagement_id, "at": decision.at},
        )
        if decision.undo is not None:
            await self._undo(decision)
        if any(move.trigger in GIVE_UP for move in decision.moves):
            await self._give_up_delivery(decision)
        if decision.hold is not None:
            await self._hold(decision, decision.hold)
        await self._settle_doubt(decision)
        await move_engagement(
            self._connection,
            decision.engagement_id,
            decision.moves,
            actor=f"person:{decision.actor}",
            at=decision.at,
            ends_with=End(answered_by="person", replied_at=decision.at, url=decision.end_url),
            **_text_hash(decision),
        )
        if decision.tick is not None:
            await tick_clock(self._connection, decision.engagement_id, decision.tick)
            await self._entry(decision, f"clock_{decision.tick.act}")
        if decision.moves and decision.moves[-1].trigger is Trigger.REOPENED:
            await self._new_due_period(decision)

    async def _undo(self, decision: Decision) -> None:
        undone = await self._connection.execute(
            text("""
                UPDATE decision SET status = 'undone', settled_at = :at
                WHERE id = :id AND status = 'held' RETURNING kind
                """),
            {"id": decision.undo, "at": decision.at},
        )
        kind = undone.scalar_one_or_none()
        if kind is None:
            raise TooLateToUndo
        if kind == "dismissal":
            await self._entry(decision, "dismissal_undone")

    async def _hold(self, decision: Decision, hold: Hold) -> None:
        await self._connection.execute(
            text("""
                INSERT INTO decision (id, engagement_id, kind, status, actor, text, text_sha256,
                  reason, note, context, draft_version, made_at, release_at)
                VALUES (:id, :engagement_id, :kind, 'held', :actor, :text, :sha256, :reason, :note,
                  :context, :draft_version, :at, :release_at)
                """),
            {
                "id": hold.decision_id,
                "engagement_id": decision.engagement_id,
                "kind": hold.kind,
                "actor": decision.actor,
                "text": hold.text,
                "sha256": _sha256(hold.text),
                "reason": hold.reason,
                "note": hold.note,
                "context": hold.context,
                "draft_version": hold.draft_version,
                "at": decision.at,
                "release_at": hold.release_at,
            },
        )
        if hold.kind == "dismissal":
            await self._entry(decision, "dismissal_held")

    async def _give_up_delivery(self, decision: Decision) -> None:
        """A reply that does not stand is over, and never goes out; a new one may follow."""
        await self._connection.execute(
            text("""
                UPDATE decision SET status = 'voided', void_reason = :reason, settled_at = :at
                WHERE engagement_id = :id AND status = 'released' AND kind = 'reply'
                  AND NOT EXISTS (SELECT 1 FROM delivery_attempt a
                    WHERE a.reply_id = decision.id AND a.outcome = 'sent')
                """),
            {
                "id": decision.engagement_id,
                "at": decision.at,
                "reason": decision.moves[0].trigger.value,
            },
        )
        await self._connection.execute(
            text("UPDATE delivery_job SET next_at = NULL WHERE engagement_id = :id"),
            {"id": decision.engagement_id},
        )

    async def _settle_doubt(self, decision: Decision) -> None:
        """What a person saw on the site settles what was in doubt.

        It is one reply that stands; or none does, whatever the attempts were answered with.
        """
        trigger = decision.moves[-1].trigger if decision.moves else None
        if trigger not in {Trigger.DELIVERED, Trigger.SENT_AGAIN}:
            return
        await self._connection.execute(
            text("""
                UPDATE delivery_attempt a SET outcome = :outcome, url = COALESCE(:url, url),
                  settled_at = :at
                WHERE outcome <> 'sent' AND reply_id IN
                  (SELECT id FROM decision WHERE engagement_id = :id AND status = 'released')
                  AND (:each OR attempt = (SELECT max(attempt) FROM delivery_attempt l
                    WHERE l.reply_id = a.reply_id AND l.outcome IN ('unknown', 'handed_over')))
                """),
            {
                "id": decision.engagement_id,
                "outcome": "not_sent" if decision.sends_again else "sent",
                "each": decision.sends_again,
                "url": decision.end_url,
                "at": decision.at,
            },
        )
        if decision.sends_again:
            await self._connection.execute(
                text("""
                    UPDATE delivery_job j SET next_at = :at, tries = 0 FROM decision d
                    WHERE d.id = j.reply_id AND d.status = 'released' AND j.engagement_id = :id
                      AND NOT EXISTS (SELECT 1 FROM delivery_attempt a
                        WHERE a.reply_id = j.reply_id AND a.outcome = 'sent')
                    """),
                {"id": decision.engagement_id, "at": decision.at},
            )

    async def _new_due_period(self, decision: Decision) -> None:
        """A reopened item gets its time anew, under the terms of now; what was settled stays."""
        found = await self._connection.execute(
            text("""
                UPDATE engagement SET due_period = due_period + 1, due_outcome = NULL,
                  dismissal = NULL, answered_by = NULL, answer_url = NULL, replied_at = NULL
                WHERE id = :id RETURNING COALESCE(escalated_from, queue) AS queue, audience, urgency
                """),
            {"id": decision.engagement_id},
        )
        row = found.one()
        terms = terms_of(
            self._workspace.policy_of(row.queue),
            audience=Audience(row.audience),
            urgency=Urgency(row.urgency),
        )
        tick = Tick(
            act=ClockAct.RESTARTED,
            at=decision.at,
            actor=f"person:{decision.actor}",
            reason="",
            terms=terms,
        )
        await tick_clock(self._connection, decision.engagement_id, tick)

    async def _entry(self, decision: Decision, act: str) -> None:
        entry = Entry(
            engagement_id=decision.engagement_id,
            act=act,
            actor=f"person:{decision.actor}",
            reason=decision.reason,
        )
        await append_entries(self._connection, [entry])


def _sha256(reply: str | None) -> str | None:
    return None if reply is None else hashlib.sha256(reply.encode()).hexdigest()


def _text_hash(decision: Decision) -> dict[str, str | int | None]:
    """What was approved or posted by hand, as a hash: the chain holds no text."""
    reply = decision.hold.text if decision.hold else decision.end_text
    return {} if reply is None else {"text_sha256": _sha256(reply)}
