"""`delivery.ports.DeliveryWork` on the ledger in memory: leases, fences, attempts before calls."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from responder.delivery.ports import Attempt, AttemptOutcome, Job, LeaseLost, Settlement
from responder.delivery.steps import idempotency_key, key_of, may_stand, put_off
from responder.engagement.context import digest
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import State, Trigger, step
from responder.engagement.model import ReplyId, ThreadKey, thread_key
from responder.engagement.ports import Ids
from responder.engagement.record import Entry
from responder.engagement.text import is_same_reply
from responder.testing.twin.recording import (
    DOUBTFUL,
    append_entries,
    attempts_of,
    comment_of,
    engagement_of,
    lock_engagement,
    move_engagement,
    put_attempt,
    thread_of,
    void_decisions,
)
from responder.testing.twin.settling import (
    finish,
    job_of,
    pause_or_resume,
    schedule,
    settle_attempt,
    settle_by_evidence,
)
from responder.testing.twin.tables import (
    AttemptRow,
    EngagementRow,
    InboxRow,
    JobRow,
    Ledger,
    LedgerTransaction,
)

RIVAL_SECONDS = 2.0
PROBE = timedelta(minutes=15)


class TwinDeliveryWork:
    def __init__(self, ledger: Ledger, ids: Ids) -> None:
        self._ledger = ledger
        self._tables = ledger.tables
        self._ids = ids

    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        async with self._ledger.begin() as tx:
            await tx.statement()
            job = self._due(tx, reply_id, at)
            if job is None:
                return None
            await tx.lock(("job", job.reply_id))
            now = tx.clock.now()
            leased = replace(
                job, token=self._ids.uuid(), leased_until=now + timedelta(seconds=lease_seconds)
            )
            tx.put(self._tables.jobs, job.reply_id, leased)
            paused = tx.get(self._tables.sources, job.source)
            if paused is not None and paused.paused and not self._is_look(tx, job):
                tx.put(self._tables.sources, job.source, replace(paused, paused_at=now))
            await tx.statement()
            return self._job(tx, leased)

    def _due(self, tx: LedgerTransaction, reply_id: ReplyId | None, at: datetime) -> JobRow | None:
        """The one that has been due for longest, of those that nobody else is at."""
        now = tx.clock.now()
        due = [
            job
            for job in tx.rows(self._tables.jobs)
            if job.next_at is not None
            and job.next_at <= at
            and (job.leased_until is None or job.leased_until < now)
            and reply_id in {None, job.reply_id}
            and tx.is_free(("job", job.reply_id))
            and (self._may_send(tx, job) or self._is_look(tx, job))
        ]
        return min(due, key=lambda job: (job.next_at or at, job.reply_id), default=None)

    def _may_send(self, tx: LedgerTransaction, job: JobRow) -> bool:
        source = tx.get(self._tables.sources, job.source)
        if source is None or source.paused is None:
            return True
        return source.paused_at is not None and source.paused_at < tx.clock.now() - PROBE

    def _is_look(self, tx: LedgerTransaction, job: JobRow) -> bool:
        attempts = attempts_of(tx, job.reply_id)
        return any(each.outcome in DOUBTFUL and not each.may_repeat for each in attempts)

    def _job(self, tx: LedgerTransaction, row: JobRow) -> Job:
        engagement = engagement_of(tx, row.engagement_id)
        decision = self._tables_decision(tx, row.reply_id)
        attempts = attempts_of(tx, row.reply_id)
        last = attempts[-1] if attempts else None
        return Job(
            reply_id=row.reply_id,
            engagement_id=row.engagement_id,
            source=row.source,
            token=row.token or UUID(int=0),
            state=engagement.state,
            tries=row.tries,
            looks=row.looks,
            absent_since=row.absent_since,
            last=None if last is None else _attempt_of(last),
            text=decision[0],
            comment=comment_of(tx, engagement),
            first_started_at=attempts[0].started_at if attempts else None,
            kept_key=self._kept_key(tx, row, decision[1]),
            was_unknown=any(each.outcome is AttemptOutcome.UNKNOWN for each in attempts[:-1]),
            throttled_since=_throttled_since(attempts),
            others=self._others(tx, row, engagement.thread_key),
        )

    def _tables_decision(self, tx: LedgerTransaction, reply_id: ReplyId) -> tuple[str, str]:
        """Its text, and the hash that was approved."""
        decision = tx.get(self._tables.decisions, reply_id)
        if decision is None or decision.text is None or decision.text_sha256 is None:
            raise LookupError(f"no reply {reply_id}")
        return decision.text, decision.text_sha256

    def _kept_key(self, tx: LedgerTransaction, job: JobRow, sha256: str) -> str | None:
        """Under which the same words went to the same comment, if they may stand there."""
        rows = sorted(tx.rows(self._tables.attempts), key=lambda row: row.started_at)
        made = {row.idempotency_key for row in rows if row.outcome is AttemptOutcome.SENT}
        for row in rows:
            decision = tx.get(self._tables.decisions, row.reply_id)
            if decision is None or row.idempotency_key in made:
                continue
            is_same = decision.engagement_id == job.engagement_id and decision.text_sha256 == sha256
            doubtful = {AttemptOutcome.UNKNOWN, AttemptOutcome.HANDED_OVER}
            if is_same and (row.answer is AttemptOutcome.UNKNOWN or row.outcome in doubtful):
                return row.idempotency_key
        return None

    def _others(self, tx: LedgerTransaction, job: JobRow, key: ThreadKey) -> frozenset[str]:
        found = set(job.known)
        for row in tx.rows(self._tables.attempts):
            if row.reply_id == job.reply_id or row.external_id is None:
                continue
            other = job_of(tx, row.reply_id)
            if engagement_of(tx, other.engagement_id).thread_key == key:
                found.add(row.external_id)
        return frozenset(found)

    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        async with self._ledger.begin() as tx:
            engagement = await lock_engagement(tx, job.engagement_id)
            await self.check_lease(tx, job)
            objection = self.objection(tx, job, engagement)
            if objection is not None:
                self._return(tx, job, engagement, *objection, at=at)
                return None
            if self._has_rival(tx, job, engagement.thread_key):
                self._put_off(tx, job.reply_id, at + timedelta(seconds=RIVAL_SECONDS))
                return None
            number = 1 if job.last is None else job.last.number + 1
            self._insert_attempt(tx, job, number, at)
            state = engagement.state
            moves = [step(state, Trigger.ATTEMPTED)] if state is State.APPROVED else []
            move_engagement(
                tx,
                job.engagement_id,
                moves,
                actor="delivery",
                at=at,
                attempt=number,
            )
            return number

    async def settle(self, job: Job, settlement: Settlement, *, at: datetime) -> None:
        async with self._ledger.begin() as tx:
            engagement = await lock_engagement(tx, job.engagement_id)
            await self.check_lease(tx, job)
            if engagement.state is not State.SENDING:
                self._put_off(tx, job.reply_id, None)
                return  # something else ended it, and knew more
            settle_attempt(tx, job.reply_id, settlement, at)
            schedule(tx, job.reply_id, settlement, at)
            pause_or_resume(tx, job.source, settlement)
            self._tell_of_wait(tx, job, settlement)
            finish(tx, engagement, job.reply_id, settlement, at)

    async def return_to_review(
        self, job: Job, *, trigger: Trigger, reason: str, at: datetime
    ) -> None:
        async with self._ledger.begin() as tx:
            engagement = await lock_engagement(tx, job.engagement_id)
            await self.check_lease(tx, job)
            self._return(tx, job, engagement, trigger, reason, at=at)

    async def postpone(self, job: Job, *, until: datetime) -> None:
        async with self._ledger.begin() as tx:
            await self.check_lease(tx, job)
            self._put_off(tx, job.reply_id, until)

    async def receipt(self, event: Event, data: ReplyPosted, *, at: datetime) -> bool:
        key = (f"receipts of {event.source}", event.id)
        async with self._ledger.begin() as tx:
            await tx.lock(("inbox", *key))
            if tx.get(self._tables.inbox, key) is not None:
                return True
            evidence = Settlement(
                outcome=AttemptOutcome.SENT,
                trigger=Trigger.DELIVERED,
                external_id=data.comment_id,
                url=data.url,
                posted_at=data.posted_at,
            )
            reply_id = self._sent_as(tx, ReplyId(data.reply_id))
            is_settled = await settle_by_evidence(tx, reply_id, event.source, evidence, at)
            if is_settled:
                tx.insert(self._tables.inbox, key, InboxRow(is_done=True))
            return is_settled

    def _sent_as(self, tx: LedgerTransaction, reply_id: ReplyId) -> ReplyId:
        """The reply that went out last under this one's key."""
        key = key_of(reply_id)
        rows = [row for row in tx.rows(self._tables.attempts) if row.idempotency_key == key]
        newest = max(rows, key=lambda row: row.started_at, default=None)
        return reply_id if newest is None else newest.reply_id

    async def check_lease(self, tx: LedgerTransaction, job: Job) -> None:
        """Raises LeaseLost for whoever was away too long."""
        await tx.lock(("job", job.reply_id))
        await tx.statement()
        if job_of(tx, job.reply_id).token != job.token:
            raise LeaseLost

    def objection(
        self, tx: LedgerTransaction, job: Job, engagement: EngagementRow
    ) -> tuple[Trigger, str] | None:
        """Why this must not be posted after all."""
        if engagement.state not in {State.APPROVED, State.SENDING}:
            return Trigger.VOIDED, "not_approved_any_more"
        decision = tx.get(self._tables.decisions, job.reply_id)
        comment = comment_of(tx, engagement)
        if comment.is_deleted:
            return Trigger.WITHDRAWN, "deleted"
        if (
            decision is None
            or decision.status != "released"
            or _sha256(job.text) != decision.text_sha256
        ):
            return Trigger.VOIDED, "approval_void"
        if digest(comment, thread_of(tx, engagement.thread_key)) != decision.context:
            return Trigger.VOIDED, "thread_changed"
        return None

    def _has_rival(self, tx: LedgerTransaction, job: Job, key: ThreadKey) -> bool:
        """Whether the same words are on their way to somebody else in this branch."""
        for row in tx.rows(self._tables.attempts):
            if row.reply_id == job.reply_id or row.external_id is not None:
                continue
            if row.outcome not in {None, AttemptOutcome.UNKNOWN, AttemptOutcome.THROTTLED}:
                continue
            decision = tx.get(self._tables.decisions, row.reply_id)
            if decision is None or decision.status != "released":
                continue
            other = job_of(tx, row.reply_id)
            engagement = engagement_of(tx, other.engagement_id)
            comment = comment_of(tx, engagement)
            is_near = engagement.thread_key == key and comment.root_id == job.comment.root_id
            words, _ = self._tables_decision(tx, row.reply_id)
            if is_near and engagement.state is State.SENDING and is_same_reply(job.text, words):
                return True
        return False

    def _insert_attempt(self, tx: LedgerTransaction, job: Job, number: int, at: datetime) -> None:
        row = AttemptRow(
            reply_id=job.reply_id,
            number=number,
            token=job.token,
            idempotency_key=idempotency_key(job),
            body_sha256=_sha256(job.text),
            started_at=at,
        )
        tx.insert(self._tables.attempts, (job.reply_id, number), row)
        put_attempt(tx, row)
        stored = replace(job_of(tx, job.reply_id), looks=0, absent_since=None)
        if number == 1:
            key = thread_key(job.source, job.comment.thread_id)
            thread = thread_of(tx, key)
            stored = replace(stored, known=frozenset(c.comment_id for c in thread if c.is_own))
        tx.put(self._tables.jobs, job.reply_id, stored)

    def _return(
        self,
        tx: LedgerTransaction,
        job: Job,
        engagement: EngagementRow,
        trigger: Trigger,
        reason: str,
        *,
        at: datetime,
    ) -> None:
        self._put_off(tx, job.reply_id, None)
        if engagement.state not in {State.APPROVED, State.SENDING}:
            return  # it was taken back, withdrawn or ended meanwhile
        if may_stand(job):
            doubt = Settlement(
                outcome=AttemptOutcome.UNKNOWN, trigger=Trigger.IN_DOUBT, reason=reason
            )
            finish(tx, engagement, job.reply_id, doubt, at)
            return
        void_decisions(tx, job.engagement_id, reason, at)
        moves = [step(engagement.state, trigger, reason)]
        move_engagement(tx, job.engagement_id, moves, actor="delivery", at=at)

    def _put_off(self, tx: LedgerTransaction, reply_id: ReplyId, until: datetime | None) -> None:
        job = job_of(tx, reply_id)
        tx.put(
            self._tables.jobs,
            reply_id,
            replace(job, leased_until=None, token=None, next_at=until),
        )

    def _tell_of_wait(self, tx: LedgerTransaction, job: Job, settlement: Settlement) -> None:
        reason = put_off(job, settlement)
        if reason is not None:
            entry = Entry(
                engagement_id=job.engagement_id, act="put_off", actor="delivery", reason=reason
            )
            append_entries(tx, [entry])


def _attempt_of(row: AttemptRow) -> Attempt:
    return Attempt(
        number=row.number,
        started_at=row.started_at,
        outcome=row.outcome,
        answer=row.answer,
        settled_at=row.settled_at,
        deadline_at=row.deadline_at,
        external_id=row.external_id,
    )


def _throttled_since(attempts: Sequence[AttemptRow]) -> datetime | None:
    """Since when each attempt was answered with *later*; None if the last one was not."""
    since: datetime | None = None
    for each in reversed(attempts):
        if each.outcome is not AttemptOutcome.THROTTLED:
            break
        since = each.started_at
    return since


def _sha256(reply: str) -> str:
    return hashlib.sha256(reply.encode()).hexdigest()
