"""`review.ports.ReviewWork` on the ledger in memory, and what a person sees before deciding."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from responder.delivery.ports import AttemptOutcome
from responder.engagement.context import digest
from responder.engagement.lifecycle import Trigger
from responder.engagement.model import Comment, EngagementId, ReplyId
from responder.engagement.record import Entry
from responder.review.errors import TooLateToUndo
from responder.review.ports import (
    Decision,
    Held,
    Hold,
    Locked,
)
from responder.testing.twin.recording import (
    append_entries,
    attempts_of,
    comment_of,
    engagement_of,
    lock_engagement,
    move_engagement,
    put_attempt,
    thread_of,
)
from responder.testing.twin.store import Doubled
from responder.testing.twin.tables import DecisionRow, Ledger, LedgerTransaction

GIVE_UP = frozenset({Trigger.RETURNED, Trigger.REOPENED, Trigger.POSTED_BY_PERSON})
TEXT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A comment on a person's screen."""

    engagement_id: EngagementId
    locked: Locked
    comment: Comment
    reply_text: str | None
    """The approved text, while one is on its way."""
    doubt: tuple[ReplyId | None, int]
    """Which reply it is, and how many attempts were made at posting it."""
    draft: str | None


class TwinReviewWork:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def begin(self) -> AbstractAsyncContextManager["TwinReviewTransaction"]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator["TwinReviewTransaction"]:
        async with self._ledger.begin() as tx:
            yield TwinReviewTransaction(tx)

    async def shown(self, engagement_id: EngagementId) -> Shown:
        """What its page shows now. Raises NotFound."""
        tables = self._ledger.tables
        async with self._ledger.begin() as tx:
            await tx.statement()
            row = engagement_of(tx, engagement_id)
            draft = tx.get(tables.drafts, (row.id, row.draft_version))
            decisions = [
                each
                for each in tx.rows(tables.decisions)
                if each.engagement_id == row.id and each.kind == "reply"
            ]
            newest = max(decisions, key=lambda each: each.made_at, default=None)
            return Shown(
                engagement_id=row.id,
                locked=_decidable(tx, row.id),
                comment=comment_of(tx, row),
                reply_text=newest.text if newest and newest.status == "released" else None,
                doubt=_doubt(tx, newest),
                draft=None if draft is None else draft.drafted.text,
            )


def _doubt(tx: LedgerTransaction, newest: DecisionRow | None) -> tuple[ReplyId | None, int]:
    if newest is None:
        return None, 0
    return ReplyId(newest.id), len(attempts_of(tx, newest.id))


def _decidable(tx: LedgerTransaction, engagement_id: EngagementId) -> Locked:
    row = engagement_of(tx, engagement_id)
    comment = comment_of(tx, row)
    rows = tx.rows(tx.tables.decisions)
    held = next((d for d in rows if d.engagement_id == row.id and d.status == "held"), None)
    return Locked(
        state=row.state,
        context=digest(comment, thread_of(tx, row.thread_key)),
        text_limit=TEXT_LIMIT,
        held=None if held is None else _held(held),
        attempts=sum(len(attempts_of(tx, d.id)) for d in rows if d.engagement_id == row.id),
    )


def _held(row: DecisionRow) -> Held:
    return Held(
        decision_id=row.id,
        kind=row.kind,
        actor=row.actor,
        actor_name="somebody",
        text=row.text,
        reason=row.reason,
        release_at=row.release_at,
    )


class TwinReviewTransaction:
    def __init__(self, tx: LedgerTransaction) -> None:
        self._tx = tx
        self._tables = tx.tables

    async def lock(self, engagement_id: EngagementId) -> Locked:
        await lock_engagement(self._tx, engagement_id)
        return _decidable(self._tx, engagement_id)

    async def seen(self, key: str) -> bool:
        await self._tx.statement()
        return self._tx.get(self._tables.command_keys, key) is not None

    async def record(self, decision: Decision) -> None:
        await self._tx.statement()
        self._tx.insert(self._tables.command_keys, decision.key, decision.engagement_id)
        if decision.undo is not None:
            self._undo(decision, decision.undo)
        if any(move.trigger in GIVE_UP for move in decision.moves):
            self._give_up_delivery(decision)
        if decision.hold is not None:
            self._hold(decision, decision.hold)
        self._settle_doubt(decision)
        text = decision.hold.text if decision.hold else decision.end_text
        hashed = None if text is None else _sha256(text)
        move_engagement(
            self._tx,
            decision.engagement_id,
            decision.moves,
            actor=f"person:{decision.actor}",
            at=decision.at,
            answered_by="person",
            url=decision.end_url,
            text_sha256=hashed,
        )

    def _undo(self, decision: Decision, decision_id: UUID) -> None:
        row = self._tx.get(self._tables.decisions, decision_id)
        if row is None or row.status != "held":
            raise TooLateToUndo
        undone = replace(row, status="undone", settled_at=decision.at)
        self._tx.put(self._tables.decisions, decision_id, undone)
        if row.kind == "dismissal":
            self._entry(decision, "dismissal_undone")

    def _hold(self, decision: Decision, hold: Hold) -> None:
        rows = self._tx.rows(self._tables.decisions)
        if any(r.engagement_id == decision.engagement_id and r.status == "held" for r in rows):
            raise Doubled(f"two decisions are held for {decision.engagement_id}")
        row = DecisionRow(
            id=hold.decision_id,
            engagement_id=decision.engagement_id,
            kind=hold.kind,
            status="held",
            actor=decision.actor,
            made_at=decision.at,
            release_at=hold.release_at,
            context=hold.context,
            text=hold.text,
            text_sha256=None if hold.text is None else _sha256(hold.text),
            reason=hold.reason,
        )
        self._tx.insert(self._tables.decisions, row.id, row)
        if hold.kind == "dismissal":
            self._entry(decision, "dismissal_held")

    def _give_up_delivery(self, decision: Decision) -> None:
        """A reply that does not stand is over, and never goes out; a new one may follow."""
        for row in list(self._tx.rows(self._tables.decisions)):
            is_out = row.engagement_id == decision.engagement_id and row.status == "released"
            outcomes = {a.outcome for a in attempts_of(self._tx, row.id)}
            if is_out and row.kind == "reply" and AttemptOutcome.SENT not in outcomes:
                reason = decision.moves[0].trigger.value
                voided = replace(row, status="voided", void_reason=reason, settled_at=decision.at)
                self._tx.put(self._tables.decisions, row.id, voided)
        for job in list(self._tx.rows(self._tables.jobs)):
            if job.engagement_id == decision.engagement_id:
                self._tx.put(self._tables.jobs, job.reply_id, replace(job, next_at=None))

    def _settle_doubt(self, decision: Decision) -> None:
        """What a person saw on the site settles what was in doubt."""
        trigger = decision.moves[-1].trigger if decision.moves else None
        if trigger not in {Trigger.DELIVERED, Trigger.SENT_AGAIN}:
            return
        for job in list(self._tx.rows(self._tables.jobs)):
            row = self._tx.get(self._tables.decisions, job.reply_id)
            if job.engagement_id != decision.engagement_id or not row or row.status != "released":
                continue
            attempts = attempts_of(self._tx, job.reply_id)
            made = any(each.outcome is AttemptOutcome.SENT for each in attempts)
            doubtful = {AttemptOutcome.UNKNOWN, AttemptOutcome.HANDED_OVER}
            newest = max((a.number for a in attempts if a.outcome in doubtful), default=None)
            for each in attempts:
                is_meant = decision.sends_again or each.number == newest
                if is_meant and each.outcome not in {None, AttemptOutcome.SENT}:
                    outcome = (
                        AttemptOutcome.NOT_SENT if decision.sends_again else AttemptOutcome.SENT
                    )
                    settled = replace(
                        each,
                        outcome=outcome,
                        url=decision.end_url or each.url,
                        settled_at=decision.at,
                    )
                    put_attempt(self._tx, settled)
            if decision.sends_again and not made:
                again = replace(job, next_at=decision.at, tries=0)
                self._tx.put(self._tables.jobs, job.reply_id, again)

    def _entry(self, decision: Decision, act: str) -> None:
        entry = Entry(
            engagement_id=decision.engagement_id,
            act=act,
            actor=f"person:{decision.actor}",
            reason=decision.reason,
        )
        append_entries(self._tx, [entry])


def _sha256(reply: str) -> str:
    return hashlib.sha256(reply.encode()).hexdigest()
