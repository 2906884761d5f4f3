"""Drafting's side of the ledger."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import (
    append_entries,
    append_events,
    event_of,
    lock_engagement,
)
from responder.adapters.postgres.rows import (
    COMMENT_COLUMNS,
    JOIN_AUTHOR,
    comment_of,
    thread_comments,
    understanding_of,
)
from responder.delivery.ports import Capabilities
from responder.drafting.ports import DraftClaim, DraftClaimHeld, Drafted, DraftRequest
from responder.engagement.context import relevant
from responder.engagement.events import EngagementDrafted
from responder.engagement.lifecycle import State
from responder.engagement.model import EngagementId, EventId, SourceId
from responder.engagement.record import Entry
from responder.engagement.workspace import Source, Workspace

if TYPE_CHECKING:
    from uuid import UUID

BRANCH_LIMIT = 20


class PostgresDraftingLedger:
    """`drafting.ports.DraftingLedger` on PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        workspace: Callable[[], Workspace],
        capabilities: Callable[[], Mapping[SourceId, Capabilities]],
        lease_seconds: float = 30.0,
    ) -> None:
        """A crash delays its events by `lease_seconds` at most; `renew` keeps running ones."""
        self._engine = engine
        self._workspace = workspace
        self._capabilities = capabilities
        self._lease_seconds = lease_seconds
        self._running: dict[UUID, EventId] = {}

    async def renew(self) -> None:
        """Prolong every lease that is in use here, by one statement."""
        if not self._running:
            return
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    UPDATE inbox SET lease_until = now() + :lease * interval '1 second'
                    WHERE consumer = 'drafting' AND state = 'claimed'
                      AND event_id = ANY(CAST(:ids AS text[]))
                      AND token = ANY(CAST(:tokens AS uuid[]))
                    """),
                {
                    "lease": self._lease_seconds,
                    "ids": list(self._running.values()),
                    "tokens": list(self._running),
                },
            )

    async def release(self, claim: DraftClaim) -> None:
        self._running.pop(claim.token, None)
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    UPDATE inbox SET lease_until = now() WHERE consumer = 'drafting'
                      AND event_id = :id AND token = :token AND state = 'claimed'
                    """),
                {"id": claim.event_id, "token": claim.token},
            )

    async def claim(self, event_id: EventId) -> DraftClaim:
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    INSERT INTO inbox (consumer, event_id, state, token, lease_until)
                    VALUES ('drafting', :id, 'claimed', gen_random_uuid(),
                      now() + :lease * interval '1 second')
                    ON CONFLICT (consumer, event_id) DO UPDATE SET token = gen_random_uuid(),
                      lease_until = now() + :lease * interval '1 second',
                      attempts = inbox.attempts + 1
                    WHERE inbox.state = 'claimed' AND inbox.lease_until <= now()
                    """),
                {"id": event_id, "lease": self._lease_seconds},
            )
            found = await connection.execute(
                text("""
                    SELECT state, token, xmin = pg_current_xact_id()::xid AS is_ours,
                      extract(epoch FROM lease_until - now()) AS left FROM inbox
                    WHERE consumer = 'drafting' AND event_id = :id
                    """),
                {"id": event_id},
            )
            row = found.one()
            if row.state == "claimed" and not row.is_ours:
                raise DraftClaimHeld(what="the draft", after_seconds=max(float(row.left), 1.0))
            claim = DraftClaim(event_id=event_id, token=row.token, is_done=row.state == "done")
        if not claim.is_done:
            self._running[claim.token] = event_id
        return claim

    async def request(self, engagement_id: EngagementId) -> DraftRequest | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text(f"""
                    SELECT e.state, e.understanding, {COMMENT_COLUMNS} FROM engagement e
                    JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
                    {JOIN_AUTHOR}
                    WHERE e.id = :id
                    """),  # noqa: S608 - a constant
                {"id": engagement_id},
            )
            row = found.one_or_none()
            if row is None or State(row.state) is not State.AWAITING_REVIEW:
                return None
            return await self._request(connection, engagement_id, row)

    async def _request(
        self, connection: AsyncConnection, engagement_id: EngagementId, row: Any
    ) -> DraftRequest:
        comment = comment_of(row)
        thread = await thread_comments(connection, row.thread_key)
        earlier = [
            each
            for each in relevant(comment, thread)
            if each.comment_id != comment.comment_id and each.published_at <= comment.published_at
        ]
        capabilities = self._capabilities().get(comment.source)
        source = self._workspace().sources.get(comment.source)
        return DraftRequest(
            engagement_id=engagement_id,
            source=source or Source(id=comment.source, platform="", title=comment.source),
            comment=comment,
            branch=tuple(earlier[-BRANCH_LIMIT:]),
            understanding=understanding_of(row.understanding),
            limit=capabilities.text_max if capabilities else 10_000,
        )

    async def settle(self, claim: DraftClaim, drafted: Drafted | None, *, at: datetime) -> None:
        async with transaction(self._engine) as connection:
            ours = await connection.execute(
                text("""
                    UPDATE inbox SET state = 'done', done_at = now()
                    WHERE consumer = 'drafting' AND event_id = :id AND state = 'claimed'
                      AND token = :token RETURNING 1
                    """),
                {"id": claim.event_id, "token": claim.token},
            )
            if ours.one_or_none() is not None and drafted is not None:
                await self._record(connection, drafted, at)
        self._running.pop(claim.token, None)

    async def _record(self, connection: AsyncConnection, drafted: Drafted, at: datetime) -> None:
        engagement = await lock_engagement(connection, drafted.engagement_id)
        if State(engagement.state) is not State.AWAITING_REVIEW:
            return
        version = (engagement.draft_version or 0) + 1
        await connection.execute(
            text("""
                INSERT INTO draft_version (engagement_id, version, for_revision, text, refusal,
                  explanation, provenance, made_at)
                VALUES (:id, :version, :revision, :text, :refusal, :explanation,
                  CAST(:provenance AS jsonb), :at)
                """),
            {
                "id": drafted.engagement_id,
                "version": version,
                "revision": drafted.for_revision,
                "text": drafted.text,
                "refusal": drafted.refusal,
                "explanation": drafted.explanation,
                "provenance": json.dumps(asdict(drafted.provenance))
                if drafted.provenance
                else None,
                "at": at,
            },
        )
        await connection.execute(
            text("UPDATE engagement SET draft_version = :version, draft_state = :s WHERE id = :id"),
            {
                "id": drafted.engagement_id,
                "version": version,
                "s": "refused" if drafted.refusal else "ready",
            },
        )
        await _announce(connection, engagement, drafted, version, at)


async def _announce(
    connection: AsyncConnection, engagement: Any, drafted: Drafted, version: int, at: datetime
) -> None:
    entry = Entry(
        engagement_id=drafted.engagement_id,
        act="draft_refused" if drafted.refusal else "drafted",
        actor="drafting",
        reason=drafted.refusal,
        data={"version": version},
    )
    await append_entries(connection, [entry])
    source, _, thread_id = engagement.thread_key.partition("/")
    event = event_of(
        EngagementDrafted(
            engagement_id=drafted.engagement_id,
            comment_id=engagement.comment_id,
            draft_version=version,
            refusal=drafted.refusal,
        ),
        source=source,
        thread_id=thread_id,
        at=at,
        version=str(version),
    )
    await append_events(connection, [event])
