"""Writes that every stage's transaction shares, as `adapters/postgres/recording.py` makes them.

Clocks are left out: when an answer is due changes nothing about what becomes of a comment.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from responder.audit.chain import Sealed
from responder.delivery.ports import AttemptOutcome
from responder.engagement.errors import NotFound
from responder.engagement.events import Data, EngagementClosed, Event, derive_id
from responder.engagement.lifecycle import ENDS, Move
from responder.engagement.model import Comment, DismissalReason, EngagementId, ThreadKey
from responder.engagement.record import Entry, moved
from responder.stream.log import NewRecord
from responder.testing.twin.store import Doubled
from responder.testing.twin.tables import (
    AttemptRow,
    EngagementRow,
    LedgerTransaction,
    OutboxRow,
)

SHARDS = 16
DOUBTFUL = frozenset({None, AttemptOutcome.UNKNOWN, AttemptOutcome.HANDED_OVER})
"""Of an attempt: it may have posted, and nothing has settled that."""


class LostUpdate(AssertionError):
    """A state was not what its holder's lock had shown: a bug, never swallowed."""


def append_entries(tx: LedgerTransaction, entries: Iterable[Entry]) -> None:
    for entry in entries:
        number = tx.tables.number()
        row = Sealed(
            number=0,
            entry_id=number,
            engagement_id=entry.engagement_id,
            act=entry.act,
            actor=entry.actor,
            from_state=entry.move.from_state if entry.move else None,
            to_state=entry.move.to_state if entry.move else None,
            reason=entry.reason,
            data=dict(entry.data),
            at=tx.clock.now(),
            hash=b"",
        )
        tx.insert(tx.tables.entries, number, row)


def append_events(tx: LedgerTransaction, events: Iterable[Event]) -> None:
    """Outbox rows. The caller holds the lock of the events' threads."""
    for event in events:
        record = NewRecord(event.topic, event.key, event.value(), event.headers())
        append_record(tx, record, event_id=event.id)


def append_record(tx: LedgerTransaction, record: NewRecord, *, event_id: str) -> None:
    if any(row.event_id == event_id for row in tx.rows(tx.tables.outbox)):
        return
    number = tx.tables.number()
    shard = zlib.crc32(record.key or b"") % SHARDS
    row = OutboxRow(number=number, shard=shard, event_id=event_id, record=record)
    tx.insert(tx.tables.outbox, number, row)
    tx.after_commit.extend(tx.tables.outbox_told.values())


def event_of(data: Data, *, thread_key: ThreadKey, at: datetime, version: str) -> Event:
    """An event of our own, with the id that the real adapter gives it."""
    source, _, thread_id = thread_key.partition("/")
    item = str(getattr(data, "reply_id", None) or getattr(data, "engagement_id", ""))
    return Event.of(
        data,
        event_id=derive_id(source, data.type, item, version),
        source=source,
        subject=thread_id,
        time=at,
    )


async def lock_engagement(tx: LedgerTransaction, engagement_id: EngagementId) -> EngagementRow:
    """Lock the thread, then the engagement; gives its row. Raises NotFound."""
    await tx.statement()
    found = tx.get(tx.tables.engagements, engagement_id)
    if found is None:
        raise NotFound(what="comment", name=str(engagement_id))
    await tx.lock(("thread", found.thread_key), ("engagement", engagement_id))
    return engagement_of(tx, engagement_id)


def engagement_of(tx: LedgerTransaction, engagement_id: EngagementId) -> EngagementRow:
    row = tx.get(tx.tables.engagements, engagement_id)
    if row is None:
        raise NotFound(what="comment", name=str(engagement_id))
    return row


def comment_of(tx: LedgerTransaction, engagement: EngagementRow) -> Comment:
    row = tx.get(tx.tables.comments, engagement.name)
    if row is None:
        raise NotFound(what="comment", name=engagement.name[1])
    return row.comment


def thread_of(tx: LedgerTransaction, key: ThreadKey) -> tuple[Comment, ...]:
    """Everything in it: what is relevant to one comment is decided by `engagement.context`."""
    return tuple(
        row.comment
        for row in tx.rows(tx.tables.comments)
        if f"{row.comment.source}/{row.comment.thread_id}" == key
    )


def move_engagement(
    tx: LedgerTransaction,
    engagement_id: EngagementId,
    moves: Sequence[Move],
    *,
    actor: str,
    at: datetime,
    dismissal: DismissalReason | None = None,
    answered_by: str | None = None,
    url: str | None = None,
    **data: str | int | None,
) -> None:
    """Walk `moves`, each with its audit entry; an end is announced."""
    if not moves:
        return
    row = engagement_of(tx, engagement_id)
    if row.state is not moves[0].from_state:
        raise LostUpdate(f"{engagement_id} was {row.state}, not {moves[0].from_state}")
    last = moves[-1].to_state
    row = replace(row, state=last)
    append_entries(tx, (moved(engagement_id, move, actor=actor, **data) for move in moves))
    if last in ENDS:
        row = replace(row, dismissal=dismissal, answered_by=answered_by, answer_url=url)
        closed = EngagementClosed(
            engagement_id=engagement_id,
            comment_id=row.name[1],
            end=last.value,
            reason=dismissal,
            url=url,
        )
        event = event_of(closed, thread_key=row.thread_key, at=at, version=at.isoformat())
        append_events(tx, [event])
    tx.put(tx.tables.engagements, engagement_id, row)


def attempts_of(tx: LedgerTransaction, reply_id: object) -> list[AttemptRow]:
    """Of one reply, the oldest first."""
    found = [row for row in tx.rows(tx.tables.attempts) if row.reply_id == reply_id]
    return sorted(found, key=lambda row: row.number)


def put_attempt(tx: LedgerTransaction, row: AttemptRow) -> None:
    """Raises Doubled for a second one that is open, or that posted."""
    others = [o for o in attempts_of(tx, row.reply_id) if o.number != row.number]
    if _is_open(row) and any(map(_is_open, others)):
        raise Doubled(f"two open attempts of {row.reply_id}")
    if row.outcome is AttemptOutcome.SENT and any(o.outcome is row.outcome for o in others):
        raise Doubled(f"two attempts of {row.reply_id} that posted")
    tx.put(tx.tables.attempts, (row.reply_id, row.number), row)


def _is_open(row: AttemptRow) -> bool:
    return row.outcome in DOUBTFUL and not row.may_repeat


def void_decisions(
    tx: LedgerTransaction, engagement_id: EngagementId, reason: str, at: datetime
) -> None:
    """Whatever was decided and has not gone out does not hold any more, and stops its delivery."""
    standing = DOUBTFUL | {AttemptOutcome.SENT}
    for row in list(tx.rows(tx.tables.decisions)):
        if row.engagement_id != engagement_id or row.status not in {"held", "released"}:
            continue
        if any(each.outcome in standing for each in attempts_of(tx, row.id)):
            continue
        voided = replace(row, status="voided", void_reason=reason, settled_at=at)
        tx.put(tx.tables.decisions, row.id, voided)
    for job in list(tx.rows(tx.tables.jobs)):
        decision = tx.get(tx.tables.decisions, job.reply_id)
        if job.engagement_id == engagement_id and decision and decision.status == "voided":
            tx.put(tx.tables.jobs, job.reply_id, replace(job, next_at=None))
