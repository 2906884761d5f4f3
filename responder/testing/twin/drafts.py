"""`drafting.ports.DraftingLedger` on the ledger in memory: claim, work outside, settle by token."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from responder.drafting.ports import DraftClaim, DraftClaimHeld, Drafted, DraftRequest
from responder.engagement.context import relevant
from responder.engagement.events import EngagementDrafted
from responder.engagement.lifecycle import State
from responder.engagement.model import EngagementId, EventId
from responder.engagement.ports import Ids
from responder.engagement.record import Entry
from responder.engagement.workspace import Source, Workspace
from responder.testing.twin.recording import (
    append_entries,
    append_events,
    comment_of,
    event_of,
    lock_engagement,
    thread_of,
)
from responder.testing.twin.tables import (
    DraftRow,
    EngagementRow,
    InboxRow,
    Ledger,
    LedgerTransaction,
)

CONSUMER = "drafting"
BRANCH_LIMIT = 20


class TwinDraftingLedger:
    def __init__(
        self, ledger: Ledger, ids: Ids, *, workspace: Workspace, lease_seconds: float = 30.0
    ) -> None:
        self._ledger = ledger
        self._tables = ledger.tables
        self._ids = ids
        self._workspace = workspace
        self._lease = timedelta(seconds=lease_seconds)
        self._running: dict[UUID, EventId] = {}

    async def claim(self, event_id: EventId, engagement_id: EngagementId) -> DraftClaim:
        async with self._ledger.begin() as tx:
            claim = await self._claim(tx, event_id, engagement_id)
        if not claim.is_done:
            self._running[claim.token] = event_id
        return claim

    async def _claim(
        self, tx: LedgerTransaction, event_id: EventId, engagement_id: EngagementId
    ) -> DraftClaim:
        key = (CONSUMER, event_id)
        await tx.lock(("inbox", *key))
        now = tx.clock.now()
        row = self.earlier(tx, key)
        if row is not None and row.is_done:
            return DraftClaim(event_id=event_id, token=row.token or UUID(int=0), is_done=True)
        if row is not None and row.lease_until is not None and row.lease_until > now:
            left = (row.lease_until - now).total_seconds()
            raise DraftClaimHeld(what="the draft", after_seconds=max(left, 1.0))
        token = self._ids.uuid()
        leased = InboxRow(is_done=False, token=token, lease_until=now + self._lease)
        tx.put(self._tables.inbox, key, leased)
        await tx.statement()
        request = self._request(tx, engagement_id)
        return DraftClaim(event_id=event_id, token=token, is_done=False, request=request)

    def earlier(self, tx: LedgerTransaction, key: tuple[str, str]) -> InboxRow | None:
        """What became of this event before."""
        return tx.get(self._tables.inbox, key)

    def _request(self, tx: LedgerTransaction, engagement_id: EngagementId) -> DraftRequest | None:
        """What is needed to draft, if it awaits review."""
        row = tx.get(self._tables.engagements, engagement_id)
        if row is None or row.state is not State.AWAITING_REVIEW:
            return None
        comment = comment_of(tx, row)
        earlier = [
            each
            for each in relevant(comment, thread_of(tx, row.thread_key))
            if each.comment_id != comment.comment_id and each.published_at <= comment.published_at
        ]
        source = self._workspace.sources.get(comment.source)
        return DraftRequest(
            engagement_id=engagement_id,
            source=source or Source(id=comment.source, platform="", title=comment.source),
            comment=comment,
            branch=tuple(earlier[-BRANCH_LIMIT:]),
            understanding=row.understanding,
            limit=10_000,
        )

    async def release(self, claim: DraftClaim) -> None:
        self._running.pop(claim.token, None)
        async with self._ledger.begin() as tx:
            await self._end_lease(tx, claim.event_id, claim.token, timedelta())

    async def renew(self) -> None:
        """Prolong every lease that is in use here."""
        if not self._running:
            return
        async with self._ledger.begin() as tx:
            for token, event_id in sorted(self._running.items(), key=lambda each: each[1]):
                await self._end_lease(tx, event_id, token, self._lease)

    async def _end_lease(
        self, tx: LedgerTransaction, event_id: EventId, token: UUID, after: timedelta
    ) -> None:
        key = (CONSUMER, event_id)
        await tx.lock(("inbox", *key))
        row = tx.get(self._tables.inbox, key)
        if row is not None and not row.is_done and row.token == token:
            tx.put(self._tables.inbox, key, replace(row, lease_until=tx.clock.now() + after))

    async def settle(self, claim: DraftClaim, drafted: Drafted | None, *, at: datetime) -> None:
        async with self._ledger.begin() as tx:
            engagement = None
            if drafted is not None:
                engagement = await lock_engagement(tx, drafted.engagement_id)
            is_ours = await self.end_claim(tx, claim)
            if drafted is not None and engagement is not None and is_ours:
                self._record(tx, claim, engagement, drafted, at)
            other = None if is_ours else self.earlier(tx, (CONSUMER, claim.event_id))
        self._running.pop(claim.token, None)
        if other is not None and not other.is_done:
            raise DraftClaimHeld(what="the draft", after_seconds=1.0)

    async def end_claim(self, tx: LedgerTransaction, claim: DraftClaim) -> bool:
        """Whether it still was ours: another worker's draft stands, if that took it over."""
        key = (CONSUMER, claim.event_id)
        await tx.lock(("inbox", *key))
        await tx.statement()
        row = tx.get(self._tables.inbox, key)
        is_ours = row is not None and not row.is_done and row.token == claim.token
        if is_ours:
            tx.put(self._tables.inbox, key, InboxRow(is_done=True, token=claim.token))
        return is_ours

    def _record(
        self,
        tx: LedgerTransaction,
        claim: DraftClaim,
        engagement: EngagementRow,
        drafted: Drafted,
        at: datetime,
    ) -> None:
        """A draft version, for what still awaits review."""
        if engagement.state is not State.AWAITING_REVIEW:
            return
        version = engagement.draft_version + 1
        row = DraftRow(event_id=claim.event_id, drafted=drafted)
        tx.insert(self._tables.drafts, (engagement.id, version), row)
        shown = "refused" if drafted.refusal else "ready"
        tx.put(
            self._tables.engagements,
            engagement.id,
            replace(engagement, draft_version=version, draft_state=shown),
        )
        entry = Entry(
            engagement_id=engagement.id,
            act="draft_refused" if drafted.refusal else "drafted",
            actor="drafting",
            reason=drafted.refusal,
            data={"version": version},
        )
        append_entries(tx, [entry])
        announced = EngagementDrafted(
            engagement_id=engagement.id,
            comment_id=engagement.name[1],
            draft_version=version,
            refusal=drafted.refusal,
        )
        event = event_of(announced, thread_key=engagement.thread_key, at=at, version=str(version))
        append_events(tx, [event])
