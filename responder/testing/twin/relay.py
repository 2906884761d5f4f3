"""The relay on the ledger in memory: sends the outbox in order, releases held decisions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from responder.engagement.deadletter import earlier_id
from responder.engagement.errors import Unavailable
from responder.engagement.events import ReplyApproved
from responder.engagement.lifecycle import Trigger, step
from responder.engagement.model import ReplyId
from responder.engagement.record import Entry
from responder.stream.log import LogError, LogWriter
from responder.testing.twin.letters import TwinLetters
from responder.testing.twin.recording import (
    SHARDS,
    append_entries,
    append_events,
    event_of,
    lock_engagement,
    move_engagement,
)
from responder.testing.twin.tables import (
    DecisionRow,
    EngagementRow,
    JobRow,
    Ledger,
    LedgerTransaction,
    OutboxRow,
)

STAGE = "relay"
BATCH = 500


class ShardOwners:
    """Session locks: held until the session that took them ends."""

    def __init__(self) -> None:
        self._owners: dict[int, object] = {}

    def take_free(self, session: object) -> frozenset[int]:
        """Take all that nobody has; gives those that are the session's."""
        for shard in range(SHARDS):
            self._owners.setdefault(shard, session)
        return frozenset(s for s, owner in self._owners.items() if owner is session)

    def end(self, session: object) -> None:
        self._owners = {s: owner for s, owner in self._owners.items() if owner is not session}


class TwinRelay:
    def __init__(
        self, ledger: Ledger, writer: LogWriter, letters: TwinLetters, owners: ShardOwners
    ) -> None:
        self._ledger = ledger
        self._writer = writer
        self._letters = letters
        self._owners = owners

    async def round(self) -> bool:
        """Send what is due in every shard that is ours or free; tells whether there is more.

        Raises:
            Unavailable: ledger or log are away; what was not marked is sent again.
        """
        await self._ledger.wire.statement()
        shards = self._owners.take_free(self)
        async with self._ledger.begin() as tx:
            rows = sorted(self._due(tx, shards), key=lambda row: row.number)[:BATCH]
        if rows:
            await self.send(rows)
        return len(rows) == BATCH

    def _due(self, tx: LedgerTransaction, shards: frozenset[int]) -> Iterator[OutboxRow]:
        rows = tx.rows(self._ledger.tables.outbox)
        return (row for row in rows if not row.is_sent and row.shard in shards)

    async def send(self, rows: list[OutboxRow]) -> None:
        """Append, await, mark: in this order a crash repeats, and loses nothing."""
        await self.append(rows)
        await self.mark(rows)

    async def append(self, rows: list[OutboxRow]) -> None:
        try:
            await self._writer.append([row.record for row in rows])
        except LogError as error:
            raise Unavailable(what="the log", why=str(error)) from error

    async def mark(self, rows: list[OutboxRow]) -> None:
        came_back = [earlier_id(row.record.headers) for row in rows]
        await self._letters.settle_sent([each for each in came_back if each], stage=STAGE)
        async with self._ledger.begin() as tx:
            for row in rows:
                tx.put(self._ledger.tables.outbox, row.number, replace(row, is_sent=True))

    def close(self) -> None:
        self._owners.end(self)


class TwinReleases:
    """Lets held decisions go when their undo time is over."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._tables = ledger.tables

    async def release_due(self, *, at: datetime) -> int:
        """Each in a transaction of its own: an undo of one never waits for another."""
        async with self._ledger.begin() as tx:
            await tx.statement()
            due = [
                row
                for row in tx.rows(self._tables.decisions)
                if row.status == "held" and row.release_at <= at
            ]
        for row in sorted(due, key=lambda each: (each.release_at, each.id)):
            await self._release(row, at)
        return len(due)

    async def _release(self, due: DecisionRow, at: datetime) -> None:
        async with self._ledger.begin() as tx:
            engagement = await lock_engagement(tx, due.engagement_id)
            row = self.held(tx, due.id)
            if row is None:
                return  # undone or voided a moment ago
            released = replace(row, status="released", settled_at=at)
            tx.put(self._tables.decisions, row.id, released)
            if row.kind == "reply":
                self._hand_to_delivery(tx, engagement, row, at)
            else:
                self._dismiss(tx, engagement, row, at)

    def held(self, tx: LedgerTransaction, decision_id: UUID) -> DecisionRow | None:
        """The decision, if it is held now that its engagement is locked."""
        row = tx.get(self._tables.decisions, decision_id)
        return row if row is not None and row.status == "held" else None

    def _hand_to_delivery(
        self, tx: LedgerTransaction, engagement: EngagementRow, row: DecisionRow, at: datetime
    ) -> None:
        reply_id = ReplyId(row.id)
        job = JobRow(
            reply_id=reply_id,
            engagement_id=engagement.id,
            source=engagement.name[0],
            next_at=at,
        )
        tx.insert(self._tables.jobs, reply_id, job)
        approved = ReplyApproved(
            engagement_id=engagement.id,
            reply_id=row.id,
            comment_id=engagement.name[1],
            text_sha256=row.text_sha256 or "",
        )
        event = event_of(approved, thread_key=engagement.thread_key, at=at, version="1")
        append_events(tx, [event])
        entry = Entry(engagement_id=engagement.id, act="released", actor="relay")
        append_entries(tx, [entry])

    def _dismiss(
        self, tx: LedgerTransaction, engagement: EngagementRow, row: DecisionRow, at: datetime
    ) -> None:
        move_engagement(
            tx,
            engagement.id,
            [step(engagement.state, Trigger.DISMISSED, row.reason and row.reason.value)],
            actor=f"person:{row.actor}",
            at=at,
            dismissal=row.reason,
        )
