"""What the ledger remembers per source: refusals, receipts, reading positions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.engagement.model import EventId, SourceId
from responder.intake.ports import ReceiptState, ReceiptStatus, Refusal

REFUSALS_KEPT = 50
RECEIPT_STATES = {
    "answered": ReceiptState.ANSWERED,
    "dismissed": ReceiptState.CLOSED,
    "withdrawn": ReceiptState.CLOSED,
}


def receipts_of(source: str) -> str:
    """Under which name the inbox remembers the receipts for replies that a source gave."""
    return f"receipts of {source}"


class RefusalRows:
    """Keeps the last refusals of each source."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def store(self, refusals: Sequence[Refusal]) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    INSERT INTO refusal (source, at, reason, detail)
                    VALUES (:source, :at, :reason, :detail)
                    """),
                [
                    {"source": r.source, "at": r.at, "reason": r.reason, "detail": r.detail}
                    for r in refusals
                ],
            )
            await connection.execute(
                text("""
                    DELETE FROM refusal r WHERE source = ANY(CAST(:sources AS text[])) AND id <=
                      (SELECT id FROM refusal k WHERE k.source = r.source
                       ORDER BY id DESC OFFSET :kept LIMIT 1)
                    """),
                {"sources": sorted({r.source for r in refusals}), "kept": REFUSALS_KEPT},
            )


class PostgresReceipts:
    """`intake.ports.Receipts` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find_event(self, source: SourceId, event_id: EventId) -> ReceiptStatus | None:
        """By the id of any event of a comment: its creation, an edit, a repeat.

        The ledger itself is only searched for what triage took and the audit role has not noted yet.
        """
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT comment_id FROM received_id WHERE source = :source AND event_id = :id
                    UNION SELECT comment_id FROM engagement WHERE source = :source AND event_id = :id
                      AND EXISTS (SELECT FROM inbox WHERE consumer = 'triage' AND event_id = :id)
                      AND NOT EXISTS (SELECT FROM received_id WHERE event_id = :id)
                    """),
                {"source": source, "id": event_id},
            )
            comment_id = found.scalars().first()
            letter = await connection.execute(
                text("""
                    SELECT why, arrived_at, status FROM dead_letter
                    WHERE source = :source AND receipt = :id AND status <> 'settled'
                    """),
                {"source": source, "id": event_id},
            )
            unread = letter.one_or_none()
            receipt = await connection.execute(
                text("SELECT done_at FROM inbox WHERE consumer = :consumer AND event_id = :id"),
                {"consumer": receipts_of(source), "id": event_id},
            )
            settled_at = receipt.scalar_one_or_none()
        if unread is not None:
            return ReceiptStatus(
                state=ReceiptState.UNREADABLE,
                event_id=event_id,
                reason=unread.why,
                at=unread.arrived_at,
            )
        if settled_at is not None:
            return ReceiptStatus(state=ReceiptState.ANSWERED, event_id=event_id, at=settled_at)
        return None if comment_id is None else await self.find_comment(source, comment_id)

    async def find_comment(self, source: SourceId, comment_id: str) -> ReceiptStatus | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT event_id, state, answer_url, dismissal, accepted_at, ended_at
                    FROM engagement WHERE source = :source AND comment_id = :id
                    """),
                {"source": source, "id": comment_id},
            )
            row = found.one_or_none()
            if row is not None:
                reason = "deleted_by_author" if row.state == "withdrawn" else row.dismissal
                return ReceiptStatus(
                    state=RECEIPT_STATES.get(row.state, ReceiptState.QUEUED),
                    event_id=EventId(row.event_id),
                    comment_id=comment_id,
                    link=row.answer_url,
                    reason=reason,
                    at=row.ended_at or row.accepted_at,
                )
            seen = await connection.execute(
                text("""
                    SELECT r.event_id, r.seen_at, c.is_own, c.is_deleted, c.answers FROM received_id r
                    LEFT JOIN comment c USING (source, comment_id)
                    WHERE r.source = :source AND r.comment_id = :id ORDER BY r.seen_at LIMIT 1
                    """),
                {"source": source, "id": comment_id},
            )
            waiting = seen.one_or_none()
        return None if waiting is None else _without_engagement(waiting, comment_id)


def _without_engagement(row: Any, comment_id: str) -> ReceiptStatus:
    """Of what is no engagement: not taken yet, ours, or a deletion of what never came."""
    state, reason = ReceiptState.RECEIVED, None
    if row.is_own:
        state = ReceiptState.OURS
    elif row.is_deleted:
        state, reason = ReceiptState.CLOSED, "deleted_by_author"
    return ReceiptStatus(
        state=state,
        event_id=EventId(row.event_id),
        comment_id=comment_id,
        answers=row.answers,
        reason=reason,
        at=row.seen_at,
    )


class PostgresCursors:
    """`reconcile.ports.Cursors` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self, source: SourceId) -> str | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("SELECT cursor FROM source_state WHERE source = :source"), {"source": source}
            )
            cursor: str | None = found.scalar_one_or_none()
            return cursor

    async def save(self, source: SourceId, cursor: str) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    INSERT INTO source_state (source, cursor) VALUES (:source, :cursor)
                    ON CONFLICT (source) DO UPDATE SET cursor = EXCLUDED.cursor
                    """),
                {"source": source, "cursor": cursor},
            )

    async def note(self, source: SourceId, *, ok: bool, note: str) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    INSERT INTO source_state (source, read_at, read_ok, read_note)
                    VALUES (:source, now(), :ok, :note)
                    ON CONFLICT (source) DO UPDATE SET read_at = now(), read_ok = EXCLUDED.read_ok,
                      read_note = EXCLUDED.read_note
                    """),
                {"source": source, "ok": ok, "note": note[:500]},
            )
