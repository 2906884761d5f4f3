"""What is known about a reply is written down, as `adapters/postgres/settling.py` does."""

from dataclasses import replace
from datetime import datetime, timedelta

from responder.delivery import steps
from responder.delivery.ports import AttemptOutcome, Settlement
from responder.engagement.events import ReplySettled, web_address
from responder.engagement.lifecycle import Trigger, step
from responder.engagement.model import Comment, ReplyId, SourceId, thread_key
from responder.engagement.text import is_same_reply
from responder.testing.twin.recording import (
    append_events,
    attempts_of,
    engagement_of,
    event_of,
    lock_engagement,
    move_engagement,
    put_attempt,
    void_decisions,
)
from responder.testing.twin.tables import (
    AttemptRow,
    DecisionRow,
    EngagementRow,
    JobRow,
    LedgerTransaction,
    SourceRow,
)

SETTLED = {
    Trigger.DELIVERED: "delivered",
    Trigger.REFUSED: "failed",
    Trigger.IN_DOUBT: "unknown",
}


async def settle_echo(tx: LedgerTransaction, comment: Comment, *, at: datetime) -> bool:
    """Whether a comment of ours is a reply that went out from here; settles it if it is open."""
    for decision, attempt, engagement in _candidates(tx, comment):
        is_it = attempt.external_id == comment.comment_id
        if is_it or is_same_reply(decision.text or "", comment.text):
            _note_answers(tx, comment, engagement.name[1])
            evidence = Settlement(
                outcome=AttemptOutcome.SENT,
                trigger=Trigger.DELIVERED,
                external_id=comment.comment_id,
                url=comment.permalink,
                posted_at=comment.published_at,
            )
            reply_id = ReplyId(decision.id)
            return await settle_by_evidence(tx, reply_id, comment.source, evidence, at)
    return False


def _candidates(
    tx: LedgerTransaction, comment: Comment
) -> list[tuple[DecisionRow, AttemptRow, EngagementRow]]:
    """Attempts that this may be the echo of, the likeliest first."""
    found: list[tuple[DecisionRow, AttemptRow, EngagementRow]] = []
    for attempt in tx.rows(tx.tables.attempts):
        decision = tx.get(tx.tables.decisions, attempt.reply_id)
        if decision is None:
            continue
        engagement = engagement_of(tx, decision.engagement_id)
        if _may_be_echo(tx, comment, attempt, engagement):
            found.append((decision, attempt, engagement))
    found.sort(key=lambda each: each[1].started_at, reverse=True)
    found.sort(
        key=lambda each: (
            each[1].external_id != comment.comment_id,
            each[2].name[1] != comment.parent_id,
            each[0].status != "released",
        )
    )
    return found


def _may_be_echo(
    tx: LedgerTransaction,
    comment: Comment,
    attempt: AttemptRow,
    engagement: EngagementRow,
) -> bool:
    if engagement.thread_key != thread_key(comment.source, comment.thread_id):
        return False
    if attempt.external_id is not None:
        return attempt.external_id == comment.comment_id
    if attempt.outcome is AttemptOutcome.NOT_SENT:
        return False
    answered = tx.get(tx.tables.comments, engagement.name)
    is_flat = comment.parent_id == comment.root_id
    return engagement.name[1] == comment.parent_id or (
        is_flat and answered is not None and answered.comment.root_id == comment.root_id
    )


def _note_answers(tx: LedgerTransaction, comment: Comment, answers: str) -> None:
    name = (comment.source, comment.comment_id)
    row = tx.get(tx.tables.comments, name)
    if row is not None:
        tx.put(
            tx.tables.comments, name, replace(row, comment=replace(row.comment, answers=answers))
        )


async def settle_by_evidence(
    tx: LedgerTransaction,
    reply_id: ReplyId,
    source: str,
    evidence: Settlement,
    at: datetime,
) -> bool:
    """It stands there, whatever the call said. False if no such reply can be settled."""
    job = tx.get(tx.tables.jobs, reply_id)
    if job is None or job.source != source:
        return False
    engagement = await lock_engagement(tx, job.engagement_id)
    attempts = attempts_of(tx, reply_id)
    decision = tx.get(tx.tables.decisions, reply_id)
    if not attempts or decision is None:
        return False
    meaning = steps.evidence(
        attempts[-1].outcome, is_released=decision.status == "released", state=engagement.state
    )
    if meaning is not steps.Evidence.SETTLES:
        return meaning is steps.Evidence.KNOWN
    void_decisions(tx, job.engagement_id, "answered", at)
    settle_attempt(tx, reply_id, evidence, at)
    schedule(tx, reply_id, evidence, at)
    finish(tx, engagement, reply_id, evidence, at)
    return True


def settle_attempt(
    tx: LedgerTransaction, reply_id: ReplyId, settlement: Settlement, at: datetime
) -> None:
    """Of the last one."""
    row = attempts_of(tx, reply_id)[-1]
    settled = replace(
        row,
        outcome=settlement.outcome,
        answer=row.answer or settlement.answer,
        external_id=settlement.external_id or row.external_id,
        url=settlement.url or row.url,
        is_held=settlement.is_held,
        may_repeat=settlement.may_repeat,
        settled_at=at,
        deadline_at=row.deadline_at or settlement.handover_deadline,
    )
    put_attempt(tx, settled)


def schedule(
    tx: LedgerTransaction, reply_id: ReplyId, settlement: Settlement, at: datetime
) -> None:
    wait = settlement.next_in
    job = job_of(tx, reply_id)
    scheduled = replace(
        job,
        leased_until=None,
        token=None,
        next_at=None if wait is None else at + timedelta(seconds=wait),
        tries=settlement.tries,
        looks=settlement.looks,
        absent_since=settlement.absent_since,
    )
    tx.put(tx.tables.jobs, reply_id, scheduled)


def job_of(tx: LedgerTransaction, reply_id: ReplyId) -> JobRow:
    job = tx.get(tx.tables.jobs, reply_id)
    if job is None:
        raise LookupError(f"no job for {reply_id}")
    return job


def pause_or_resume(tx: LedgerTransaction, source: SourceId, settlement: Settlement) -> None:
    """Refused credentials pause the source's sending; anything that worked ends the pause."""
    worked = settlement.outcome in {AttemptOutcome.SENT, AttemptOutcome.HANDED_OVER}
    if settlement.pause_source is None and not worked:
        return
    row = tx.get(tx.tables.sources, source) or SourceRow()
    paused = replace(row, paused=settlement.pause_source, paused_at=tx.clock.now())
    tx.put(tx.tables.sources, source, paused)


def finish(
    tx: LedgerTransaction,
    engagement: EngagementRow,
    reply_id: ReplyId,
    settlement: Settlement,
    at: datetime,
) -> None:
    """The engagement's own move, and the word about it to whoever reads the log."""
    trigger = settlement.trigger
    if trigger is None:
        return
    url = web_address(settlement.url)
    move_engagement(
        tx,
        engagement.id,
        [step(engagement.state, trigger, settlement.reason)],
        actor="delivery",
        at=at,
        answered_by="delivery",
        url=url,
        reply_id=str(reply_id),
    )
    settled = ReplySettled(
        engagement_id=engagement.id,
        reply_id=reply_id,
        comment_id=engagement.name[1],
        outcome=SETTLED[trigger],
        external_id=settlement.external_id,
        url=url,
        why=settlement.reason,
    )
    version = f"{trigger}:{at.isoformat()}"
    event = event_of(settled, thread_key=engagement.thread_key, at=at, version=version)
    append_events(tx, [event])
