"""`triage.ports.TriageWork` on the ledger in memory."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from responder.delivery.ports import AttemptOutcome
from responder.engagement.events import EngagementClosed, EngagementTriaged, Event
from responder.engagement.lifecycle import ENDS, State, Trigger, step
from responder.engagement.model import (
    RULE_REASONS,
    EngagementId,
    EventId,
    NeedsReply,
    SourceId,
    ThreadKey,
    thread_key,
)
from responder.engagement.record import Entry, moved
from responder.testing.twin.recording import (
    DOUBTFUL,
    append_entries,
    append_events,
    attempts_of,
    engagement_of,
    event_of,
    lock_engagement,
    move_engagement,
    thread_of,
    void_decisions,
)
from responder.testing.twin.settling import settle_echo
from responder.testing.twin.tables import (
    CommentRow,
    DecisionRow,
    Effect,
    EngagementRow,
    InboxRow,
    Ledger,
    LedgerTransaction,
)
from responder.triage.decisions import answered_elsewhere
from responder.triage.ports import Accepted, Changed, Known, OpenApproval, OwnSeen, Verdict

KEEP_DRAFT = frozenset({State.SENDING, State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN})


class TwinTriageWork:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def begin(self) -> AbstractAsyncContextManager["TwinTriageTransaction"]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator["TwinTriageTransaction"]:
        async with self._ledger.begin() as tx:
            yield self.transaction(tx)

    def transaction(self, tx: LedgerTransaction) -> "TwinTriageTransaction":
        return TwinTriageTransaction(tx)


class TwinTriageTransaction:
    def __init__(self, tx: LedgerTransaction) -> None:
        self._tx = tx
        self._tables = tx.tables

    async def claim(self, consumer: str, ids: Collection[EventId]) -> frozenset[EventId]:
        tx, inbox = self._tx, self._tables.inbox
        await tx.statement()
        fresh: set[EventId] = set()
        for each in sorted(set(ids)):
            await tx.lock(("inbox", consumer, each))
            if tx.get(inbox, (consumer, each)) is None:
                tx.insert(inbox, (consumer, each), InboxRow(is_done=True))
                fresh.add(each)
        return frozenset(fresh)

    async def lock_threads(self, keys: Collection[ThreadKey]) -> None:
        await self._tx.statement()
        await self._tx.lock(*(("thread", key) for key in sorted(keys)))

    async def known(
        self, keys: Collection[tuple[SourceId, str]]
    ) -> Mapping[tuple[SourceId, str], Known]:
        await self._tx.statement()
        found = {key: self._tx.get(self._tables.comments, key) for key in keys}
        return {key: self._known(key, row) for key, row in found.items() if row is not None}

    def _known(self, key: tuple[SourceId, str], row: CommentRow) -> Known:
        engagement = self._engagement(key)
        return Known(
            comment=row.comment,
            version=row.version,
            edited_at=row.edited_at,
            engagement_id=None if engagement is None else engagement.id,
            state=None if engagement is None else engagement.state,
            is_rule_closed=engagement is not None and engagement.dismissal in RULE_REASONS,
            has_open_attempt=engagement is not None
            and self._may_stand_there(engagement.id, DOUBTFUL),
        )

    def _engagement(self, name: tuple[SourceId, str]) -> EngagementRow | None:
        rows = self._tx.rows(self._tables.engagements)
        return next((row for row in rows if row.name == name), None)

    def _may_stand_there(
        self, engagement_id: EngagementId, outcomes: frozenset[AttemptOutcome | None]
    ) -> bool:
        return any(
            self._has_attempt(decision.id, outcomes)
            for decision in self._tx.rows(self._tables.decisions)
            if decision.engagement_id == engagement_id and decision.status == "released"
        )

    def _has_attempt(self, reply_id: UUID, outcomes: frozenset[AttemptOutcome | None]) -> bool:
        found = {each.outcome for each in attempts_of(self._tx, reply_id)}
        return bool(found & outcomes) and AttemptOutcome.SENT not in found

    async def record(
        self, verdicts: Sequence[Verdict], *, config_version: str, at: datetime
    ) -> None:
        del config_version  # a run has one
        await self._tx.statement()
        for verdict in verdicts:
            self._note(verdict)
            if isinstance(verdict, Accepted):
                self._accept(verdict, at)
            elif isinstance(verdict, Changed) and verdict.engagement_id is not None:
                await self._change(verdict, verdict.engagement_id, at)

    def _note(self, verdict: Verdict) -> None:
        comment = verdict.comment
        row = CommentRow(
            comment=comment, version=verdict.version, edited_at=verdict.arrival.data.edited_at
        )
        before = self._tx.get(self._tables.comments, (comment.source, comment.comment_id))
        if before is not None:  # whom it answers is not the event's to say
            row = replace(row, comment=replace(comment, answers=before.comment.answers))
        self._tx.put(self._tables.comments, (comment.source, comment.comment_id), row)
        effect = Effect(thread_key=_thread_of(verdict), event_id=verdict.arrival.event.id)
        self._tx.insert(self._tables.effects, self._tables.number(), effect)

    def _accept(self, accepted: Accepted, at: datetime) -> None:
        state = accepted.moves[-1].to_state
        row = EngagementRow(
            id=accepted.engagement_id,
            name=(accepted.comment.source, accepted.comment.comment_id),
            thread_key=thread_key(accepted.comment.source, accepted.comment.thread_id),
            state=state,
            understanding=accepted.understanding,
            queue=accepted.queue,
            dismissal=accepted.dismissed,
        )
        self._tx.insert(self._tables.engagements, row.id, row)
        entries = (moved(row.id, move, actor="triage") for move in accepted.moves)
        append_entries(self._tx, entries)
        is_ended = state in ENDS
        event = _closed(accepted, at) if is_ended else _triaged(accepted, row.id, at)
        append_events(self._tx, [event])

    async def _change(self, changed: Changed, engagement_id: EngagementId, at: datetime) -> None:
        await lock_engagement(self._tx, engagement_id)
        self._mark(changed, engagement_id)
        move_engagement(
            self._tx,
            engagement_id,
            changed.moves,
            actor="platform" if changed.comment.is_deleted else "triage",
            at=at,
            dismissal=changed.dismissed,
        )
        if changed.comment.is_deleted:
            void_decisions(self._tx, engagement_id, "deleted", at)
        if not changed.moves:
            entry = Entry(
                engagement_id=engagement_id,
                act="comment_deleted" if changed.comment.is_deleted else "comment_edited",
                actor="platform",
                data={"revision": changed.comment.revision},
            )
            append_entries(self._tx, [entry])
        is_open = not changed.moves or changed.moves[-1].to_state not in ENDS
        if changed.understanding is not None and is_open:
            append_events(self._tx, [_triaged(changed, engagement_id, at)])

    def _mark(self, changed: Changed, engagement_id: EngagementId) -> None:
        row = engagement_of(self._tx, engagement_id)
        if changed.is_after_answer:
            row = replace(row, edited_after_answer=True)
        if changed.understanding is not None:
            row = replace(
                row,
                understanding=changed.understanding,
                queue=changed.queue or row.queue,
                draft_state=row.draft_state if row.state in KEEP_DRAFT else "waiting",
                dismissal=None,
            )
        self._tx.put(self._tables.engagements, engagement_id, row)

    async def settle_own(self, own: OwnSeen, *, at: datetime) -> bool:
        await self._tx.statement()
        if own.comment.is_deleted:
            return False
        if await settle_echo(self._tx, own.comment, at=at):
            return True
        return await self._answered_elsewhere(own, at)

    async def _answered_elsewhere(self, own: OwnSeen, at: datetime) -> bool:
        comment = own.comment
        row = self._engagement((comment.source, comment.parent_id or ""))
        if row is None:
            return False
        throttled = DOUBTFUL | {AttemptOutcome.THROTTLED}
        moves = answered_elsewhere(
            row.state,
            ours_may_stand_there=self._may_stand_there(row.id, throttled),
            visibility=own.arrival.data.visibility,
        )
        if not moves:
            return False
        await lock_engagement(self._tx, row.id)
        void_decisions(self._tx, row.id, "answered_elsewhere", at)
        move_engagement(
            self._tx,
            row.id,
            moves,
            actor="platform",
            at=at,
            answered_by="elsewhere",
            url=comment.permalink,
        )
        return True

    async def open_approvals(self, keys: Collection[ThreadKey]) -> Sequence[OpenApproval]:
        await self._tx.statement()
        found: list[OpenApproval] = []
        for row in self._tx.rows(self._tables.engagements):
            decision = self._open_decision(row) if row.thread_key in keys else None
            if decision is not None:
                found.append(
                    OpenApproval(
                        engagement_id=row.id,
                        state=row.state,
                        comment_id=row.name[1],
                        context=decision.context,
                        is_reply=decision.kind == "reply",
                        thread=thread_of(self._tx, row.thread_key),
                    )
                )
        return found

    def _open_decision(self, row: EngagementRow) -> DecisionRow | None:
        """The newest, if it can still be stopped."""
        found = [
            each
            for each in self._tx.rows(self._tables.decisions)
            if each.engagement_id == row.id
            and (each.status == "held" or (each.status == "released" and each.kind == "reply"))
        ]
        newest = max(found, key=lambda each: each.made_at, default=None)
        if newest is None:
            return None
        is_at_work = row.state in {State.APPROVED, State.SENDING} or newest.kind == "dismissal"
        stuck = DOUBTFUL | {AttemptOutcome.THROTTLED}
        attempts = attempts_of(self._tx, newest.id)
        return newest if is_at_work and not any(a.outcome in stuck for a in attempts) else None

    async def void(self, approval: OpenApproval, *, reason: str, at: datetime) -> None:
        await lock_engagement(self._tx, approval.engagement_id)
        void_decisions(self._tx, approval.engagement_id, reason, at)
        if approval.is_reply:
            moves = [step(approval.state, Trigger.VOIDED, reason)]
            move_engagement(self._tx, approval.engagement_id, moves, actor="triage", at=at)
            return
        entry = Entry(
            engagement_id=approval.engagement_id,
            act="dismissal_voided",
            actor="triage",
            reason=reason,
        )
        append_entries(self._tx, [entry])

    async def settle_retried(self, dead_letters: Collection[str]) -> None:
        await self._tx.statement()
        for each in dead_letters:
            row = self._tx.get(self._tables.letters, UUID(each))
            if row is not None and row.status == "retried":
                self._tx.put(self._tables.letters, UUID(each), replace(row, status="settled"))


def _thread_of(verdict: Verdict) -> ThreadKey:
    event = verdict.arrival.event
    return thread_key(event.source, event.subject)


def _closed(accepted: Accepted, at: datetime) -> Event:
    closed = EngagementClosed(
        engagement_id=accepted.engagement_id,
        comment_id=accepted.comment.comment_id,
        end=accepted.moves[-1].to_state.value,
        reason=accepted.dismissed,
    )
    return event_of(closed, thread_key=_thread_of(accepted), at=at, version=at.isoformat())


def _triaged(verdict: Accepted | Changed, engagement_id: EngagementId, at: datetime) -> Event:
    understanding = verdict.understanding
    if understanding is None or verdict.queue is None:
        raise ValueError("what is announced has been understood and has a queue")
    triaged = EngagementTriaged(
        engagement_id=engagement_id,
        comment_id=verdict.comment.comment_id,
        revision=verdict.comment.revision,
        intent=understanding.intent,
        needs_reply=NeedsReply(understanding.needs_reply.value),
        language=understanding.language.value,
        queue=verdict.queue,
    )
    version = str(verdict.comment.revision)
    return event_of(triaged, thread_key=_thread_of(verdict), at=at, version=version)
