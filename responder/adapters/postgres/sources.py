"""What the ledger remembers per source: refusals, receipts, reading positions."""

from collections.abc import Sequence

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
        """By the id of any event of a comment: its creation, an edit, a repeat."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT comment_id FROM received_id WHERE source = :source AND event_id = :id
                    UNION SELECT comment_id FROM engagement WHERE source = :source AND event_id = :id
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
        if unread is not None:
            return ReceiptStatus(
                state=ReceiptState.UNREADABLE,
                event_id=event_id,
                reason=unread.why,
                at=unread.arrived_at,
            )
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
                    SELECT event_id, seen_at FROM received_id
                    WHERE source = :source AND comment_id = :id ORDER BY seen_at LIMIT 1
                    """),
                {"source": source, "id": comment_id},
            )
            waiting = seen.one_or_none()
        if waiting is None:
            return None
        return ReceiptStatus(
            state=ReceiptState.RECEIVED,
            event_id=EventId(waiting.event_id),
            comment_id=comment_id,
            at=waiting.seen_at,
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
