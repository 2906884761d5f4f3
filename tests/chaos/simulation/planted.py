"""Bugs, planted one at a time: whoever looks for bugs must prove that they can be seen.

Each takes the place of one adapter, or of how one is plugged in; the stages stay as they are.
"""

import math
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from typing_extensions import override

from responder.audit.chain import Sealed
from responder.delivery.ports import (
    AttemptOutcome,
    DeliveryWork,
    Job,
    Posted,
    Posting,
    ReplyPlatform,
    Settlement,
)
from responder.drafting.ports import DraftClaim, DraftingLedger
from responder.engagement.errors import Retryable
from responder.engagement.lifecycle import Trigger
from responder.reconcile.ports import Cursors, PolledPage, PollPlatform
from responder.stream.handler import DONE, Batch, Handler, Outcome
from responder.stream.log import (
    Assignment,
    Log,
    LogError,
    LogWriter,
    NewRecord,
    Partition,
    Position,
    RebalanceListener,
    Record,
)
from responder.testing.factories import PLACE
from responder.testing.passing_on import PlatformPassedOn
from responder.testing.twin.deliveries import TwinDeliveryWork
from responder.testing.twin.drafts import TwinDraftingLedger
from responder.testing.twin.relay import TwinRelay, TwinReleases
from responder.testing.twin.store import K, R, Table, Wire, committed
from responder.testing.twin.tables import (
    DecisionRow,
    EngagementRow,
    InboxRow,
    Ledger,
    LedgerTransaction,
    OutboxRow,
    Tables,
)
from responder.testing.twin.triage import TwinTriageTransaction, TwinTriageWork
from responder.triage.ports import TriageWork
from tests.chaos.simulation.hosts import Host
from tests.chaos.simulation.roles import WORKSPACE, Outside, Plug


class OffsetBeforeEffect(Plug):
    """A record counts as done when it has arrived; its effect follows by and by."""

    shows = frozenset({"I8"})

    @override
    def handler(self, group: str, handler: Handler) -> Handler:
        if group != "triage" or not isinstance(handler, Batch):
            return handler

        async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
            self.host.start(_in_vain(handler, records))
            return [DONE] * len(records)

        return replace(handler, handle=handle)


async def _in_vain(handler: Batch, records: Sequence[Record]) -> None:
    try:
        await handler.handle(records)
    except Retryable:
        return


class NoInbox(Plug):
    """Whatever comes again has its effect again."""

    shows = frozenset({"drafts"})

    @override
    def drafting_ledger(self) -> DraftingLedger:
        return _Forgetful(self.ledger, self.outside.ids, workspace=WORKSPACE)


class _Forgetful(TwinDraftingLedger):
    @override
    def earlier(self, tx: LedgerTransaction, key: tuple[str, str]) -> InboxRow | None:
        return None


class NoOutbox(Plug):
    """Triage tells the log itself, once its transaction is through."""

    shows = frozenset({"told"})

    @override
    def triage_work(self) -> TriageWork:
        return _TellsItself(self.ledger, self.outside.writer(self.host))


class _TellsItself(TwinTriageWork):
    def __init__(self, ledger: Ledger, writer: LogWriter) -> None:
        super().__init__(ledger)
        self._writer = writer

    @override
    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[TwinTriageTransaction]:
        outbox = self._ledger.tables.outbox
        async with self._ledger.begin() as tx:
            yield TwinTriageTransaction(tx)
            rows = [row for number, row in tx.all(outbox) if number not in outbox.rows]
            for row in rows:
                tx.put(outbox, row.number, replace(row, is_sent=True))
        if rows:
            try:
                await self._writer.append([row.record for row in rows])
            except LogError:
                return


class BlindRetry(Plug):
    """What came to no clear answer is posted again."""

    shows = frozenset({"I3"})

    @override
    def platform(self) -> ReplyPlatform:
        return _PostsAgain(self.outside.site)


class _PostsAgain(PlatformPassedOn):
    @override
    async def reply(self, posting: Posting) -> Posted:
        posted = await super().reply(posting)
        if posted.outcome is AttemptOutcome.UNKNOWN:
            posted = await super().reply(posting)
        return posted


class PostsLate(Plug):
    """A worker that was stopped before its call makes it whenever it goes on."""

    shows = frozenset({"I3"})

    @override
    def platform(self) -> ReplyPlatform:
        return _Undeterred(self.outside.site)


class _Undeterred(PlatformPassedOn):
    @override
    async def reply(self, posting: Posting) -> Posted:
        return await super().reply(replace(posting, send_before=math.inf))


class TwoWorkersOneOffset(Plug):
    """Two workers read on from one place, and whoever is done keeps how far both have read."""

    shows = frozenset({"I8"})

    @override
    def consumer(self) -> Log:
        return _Shared(super().consumer())


class _Shared:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._read: dict[Assignment, int] = {}
        self.committed = log.committed
        self.end = log.end
        self.keepalive = log.keepalive
        self.wake = log.wake
        self.stop = log.stop

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        await self._log.start(topics, group, listener)

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        found = await self._log.poll(room, wait)
        self._read |= {each: records[-1].offset + 1 for each, records in found.items()}
        return found

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        await self._log.commit({a: max(p, self._read.get(a, p)) for a, p in points.items()})


class VoidApprovalPosted(Plug):
    """Nobody looks whether the approval still holds when the call is about to be made."""

    shows = frozenset({"I5"})

    @override
    def delivery_work(self) -> DeliveryWork:
        return _Unasked(self.ledger, self.outside.ids)


class _Unasked(TwinDeliveryWork):
    @override
    def objection(
        self, tx: LedgerTransaction, job: Job, engagement: EngagementRow
    ) -> tuple[Trigger, str] | None:
        return None


class LeaseWithoutFence(Plug):
    """Whoever was away too long records all the same."""

    shows = frozenset({"drafts"})

    @override
    def drafting_ledger(self) -> DraftingLedger:
        return _Unfenced(self.ledger, self.outside.ids, workspace=WORKSPACE, lease_seconds=1.0)


class _Unfenced(TwinDraftingLedger):
    @override
    async def renew(self) -> None:
        """Its lease is hardly ever enough."""

    @override
    async def end_claim(self, tx: LedgerTransaction, claim: DraftClaim) -> bool:
        await super().end_claim(tx, claim)
        return True


class UndoIgnored(Plug):
    """What was held a moment ago is released, whatever has become of it since."""

    shows = frozenset({"I5"})

    @override
    def releases(self) -> TwinReleases:
        return _Releasing(self.ledger)


class _Releasing(TwinReleases):
    @override
    def held(self, tx: LedgerTransaction, decision_id: UUID) -> DecisionRow | None:
        row = tx.get(self._tables.decisions, decision_id)
        return row if row is not None and row.status in {"held", "undone"} else None


class CursorBeforeEvents(Plug):
    """How far a place was read is kept before the log has what was read."""

    shows = frozenset({"I1"})

    @override
    def reader(self) -> PollPlatform | None:
        reader = super().reader()
        return None if reader is None else _KeepsFirst(reader, self.cursors())


class _KeepsFirst:
    def __init__(self, reader: PollPlatform, cursors: Cursors) -> None:
        self._reader = reader
        self._cursors = cursors

    async def poll(self, cursor: str | None, budget: int) -> PolledPage:
        page = await self._reader.poll(cursor, budget)
        await self._cursors.save(PLACE.id, page.cursor)
        return page


class AcknowledgedBeforeStored(Plug):
    """The gateway says yes, and then tells the log."""

    shows = frozenset({"I2"})

    @override
    def gateway_writer(self) -> LogWriter:
        return _Hasty(self.host, super().gateway_writer())


class _Hasty:
    def __init__(self, host: Host, writer: LogWriter) -> None:
        self._host = host
        self._writer = writer
        self.stop = writer.stop

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        self._host.start(self._append(records))
        return [Position(Partition(each.topic, 0), 0) for each in records]

    async def _append(self, records: Sequence[NewRecord]) -> None:
        try:
            await self._writer.append(records)
        except LogError:
            return


class AttemptAfterCall(Plug):
    """An attempt is recorded when its outcome is known."""

    shows = frozenset({"I5"})

    @override
    def delivery_work(self) -> DeliveryWork:
        return _Afterwards(self.ledger, self.outside.ids)


class _Afterwards(TwinDeliveryWork):
    @override
    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        return 1 if job.last is None else job.last.number + 1

    @override
    async def settle(self, job: Job, settlement: Settlement, *, at: datetime) -> None:
        is_call = job.last is None or job.last.outcome is not None
        if is_call and await super().begin_attempt(job, at=at) is None:
            return
        await super().settle(job, settlement, at=at)


class MarkedBeforeSent(Plug):
    """The relay marks a row as sent, and then sends it."""

    shows = frozenset({"told"})

    @override
    def relay(self, writer: LogWriter) -> TwinRelay:
        return _MarksFirst(self.ledger, writer, self.letters(), self.outside.owners)


class _MarksFirst(TwinRelay):
    @override
    async def send(self, rows: list[OutboxRow]) -> None:
        await self.mark(rows)
        await self.append(rows)


class SentInAnyOrder(Plug):
    """The relay sends what waits as it comes to hand."""

    shows = frozenset({"I4"})

    @override
    def relay(self, writer: LogWriter) -> TwinRelay:
        return _Shuffles(self.ledger, writer, self.letters(), self.outside.owners)


class _Shuffles(TwinRelay):
    @override
    async def send(self, rows: list[OutboxRow]) -> None:
        await super().send(rows[::-1])


class EntriesApart(Plug):
    """Audit entries are written when the transaction that they tell of is through."""

    shows = frozenset({"I6"})

    def __init__(self, outside: Outside) -> None:
        super().__init__(outside)
        self.ledger = _EntriesLater(self.ledger.tables, self.ledger.wire, self.host)


@dataclass(frozen=True)
class _EntriesLater(Ledger):
    host: Host

    @override
    def begin(self) -> AbstractAsyncContextManager[LedgerTransaction]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[LedgerTransaction]:
        tx = _LateEntries(self.tables, self.wire)
        async with committed(tx, self.wire):
            yield tx
        await self.host.step("entries")
        self.tables.entries.rows.update(tx.late)


class _LateEntries(LedgerTransaction):
    def __init__(self, tables: Tables, wire: Wire) -> None:
        super().__init__(tables, wire)
        self.late: dict[int, Sealed] = {}

    @override
    def insert(self, table: Table[K, R], key: K, row: R) -> None:
        if isinstance(row, Sealed):
            self.late[row.entry_id] = row
        else:
            super().insert(table, key, row)


PLANTED: Sequence[type[Plug]] = (
    OffsetBeforeEffect,
    NoInbox,
    NoOutbox,
    BlindRetry,
    TwoWorkersOneOffset,
    VoidApprovalPosted,
    LeaseWithoutFence,
    UndoIgnored,
    AttemptAfterCall,
    PostsLate,
    MarkedBeforeSent,
    CursorBeforeEvents,
    AcknowledgedBeforeStored,
    SentInAnyOrder,
    EntriesApart,
)
