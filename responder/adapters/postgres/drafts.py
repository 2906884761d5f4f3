"""Drafting's side of the ledger: one at a time to the stage, together to the database."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from itertools import compress
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.branches import IS_ALONE, surroundings
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import (
    append_entries,
    append_events,
    event_of,
    lock_engagement,
)
from responder.adapters.postgres.recordset import insert_rows
from responder.adapters.postgres.rows import (
    COMMENT_COLUMNS,
    JOIN_AUTHOR,
    comment_of,
    understanding_of,
)
from responder.adapters.postgres.together import Together
from responder.delivery.ports import Capabilities
from responder.drafting.ports import (
    DraftClaim,
    DraftClaimHeld,
    Drafted,
    DraftRequest,
    Provenance,
)
from responder.engagement.context import relevant
from responder.engagement.events import EngagementDrafted, Event
from responder.engagement.lifecycle import State
from responder.engagement.model import Comment, EngagementId, EventId, SourceId
from responder.engagement.record import Entry
from responder.engagement.workspace import Source, Workspace

BRANCH_LIMIT = 20
TOGETHER = 100
"""So many drafts at most share a transaction."""
APART_SECONDS = 0.1
"""How far apart transactions begin: some hundred drafts a second fill them, and nobody reads a draft
that soon."""


_CLAIM = text("""
    INSERT INTO inbox (consumer, event_id, state, token, lease_until)
    SELECT 'drafting', id, 'claimed', gen_random_uuid(), now() + :lease * interval '1 second'
    FROM unnest(CAST(:ids AS text[])) AS id
    ON CONFLICT (consumer, event_id) DO UPDATE SET token = EXCLUDED.token,
      lease_until = EXCLUDED.lease_until, attempts = inbox.attempts + 1
    WHERE inbox.state = 'claimed' AND inbox.lease_until <= now()
    RETURNING event_id, token
    """)
_REQUEST = text(f"""
    SELECT e.id AS engagement_id, e.state, e.understanding, c.*
    FROM engagement e
    CROSS JOIN LATERAL (SELECT {COMMENT_COLUMNS}, {IS_ALONE} AS is_alone
      FROM comment c {JOIN_AUTHOR}
      WHERE c.source = e.source AND c.comment_id = e.comment_id OFFSET 0) c
    WHERE e.id = ANY(CAST(:ids AS uuid[]))
    """)  # noqa: S608 - a constant
_LOCK_FREE = text("""
    SELECT id, state, draft_version, comment_id, thread_key FROM engagement
    WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """)
_END_CLAIMS = text("""
    UPDATE inbox SET state = 'done', done_at = now()
    FROM unnest(CAST(:ids AS text[]), CAST(:tokens AS uuid[])) AS ours (id, mark)
    WHERE consumer = 'drafting' AND event_id = ours.id AND state = 'claimed' AND token = ours.mark
    RETURNING token
    """)
_SHOW = text("""
    UPDATE engagement SET draft_version = made.version, draft_state = made.state
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[]), CAST(:states AS text[]))
      AS made (engagement_id, version, state)
    WHERE id = made.engagement_id
    """)
_PROVENANCE = tuple(each.name for each in fields(Provenance))


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call of `claim`."""

    event_id: EventId
    engagement_id: EngagementId


@dataclass(frozen=True, slots=True)
class _Settled:
    """One call of `settle`."""

    claim: DraftClaim
    drafted: Drafted | None
    at: datetime


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
        self._claims = Together(self._claim, most=TOGETHER, apart_seconds=APART_SECONDS)
        self._settlements = Together(self._settle, most=TOGETHER, apart_seconds=APART_SECONDS)

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

    async def claim(self, event_id: EventId, engagement_id: EngagementId) -> DraftClaim:
        claim = await self._claims(_Asked(event_id, engagement_id))
        if not claim.is_done:
            self._running[claim.token] = event_id
        return claim

    async def settle(self, claim: DraftClaim, drafted: Drafted | None, *, at: datetime) -> None:
        settled = _Settled(claim, drafted, at)
        if not await self._settlements(settled):
            await self._settle_alone(settled)
        self._running.pop(claim.token, None)

    async def _claim(self, asked: Sequence[_Asked]) -> list[DraftClaim | Exception]:
        """The lease of each event that nobody has; asked twice at once, the first gets it."""
        event_ids = [each.event_id for each in asked]
        async with transaction(self._engine) as connection:
            claimed = await connection.execute(
                _CLAIM, {"ids": sorted(set(event_ids)), "lease": self._lease_seconds}
            )
            ours = {row.event_id: row.token for row in claimed}
            others = await _held(connection, [each for each in event_ids if each not in ours])
            requests = await self._requests(
                connection, {each.engagement_id for each in asked if each.event_id in ours}
            )
        return [
            DraftClaim(
                event_id=each.event_id,
                token=ours.pop(each.event_id),
                is_done=False,
                request=requests.get(each.engagement_id),
            )
            if each.event_id in ours
            else others.get(each.event_id, DraftClaimHeld(what="the draft", after_seconds=1.0))
            for each in asked
        ]

    async def _requests(
        self, connection: AsyncConnection, engagement_ids: Collection[EngagementId]
    ) -> dict[EngagementId, DraftRequest]:
        """What is needed to draft for those that await review."""
        if not engagement_ids:
            return {}
        found = await connection.execute(_REQUEST, {"ids": list(engagement_ids)})
        rows = [(row, comment_of(row)) for row in found if row.state == State.AWAITING_REVIEW]
        threads = await surroundings(
            connection, [comment for row, comment in rows if not row.is_alone]
        )
        sources, capabilities = self._workspace().sources, self._capabilities()
        return {
            row.engagement_id: _requested(
                row,
                comment,
                threads.get((comment.source, comment.comment_id), ()),
                source=sources.get(comment.source),
                capabilities=capabilities.get(comment.source),
            )
            for row, comment in rows
        }

    async def _settle(self, settled: Sequence[_Settled]) -> list[bool | Exception]:
        """Whether each is settled; False where somebody else is at work on its comment just now.

        Only the engagements are locked, not their threads: nothing here depends on another comment.
        And nobody is waited for, since who waits for one lock and holds others can be waited for.
        """
        ids = {each.drafted.engagement_id for each in settled if each.drafted is not None}
        async with transaction(self._engine) as connection:
            found = await connection.execute(_LOCK_FREE, {"ids": list(ids)}) if ids else ()
            locked = {EngagementId(row.id): row for row in found}
            is_free = [
                each.drafted is None or each.drafted.engagement_id in locked for each in settled
            ]
            held = await _settle(connection, list(compress(settled, is_free)), locked)
        return [
            held.get(each.claim.token, free) for each, free in zip(settled, is_free, strict=True)
        ]

    async def _settle_alone(self, settled: _Settled) -> None:
        """Wait for whoever is at work on the comment. Raises NotFound, DraftClaimHeld."""
        if settled.drafted is None:
            return
        engagement_id = settled.drafted.engagement_id
        async with transaction(self._engine) as connection:
            row = await lock_engagement(connection, engagement_id)
            held = await _settle(connection, [settled], {engagement_id: row})
        for other in held.values():
            raise other


def _requested(
    row: Any,
    comment: Comment,
    thread: Sequence[Comment],
    *,
    source: Source | None,
    capabilities: Capabilities | None,
) -> DraftRequest:
    earlier = [
        each
        for each in relevant(comment, thread)
        if each.comment_id != comment.comment_id and each.published_at <= comment.published_at
    ]
    return DraftRequest(
        engagement_id=EngagementId(row.engagement_id),
        source=source or Source(id=comment.source, platform="", title=comment.source),
        comment=comment,
        branch=tuple(earlier[-BRANCH_LIMIT:]),
        understanding=understanding_of(row.understanding),
        limit=capabilities.text_max if capabilities else 10_000,
    )


async def _held(
    connection: AsyncConnection, event_ids: Sequence[EventId]
) -> dict[EventId, DraftClaim | Exception]:
    """What stands against leasing these: done before, or at work elsewhere."""
    if not event_ids:
        return {}
    found = await connection.execute(
        text("""
            SELECT event_id, state, token, extract(epoch FROM lease_until - now()) AS left
            FROM inbox WHERE consumer = 'drafting' AND event_id = ANY(CAST(:ids AS text[]))
            """),
        {"ids": list(event_ids)},
    )
    return {
        EventId(row.event_id): DraftClaim(
            event_id=EventId(row.event_id), token=row.token, is_done=True
        )
        if row.state == "done"
        else DraftClaimHeld(what="the draft", after_seconds=max(float(row.left), 1.0))
        for row in found
    }


async def _settle(
    connection: AsyncConnection, settled: Sequence[_Settled], locked: Mapping[EngagementId, Any]
) -> Mapping[UUID, Exception]:
    """End these claims, and record what was drafted under those that still are ours.

    Gives by its token what stands against each of the others, where somebody is still at it.
    """
    if not settled:
        return {}
    done = await connection.execute(
        _END_CLAIMS,
        {
            "ids": [each.claim.event_id for each in settled],
            "tokens": [each.claim.token for each in settled],
        },
    )
    ours = set(done.scalars())
    drafts = [
        (each.drafted, each.at)
        for each in settled
        if each.drafted is not None and each.claim.token in ours
    ]
    await _record(connection, drafts, locked)
    lost = [each.claim for each in settled if each.claim.token not in ours]
    others = await _held(connection, [claim.event_id for claim in lost])
    return {
        claim.token: other
        for claim in lost
        if isinstance(other := others.get(claim.event_id), Exception)
    }


async def _record(
    connection: AsyncConnection,
    drafts: Iterable[tuple[Drafted, datetime]],
    locked: Mapping[EngagementId, Any],
) -> None:
    """A draft version each, for what still awaits review."""
    versions: dict[EngagementId, int] = defaultdict(int)
    rows, entries, events = [], [], []
    for drafted, at in drafts:
        engagement = locked[drafted.engagement_id]
        if engagement.state != State.AWAITING_REVIEW:
            continue
        versions[drafted.engagement_id] += 1
        version = (engagement.draft_version or 0) + versions[drafted.engagement_id]
        rows.append(_values(drafted, version, at))
        entries.append(_entry(drafted, version))
        events.append(_announced(engagement, drafted, version, at))
    await insert_rows(connection, "draft_version", rows)
    await _show(connection, rows)
    await append_entries(connection, entries)
    await append_events(connection, events)


async def _show(connection: AsyncConnection, rows: Iterable[Mapping[str, object]]) -> None:
    """The engagement's newest draft is the one that its reviewer sees."""
    newest = {row["engagement_id"]: row for row in rows}
    if newest:
        await connection.execute(
            _SHOW,
            {
                "ids": list(newest),
                "versions": [row["version"] for row in newest.values()],
                "states": ["refused" if row["refusal"] else "ready" for row in newest.values()],
            },
        )


def _values(drafted: Drafted, version: int, at: datetime) -> dict[str, object]:
    return {
        "engagement_id": drafted.engagement_id,
        "version": version,
        "for_revision": drafted.for_revision,
        "text": drafted.text,
        "refusal": drafted.refusal,
        "explanation": drafted.explanation,
        "provenance": _provenance_values(drafted.provenance) if drafted.provenance else None,
        "made_at": at,
    }


def _provenance_values(provenance: Provenance) -> dict[str, object]:
    """As `asdict` would, without a copy of everything."""
    values = {name: getattr(provenance, name) for name in _PROVENANCE}
    return values | {"passages": [asdict(each) for each in provenance.passages]}


def _entry(drafted: Drafted, version: int) -> Entry:
    return Entry(
        engagement_id=drafted.engagement_id,
        act="draft_refused" if drafted.refusal else "drafted",
        actor="drafting",
        reason=drafted.refusal,
        data={"version": version},
    )


def _announced(engagement: Any, drafted: Drafted, version: int, at: datetime) -> Event:
    source, _, thread_id = engagement.thread_key.partition("/")
    return event_of(
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
