"""What is known about a reply is written down: by an answer, a look, an echo or a receipt."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.recording import (
    End,
    append_events,
    event_of,
    lock_engagement,
    move_engagement,
    void_decisions,
)
from responder.delivery import steps
from responder.delivery.ports import AttemptOutcome, Settlement
from responder.engagement.events import ReplySettled, web_address
from responder.engagement.lifecycle import State, Trigger, step
from responder.engagement.model import Comment, EngagementId, ReplyId
from responder.engagement.text import is_same_reply

SETTLED = {
    Trigger.DELIVERED: "delivered",
    Trigger.REFUSED: "failed",
    Trigger.IN_DOUBT: "unknown",
}


async def settle_echo(connection: AsyncConnection, comment: Comment, *, at: datetime) -> bool:
    """Whether a comment of ours is a reply that went out from here; settles it if it is open.

    It may arrive before the call returns. Known by the platform's id, else by text under the
    comment that was answered, or under the root that a platform rewrote the parent to.
    """
    found = await connection.execute(
        text("""
            SELECT d.id, d.text, a.external_id, e.comment_id, e.state
            FROM delivery_job j JOIN decision d ON d.id = j.reply_id
            JOIN engagement e ON e.id = j.engagement_id
            JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
            JOIN delivery_attempt a ON a.reply_id = j.reply_id
            WHERE e.thread_key = :key AND (a.external_id = :external_id
              OR (a.external_id IS NULL AND (a.outcome IS NULL OR a.outcome <> 'not_sent')
                  AND (e.comment_id = :parent OR c.root_id = :root AND :parent = :root)))
            ORDER BY a.external_id = :external_id DESC NULLS LAST, e.comment_id = :parent DESC,
              d.status = 'released' DESC, a.started_at DESC
            """),
        {
            "key": f"{comment.source}/{comment.thread_id}",
            "external_id": comment.comment_id,
            "parent": comment.parent_id,
            "root": comment.root_id,
        },
    )
    for row in found:
        if row.external_id == comment.comment_id or is_same_reply(row.text, comment.text):
            await connection.execute(
                text("UPDATE comment SET answers = :a WHERE source = :s AND comment_id = :id"),
                {"a": row.comment_id, "s": comment.source, "id": comment.comment_id},
            )
            evidence = Settlement(
                outcome=AttemptOutcome.SENT,
                trigger=Trigger.DELIVERED,
                external_id=comment.comment_id,
                url=comment.permalink,
                posted_at=comment.published_at,
            )
            return await settle_by_evidence(
                connection, ReplyId(row.id), comment.source, evidence, at
            )
    return False


async def settle_by_evidence(
    connection: AsyncConnection,
    reply_id: ReplyId,
    source: str,
    evidence: Settlement,
    at: datetime,
) -> bool:
    """It stands there, whatever the call said. False if no such reply can be settled."""
    found = await connection.execute(
        text("SELECT engagement_id FROM delivery_job WHERE reply_id = :id AND source = :source"),
        {"id": reply_id, "source": source},
    )
    engagement_id = found.scalar_one_or_none()
    if engagement_id is None:
        return False
    engagement = await lock_engagement(connection, EngagementId(engagement_id))
    last = await connection.execute(
        text("""
            SELECT a.outcome, d.status FROM delivery_attempt a JOIN decision d ON d.id = a.reply_id
            WHERE a.reply_id = :id ORDER BY a.attempt DESC LIMIT 1
            """),
        {"id": reply_id},
    )
    attempt = last.one_or_none()
    if attempt is None:
        return False
    meaning = steps.evidence(
        attempt.outcome and AttemptOutcome(attempt.outcome),
        is_released=attempt.status == "released",
        state=State(engagement.state),
    )
    if meaning is not steps.Evidence.SETTLES:
        return meaning is steps.Evidence.KNOWN
    await void_decisions(connection, EngagementId(engagement_id), "answered", at)
    await settle_attempt(connection, reply_id, evidence, at)
    await schedule(connection, reply_id, evidence, at)
    await finish(connection, engagement, reply_id, evidence, at)
    return True


async def settle_attempt(
    connection: AsyncConnection, reply_id: ReplyId, settlement: Settlement, at: datetime
) -> None:
    await connection.execute(
        text("""
            UPDATE delivery_attempt SET outcome = :outcome, answer = COALESCE(answer, :answer),
              external_id = COALESCE(:external_id, external_id), url = COALESCE(:url, url),
              detail = CASE WHEN :detail = '' THEN detail ELSE :detail END,
              is_held = :is_held, may_repeat = :may_repeat, settled_at = :at,
              deadline_at = COALESCE(deadline_at, CAST(:deadline AS timestamptz))
            WHERE reply_id = :id AND attempt =
              (SELECT max(attempt) FROM delivery_attempt WHERE reply_id = :id)
            """),
        {
            "id": reply_id,
            "outcome": settlement.outcome,
            "answer": settlement.answer,
            "external_id": settlement.external_id,
            "url": settlement.url,
            "detail": settlement.detail[:300],
            "is_held": settlement.is_held,
            "may_repeat": settlement.may_repeat,
            "deadline": settlement.handover_deadline,
            "at": at,
        },
    )


async def schedule(
    connection: AsyncConnection, reply_id: ReplyId, settlement: Settlement, at: datetime
) -> None:
    await connection.execute(
        text("""
            UPDATE delivery_job SET leased_until = NULL, token = NULL,
              next_at = CAST(:next_at AS timestamptz),
              tries = :tries, looks = :looks, absent_since = :absent_since
            WHERE reply_id = :id
            """),
        {
            "id": reply_id,
            "next_at": None
            if settlement.next_in is None
            else at + timedelta(seconds=settlement.next_in),
            "tries": settlement.tries,
            "looks": settlement.looks,
            "absent_since": settlement.absent_since,
        },
    )


async def pause_or_resume(connection: AsyncConnection, source: str, settlement: Settlement) -> None:
    """Refused credentials pause the source's sending; anything that worked ends the pause."""
    worked = settlement.outcome in {AttemptOutcome.SENT, AttemptOutcome.HANDED_OVER}
    if settlement.pause_source is None and not worked:
        return
    await connection.execute(
        text("""
            INSERT INTO source_state (source, paused, paused_at) VALUES (:source, :why, now())
            ON CONFLICT (source) DO UPDATE SET paused = :why, paused_at = now()
            """),
        {"source": source, "why": settlement.pause_source},
    )


async def finish(
    connection: AsyncConnection,
    engagement: Any,
    reply_id: ReplyId,
    settlement: Settlement,
    at: datetime,
) -> None:
    """The engagement's own move, and the word about it to whoever reads the log."""
    trigger = settlement.trigger
    if trigger is None:
        return
    engagement_id = EngagementId(engagement.id)
    url = web_address(settlement.url)
    end = End(answered_by="delivery", replied_at=settlement.posted_at or at, url=url)
    move = step(State(engagement.state), trigger, settlement.reason)
    await move_engagement(
        connection,
        engagement_id,
        [move],
        actor="delivery",
        at=at,
        ends_with=end,
        reply_id=str(reply_id),
    )
    source, _, thread_id = engagement.thread_key.partition("/")
    settled = ReplySettled(
        engagement_id=engagement_id,
        reply_id=reply_id,
        comment_id=engagement.comment_id,
        outcome=SETTLED[trigger],
        external_id=settlement.external_id,
        url=url,
        why=settlement.reason,
    )
    event = event_of(
        settled, source=source, thread_id=thread_id, at=at, version=f"{trigger}:{at.isoformat()}"
    )
    await append_events(connection, [event])
