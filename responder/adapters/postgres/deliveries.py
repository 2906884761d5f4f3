"""Delivery's unit of work on the ledger: jobs under lease, attempts recorded before the call."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.branches import surrounding
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import (
    append_entries,
    lock_engagement,
    move_engagement,
    void_decisions,
)
from responder.adapters.postgres.rows import (
    COMMENT_COLUMNS,
    JOIN_AUTHOR,
    comment_of,
)
from responder.adapters.postgres.settling import (
    finish,
    pause_or_resume,
    schedule,
    settle_attempt,
    settle_by_evidence,
)
from responder.adapters.postgres.sources import receipts_of
from responder.delivery.ports import Attempt, AttemptOutcome, Job, LeaseLost, Settlement
from responder.delivery.steps import idempotency_key, key_of, may_stand, put_off
from responder.engagement.context import digest
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import Move, State, Trigger, step
from responder.engagement.model import EngagementId, ReplyId, SourceId
from responder.engagement.record import Entry
from responder.engagement.text import is_same_reply

RIVAL_SECONDS = 2.0
"""How long a reply waits while the same words are on their way to somebody else in its branch."""
PAUSE_PROBE_MINUTES = 15
"""A paused source lets one reply through this often, to notice that it works again."""


class PostgresDeliveryWork:
    """`delivery.ports.DeliveryWork` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        while True:
            async with transaction(self._engine) as connection:
                row = await _lease(connection, reply_id, at, lease_seconds)
                if row is None:
                    return None
                if not row.is_probe or await _may_probe(connection, row.source):
                    return await _job(connection, row.reply_id)
                await connection.rollback()  # somebody else probes: what else is due?

    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        async with transaction(self._engine) as connection:
            engagement = await lock_engagement(connection, job.engagement_id)
            await _check_lease(connection, job)
            objection = await _objection(connection, job, engagement)
            if objection is not None:
                await _return(connection, job, engagement, *objection, at=at)
                return None
            if await _has_rival(connection, job, engagement.thread_key):
                await _put_off(connection, job.reply_id, at + timedelta(seconds=RIVAL_SECONDS))
                return None
            number = 1 if job.last is None else job.last.number + 1
            if number == 1:
                await _note_what_stands_there(connection, job.reply_id, engagement.thread_key)
            await _insert_attempt(connection, job, number, at)
            state = State(engagement.state)
            moves = [step(state, Trigger.ATTEMPTED)] if state is State.APPROVED else []
            await move_engagement(
                connection, job.engagement_id, moves, actor="delivery", at=at, attempt=number
            )
            return number

    async def settle(self, job: Job, settlement: Settlement, *, at: datetime) -> None:
        async with transaction(self._engine) as connection:
            engagement = await lock_engagement(connection, job.engagement_id)
            await _check_lease(connection, job)
            if State(engagement.state) is not State.SENDING:
                await _put_off(connection, job.reply_id, None)
                return  # something else ended it, and knew more
            await settle_attempt(connection, job.reply_id, settlement, at)
            await schedule(connection, job.reply_id, settlement, at)
            await pause_or_resume(connection, job.source, settlement)
            await _tell_of_wait(connection, job, settlement, at)
            if settlement.trigger is not None:
                await finish(connection, engagement, job.reply_id, settlement, at)

    async def return_to_review(
        self, job: Job, *, trigger: Trigger, reason: str, at: datetime
    ) -> None:
        async with transaction(self._engine) as connection:
            engagement = await lock_engagement(connection, job.engagement_id)
            await _check_lease(connection, job)
            await _return(connection, job, engagement, trigger, reason, at=at)

    async def postpone(self, job: Job, *, until: datetime) -> None:
        async with transaction(self._engine) as connection:
            await _check_lease(connection, job)
            await _put_off(connection, job.reply_id, until)

    async def receipt(self, event: Event, data: ReplyPosted, *, at: datetime) -> bool:
        name = {"consumer": receipts_of(event.source), "id": event.id}
        async with transaction(self._engine) as connection:
            claimed = await connection.execute(
                text("""
                    INSERT INTO inbox (consumer, event_id, state, done_at)
                    VALUES (:consumer, :id, 'done', now()) ON CONFLICT DO NOTHING RETURNING 1
                    """),
                name,
            )
            if claimed.one_or_none() is None:
                return True
            evidence = Settlement(
                outcome=AttemptOutcome.SENT,
                trigger=Trigger.DELIVERED,
                external_id=data.comment_id,
                url=data.url,
                posted_at=data.posted_at,
            )
            reply_id = await _sent_as(connection, ReplyId(data.reply_id))
            if await settle_by_evidence(connection, reply_id, event.source, evidence, at):
                return True
            await connection.execute(  # it may come again when the reply waits for it
                text("DELETE FROM inbox WHERE consumer = :consumer AND event_id = :id"),
                name,
            )
            return False


async def _tell_of_wait(
    connection: AsyncConnection, job: Job, settlement: Settlement, at: datetime
) -> None:
    reason = put_off(job, settlement)
    if reason is None:
        return
    attempts = await connection.execute(
        text("SELECT max(attempt) FROM delivery_attempt WHERE reply_id = :id"),
        {"id": job.reply_id},
    )
    entry = Entry(
        engagement_id=job.engagement_id,
        act="put_off",
        actor="delivery",
        reason=reason,
        data={
            "reply_id": str(job.reply_id),
            "attempt": attempts.scalar_one(),
            "until": (at + timedelta(seconds=settlement.next_in or 0.0)).isoformat(),
        },
    )
    await append_entries(connection, [entry])


async def _sent_as(connection: AsyncConnection, reply_id: ReplyId) -> ReplyId:
    """The reply that went out last under this one's key: who keeps keys knows it by its first."""
    found = await connection.execute(
        text("""
            SELECT reply_id FROM delivery_attempt WHERE idempotency_key = :key
            ORDER BY started_at DESC LIMIT 1
            """),
        {"key": key_of(reply_id)},
    )
    return ReplyId(found.scalar_one_or_none() or reply_id)


async def _lease(
    connection: AsyncConnection, reply_id: ReplyId | None, at: datetime, lease_seconds: float
) -> Any:
    """A due job, and whether it would probe a paused source; a look posts nothing and is no probe."""
    leased = await connection.execute(
        text("""
            WITH due AS MATERIALIZED (
              SELECT j.reply_id AS id, s.paused IS NOT NULL AND NOT l.is_look AS is_probe
              FROM delivery_job j LEFT JOIN source_state s USING (source)
              CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM delivery_attempt a
                WHERE a.reply_id = j.reply_id AND NOT a.may_repeat AND (a.outcome IS NULL
                  OR a.outcome IN ('unknown', 'handed_over'))) AS is_look) l
              WHERE j.next_at <= :at AND (j.leased_until IS NULL OR j.leased_until < now())
                AND (CAST(:reply_id AS uuid) IS NULL OR j.reply_id = :reply_id)
                AND (s.paused IS NULL OR l.is_look
                     OR s.paused_at < now() - :probe * interval '1 minute')
              ORDER BY j.next_at LIMIT 1 FOR UPDATE OF j SKIP LOCKED)
            UPDATE delivery_job SET token = gen_random_uuid(),
              leased_until = now() + :lease * interval '1 second'
            FROM due WHERE reply_id = due.id RETURNING reply_id, source, is_probe
            """),
        {"at": at, "lease": lease_seconds, "reply_id": reply_id, "probe": PAUSE_PROBE_MINUTES},
    )
    return leased.one_or_none()


async def _may_probe(connection: AsyncConnection, source: str) -> bool:
    """Whether it is this worker's turn to probe; of several that ask at once, one's."""
    taken = await connection.execute(
        text("""
            UPDATE source_state SET paused_at = CASE WHEN paused IS NULL THEN paused_at ELSE now() END
            WHERE source = :source
              AND (paused IS NULL OR paused_at < now() - :probe * interval '1 minute')
            RETURNING 1
            """),
        {"source": source, "probe": PAUSE_PROBE_MINUTES},
    )
    return taken.one_or_none() is not None


_JOB = f"""
    SELECT j.reply_id, j.engagement_id, j.token, j.tries, j.looks, j.absent_since, e.state,
      d.text AS reply_text, a.attempt, a.started_at, a.outcome, a.answer, a.settled_at,
      a.deadline_at, a.external_id, {COMMENT_COLUMNS},
      (SELECT min(t.started_at) FROM delivery_attempt t
        WHERE t.reply_id = j.reply_id AND NOT EXISTS (SELECT 1 FROM delivery_attempt o
          WHERE o.reply_id = j.reply_id AND o.attempt >= t.attempt
            AND o.outcome IS DISTINCT FROM 'throttled')) AS throttled_since,
      ARRAY(SELECT o.external_id FROM delivery_attempt o
        JOIN delivery_job k ON k.reply_id = o.reply_id
        JOIN engagement f ON f.id = k.engagement_id
        WHERE f.thread_key = e.thread_key AND o.reply_id <> j.reply_id
          AND o.external_id IS NOT NULL) || j.known AS others,
      (SELECT k.idempotency_key FROM delivery_attempt k JOIN decision q ON q.id = k.reply_id
        WHERE q.engagement_id = j.engagement_id AND q.text_sha256 = d.text_sha256
          AND (k.answer = 'unknown' OR k.outcome IN ('unknown', 'handed_over'))
          AND NOT EXISTS (SELECT 1 FROM delivery_attempt s WHERE s.outcome = 'sent'
            AND s.idempotency_key = k.idempotency_key)
        ORDER BY k.started_at LIMIT 1) AS kept_key,
      EXISTS (SELECT 1 FROM delivery_attempt u WHERE u.reply_id = j.reply_id
        AND u.attempt < a.attempt AND u.outcome = 'unknown') AS was_unknown,
      (SELECT min(started_at) FROM delivery_attempt
        WHERE reply_id = j.reply_id) AS first_started_at
    FROM delivery_job j JOIN decision d ON d.id = j.reply_id
    JOIN engagement e ON e.id = j.engagement_id
    JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
    {JOIN_AUTHOR}
    LEFT JOIN LATERAL (SELECT * FROM delivery_attempt WHERE reply_id = j.reply_id
      ORDER BY attempt DESC LIMIT 1) a ON true
    WHERE j.reply_id = :id
    """  # noqa: S608 - a constant
"""A job with all that its next step depends on."""


async def _job(connection: AsyncConnection, reply_id: UUID) -> Job:
    found = await connection.execute(text(_JOB), {"id": reply_id})
    row = found.one()
    return Job(
        reply_id=ReplyId(row.reply_id),
        engagement_id=EngagementId(row.engagement_id),
        source=SourceId(row.source),
        token=row.token,
        state=State(row.state),
        tries=row.tries,
        looks=row.looks,
        absent_since=row.absent_since,
        last=None if row.attempt is None else _attempt_of(row),
        text=row.reply_text,
        comment=comment_of(row),
        first_started_at=row.first_started_at,
        kept_key=row.kept_key,
        was_unknown=row.was_unknown,
        throttled_since=row.throttled_since,
        others=frozenset(row.others),
    )


def _attempt_of(row: Any) -> Attempt:
    return Attempt(
        number=row.attempt,
        started_at=row.started_at,
        outcome=row.outcome and AttemptOutcome(row.outcome),
        answer=row.answer and AttemptOutcome(row.answer),
        settled_at=row.settled_at,
        deadline_at=row.deadline_at,
        external_id=row.external_id,
    )


async def _check_lease(connection: AsyncConnection, job: Job) -> None:
    held = await connection.execute(
        text("SELECT 1 FROM delivery_job WHERE reply_id = :id AND token = :token FOR UPDATE"),
        {"id": job.reply_id, "token": job.token},
    )
    if held.one_or_none() is None:
        raise LeaseLost


async def _objection(
    connection: AsyncConnection, job: Job, engagement: Any
) -> tuple[Trigger, str] | None:
    """Why this must not be posted after all. The locks make the answer hold until the commit."""
    if State(engagement.state) not in {State.APPROVED, State.SENDING}:
        return Trigger.VOIDED, "not_approved_any_more"
    found = await connection.execute(
        text("SELECT status, context, text, text_sha256 FROM decision WHERE id = :id"),
        {"id": job.reply_id},
    )
    decision = found.one()
    thread = await surrounding(connection, job.comment)
    comment = next(each for each in thread if each.comment_id == job.comment.comment_id)
    if comment.is_deleted:
        return Trigger.WITHDRAWN, "deleted"
    if decision.status != "released" or _sha256(job.text) != decision.text_sha256:
        return Trigger.VOIDED, "approval_void"
    if digest(comment, thread) != decision.context:
        return Trigger.VOIDED, "thread_changed"
    return None


async def _has_rival(connection: AsyncConnection, job: Job, thread_key: str) -> bool:
    """Whether the same words are on their way to somebody else in this branch.

    Some platforms list and echo replies by branch alone: of two that are in doubt at once nobody
    could tell which of them stands there. That holds for what is repeated under a key too: the echo
    of the other would settle it before the answer to its repeat tells that it never arrived. What a
    person has given up is no rival: a reply would wait for ever for its own forerunner. What was put
    off is one: *later* is no proof that nothing stands there, so an echo settles it as well.
    """
    found = await connection.execute(
        text("""
            SELECT d.text FROM engagement e
            JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
            JOIN delivery_job j ON j.engagement_id = e.id
            JOIN decision d ON d.id = j.reply_id
            JOIN delivery_attempt a ON a.reply_id = j.reply_id
            WHERE e.thread_key = :key AND e.state = 'sending' AND c.root_id = :root
              AND j.reply_id <> :id AND d.status = 'released' AND a.external_id IS NULL
              AND (a.outcome IS NULL OR a.outcome IN ('unknown', 'throttled'))
            """),
        {"key": thread_key, "root": job.comment.root_id, "id": job.reply_id},
    )
    return any(is_same_reply(job.text, other) for other in found.scalars().all())


async def _put_off(connection: AsyncConnection, reply_id: ReplyId, until: datetime | None) -> None:
    """Give the lease back; None: nothing follows."""
    await connection.execute(
        text("""
            UPDATE delivery_job SET leased_until = NULL, token = NULL,
              next_at = CAST(:until AS timestamptz) WHERE reply_id = :id
            """),
        {"id": reply_id, "until": until},
    )


async def _return(
    connection: AsyncConnection,
    job: Job,
    engagement: Any,
    trigger: Trigger,
    reason: str,
    *,
    at: datetime,
) -> None:
    await _put_off(connection, job.reply_id, None)
    state = State(engagement.state)
    if state not in {State.APPROVED, State.SENDING}:
        return  # it was taken back, withdrawn or ended meanwhile
    if may_stand(job):
        doubt = Settlement(outcome=AttemptOutcome.UNKNOWN, trigger=Trigger.IN_DOUBT, reason=reason)
        await finish(connection, engagement, job.reply_id, doubt, at)
        return
    await void_decisions(connection, job.engagement_id, reason, at)
    moves: list[Move] = [step(state, trigger, reason)]
    await move_engagement(connection, job.engagement_id, moves, actor="delivery", at=at)


async def _note_what_stands_there(
    connection: AsyncConnection, reply_id: ReplyId, thread_key: str
) -> None:
    await connection.execute(
        text("""
            UPDATE delivery_job SET known = ARRAY(
              SELECT comment_id FROM comment WHERE thread_key = :key AND is_own)
            WHERE reply_id = :id
            """),
        {"id": reply_id, "key": thread_key},
    )


async def _insert_attempt(connection: AsyncConnection, job: Job, number: int, at: datetime) -> None:
    await connection.execute(
        text("""
            INSERT INTO delivery_attempt
              (reply_id, attempt, token, idempotency_key, body_sha256, started_at)
            VALUES (:id, :number, :token, :key, :body, :at)
            """),
        {
            "id": job.reply_id,
            "number": number,
            "token": job.token,
            "key": idempotency_key(job),
            "body": _sha256(job.text),
            "at": at,
        },
    )
    await connection.execute(
        text("UPDATE delivery_job SET looks = 0, absent_since = NULL WHERE reply_id = :id"),
        {"id": job.reply_id},
    )


def _sha256(reply: str) -> str:
    return hashlib.sha256(reply.encode()).hexdigest()
