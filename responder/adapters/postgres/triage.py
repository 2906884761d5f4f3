"""Triage's unit of work on the ledger."""

import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.clocks import (
    NEVER,
    Started,
    shown_by,
    start_clocks,
    tick_clock,
)
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import (
    End,
    append_entries,
    append_events,
    event_of,
    lock_engagement,
    move_engagement,
    settle_due,
    void_decisions,
)
from responder.adapters.postgres.recordset import insert_rows
from responder.adapters.postgres.rows import (
    comment_values,
    understanding_values,
)
from responder.adapters.postgres.settling import settle_echo
from responder.adapters.postgres.standing import NOT_SETTLED, known, open_approvals
from responder.adapters.postgres.waits import WAITED, end_waits
from responder.engagement.clock import ticked
from responder.engagement.events import EngagementClosed, EngagementTriaged, Event
from responder.engagement.lifecycle import ENDS, State, Trigger, step
from responder.engagement.model import (
    Comment,
    DueOutcome,
    EngagementId,
    EventId,
    NeedsReply,
    SourceId,
    ThreadKey,
    Understanding,
)
from responder.engagement.record import Entry, moved
from responder.triage.decisions import answered_elsewhere
from responder.triage.ports import Accepted, Changed, Known, OpenApproval, OwnSeen, Verdict

RANKS = {NeedsReply.YES: 0, NeedsReply.OPTIONAL: 1, NeedsReply.NO: 2}
"""Does it need a reply: no, or optional, sorts last; it never hides."""


def _judgement(understanding: Understanding) -> dict[str, object]:
    """The understanding whole, and the facets that lists filter and sort by."""
    return {
        "understanding": understanding_values(understanding),
        "intent": understanding.primary.value,
        "sentiment": understanding.sentiment.value,
        "language": understanding.language.value,
        "urgency": understanding.urgency.value,
        "needs_reply": understanding.needs_reply.value,
        "rank": RANKS[NeedsReply(understanding.needs_reply.value)],
    }


def _stretches(verdicts: Sequence[Verdict]) -> Iterator[list[Verdict]]:
    """Cut where one statement a table may not go on.

    No comment stands twice in a stretch, and what changes an engagement is its last: so the events
    of a thread keep their order.
    """
    some: list[Verdict] = []
    names: set[tuple[str, str]] = set()
    for verdict in verdicts:
        name = (verdict.comment.source, verdict.comment.comment_id)
        if some and (name in names or isinstance(some[-1], Changed)):
            yield some
            some, names = [], set()
        some.append(verdict)
        names.add(name)
    if some:
        yield some


_AUTHOR_CONFLICT = """
    ON CONFLICT (source, author_id) DO UPDATE SET name = EXCLUDED.name,
      handle = COALESCE(EXCLUDED.handle, author.handle),
      url = COALESCE(EXCLUDED.url, author.url),
      avatar_url = COALESCE(EXCLUDED.avatar_url, author.avatar_url)
    """


def _author_values(comment: Comment) -> dict[str, object]:
    author = comment.author
    return {
        "source": comment.source,
        "author_id": author.id,
        "name": author.name,
        "handle": author.handle,
        "url": author.url,
        "avatar_url": author.avatar_url,
    }


def _engagement_values(accepted: Accepted, config_version: str, at: datetime) -> dict[str, object]:
    data = accepted.arrival.data
    return {
        "id": accepted.engagement_id,
        "source": accepted.comment.source,
        "comment_id": accepted.comment.comment_id,
        "thread_key": f"{accepted.comment.source}/{accepted.comment.thread_id}",
        "state": accepted.moves[-1].to_state,
        "event_id": accepted.arrival.event.id,
        "delivery_id": data.delivery_id,
        "via": data.via,
        "visibility": data.visibility,
        "published_at": data.published_at,
        "observed_at": data.observed_at,
        "received_at": accepted.arrival.received_at,
        "accepted_at": at,
        **_judgement(accepted.understanding),
        "audience": accepted.audience,
        "queue": accepted.queue,
        "sla": accepted.sla,
        "config_version": config_version,
        **shown_by(None if accepted.tick is None else ticked(None, accepted.tick)),
        "due_at": accepted.due_at,
        "order_due": accepted.due_at or NEVER,
        "ended_at": at if _is_ended(accepted) else None,
        "dismissal": accepted.dismissed,
    }


def _is_ended(accepted: Accepted) -> bool:
    return accepted.moves[-1].to_state in ENDS


def _closed(accepted: Accepted, at: datetime) -> Event:
    event = accepted.arrival.event
    closed = EngagementClosed(
        engagement_id=accepted.engagement_id,
        comment_id=accepted.comment.comment_id,
        end=accepted.moves[-1].to_state.value,
        reason=accepted.dismissed,
    )
    version = at.isoformat()
    return event_of(closed, source=event.source, thread_id=event.subject, at=at, version=version)


def _triaged(
    verdict: Accepted | Changed,
    engagement_id: EngagementId,
    at: datetime,
    due_at: datetime | None = None,
) -> Event:
    event, understanding = verdict.arrival.event, verdict.understanding
    if understanding is None or verdict.queue is None:
        raise ValueError("what is announced has been understood and has a queue")
    triaged = EngagementTriaged(
        engagement_id=engagement_id,
        comment_id=verdict.comment.comment_id,
        revision=verdict.comment.revision,
        intent=understanding.intent,
        needs_reply=NeedsReply(understanding.needs_reply.value),
        language=understanding.language.value,
        queue=verdict.queue,
        due_at=due_at,
    )
    version = str(verdict.comment.revision)
    return event_of(triaged, source=event.source, thread_id=event.subject, at=at, version=version)


_CLAIM = text("""
    INSERT INTO inbox (consumer, event_id, state, done_at)
    SELECT :consumer, id, 'done', now() FROM unnest(CAST(:ids AS text[])) AS id
    ON CONFLICT DO NOTHING RETURNING event_id
    """)
_MAKE_THREADS = text("""
    INSERT INTO thread (key, source, thread_id)
    SELECT key, split_part(key, '/', 1), substr(key, strpos(key, '/') + 1)
    FROM unnest(CAST(:keys AS text[])) AS key ON CONFLICT DO NOTHING
    """)
_LOCK_THREADS = text("""
    SELECT 1 FROM thread WHERE key = ANY(CAST(:keys AS text[])) ORDER BY key FOR UPDATE
    """)


class PostgresTriageWork:
    """`triage.ports.TriageWork` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def begin(self) -> AbstractAsyncContextManager["PostgresTriageTransaction"]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator["PostgresTriageTransaction"]:
        async with transaction(self._engine) as connection:
            yield PostgresTriageTransaction(connection)


class PostgresTriageTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, consumer: str, ids: Collection[EventId]) -> frozenset[EventId]:
        claimed = await self._connection.execute(
            _CLAIM, {"consumer": consumer, "ids": sorted(set(ids))}
        )
        return frozenset(claimed.scalars())

    async def lock_threads(self, keys: Collection[ThreadKey]) -> None:
        ordered = {"keys": sorted(keys)}
        await self._connection.execute(_MAKE_THREADS, ordered)
        await self._connection.execute(_LOCK_THREADS, ordered)

    async def known(
        self, keys: Collection[tuple[SourceId, str]]
    ) -> Mapping[tuple[SourceId, str], Known]:
        return await known(self._connection, keys)

    async def record(
        self, verdicts: Sequence[Verdict], *, config_version: str, at: datetime
    ) -> None:
        for some in _stretches(verdicts):
            await self._store_authors([each.comment for each in some])
            await self._store_comments(some)
            await self._accept([v for v in some if isinstance(v, Accepted)], config_version, at)
            last = some[-1]
            if isinstance(last, Changed) and last.engagement_id is not None:
                await self._change(last, last.engagement_id, at)

    async def _store_authors(self, comments: Sequence[Comment]) -> None:
        """Whatever is said of an author last holds; what is left out stays as it was."""
        said: dict[tuple[str, str], dict[str, object]] = {}
        for comment in comments:
            now = _author_values(comment)
            before = said.get((comment.source, comment.author.id), now)
            said[comment.source, comment.author.id] = {
                name: before[name] if value is None else value for name, value in now.items()
            }
        # In one order: two workers that take in the same people would wait for each other.
        rows = [said[key] for key in sorted(said)]
        await insert_rows(self._connection, "author", rows, conflict=_AUTHOR_CONFLICT)

    async def _store_comments(self, verdicts: Sequence[Verdict]) -> None:
        rows = [
            comment_values(
                each.comment, version=each.version, edited_at=each.arrival.data.edited_at
            )
            for each in verdicts
        ]
        names = list(rows[0])
        conflict = f"""
            ON CONFLICT (source, comment_id) DO UPDATE SET
              {", ".join(f"{n} = EXCLUDED.{n}" for n in names[2:])}
            """
        await insert_rows(self._connection, "comment", rows, conflict=conflict)

    async def _accept(
        self, accepted: Sequence[Accepted], config_version: str, at: datetime
    ) -> None:
        if not accepted:
            return
        rows = [_engagement_values(each, config_version, at) for each in accepted]
        await insert_rows(self._connection, "engagement", rows)
        await start_clocks(
            self._connection,
            [Started(each.engagement_id, each.tick) for each in accepted if each.tick is not None],
        )
        await append_entries(
            self._connection,
            (
                moved(each.engagement_id, move, actor="triage")
                for each in accepted
                for move in each.moves
            ),
        )
        ended = [each.engagement_id for each in accepted if _is_ended(each)]
        if ended:
            await self._end_waits(ended, at)
            await settle_due(self._connection, ended, ended=at, in_time=DueOutcome.EXCUSED, at=at)
        await append_events(
            self._connection,
            (
                _closed(each, at)
                if _is_ended(each)
                else _triaged(each, each.engagement_id, at, each.due_at)
                for each in accepted
            ),
        )

    async def _end_waits(self, closed: Collection[EngagementId], at: datetime) -> None:
        found = await self._connection.execute(
            text(f"SELECT {WAITED} FROM engagement WHERE id = ANY(CAST(:ids AS uuid[]))"),  # noqa: S608 - a constant
            {"ids": list(closed)},
        )
        await end_waits(self._connection, found.all(), ended_at=at, is_replied=False)

    async def _change(self, changed: Changed, engagement_id: EngagementId, at: datetime) -> None:
        await lock_engagement(self._connection, engagement_id)
        if changed.is_after_answer:
            await self._connection.execute(
                text("UPDATE engagement SET edited_after_answer = true WHERE id = :id"),
                {"id": engagement_id},
            )
        if changed.understanding is not None:
            await self._rejudge(changed, changed.understanding, engagement_id)
        await move_engagement(
            self._connection,
            engagement_id,
            changed.moves,
            actor="platform" if changed.comment.is_deleted else "triage",
            at=at,
            ends_with=End(dismissal=changed.dismissed),
        )
        if changed.comment.is_deleted:
            await void_decisions(self._connection, engagement_id, "deleted", at)
        due_at = None
        if changed.moves and changed.moves[-1].to_state not in ENDS:
            due_at = await self._new_due_period(changed, engagement_id)
        if not changed.moves:
            entry = Entry(
                engagement_id=engagement_id,
                act="comment_deleted" if changed.comment.is_deleted else "comment_edited",
                actor="platform",
                data={"revision": changed.comment.revision},
            )
            await append_entries(self._connection, [entry])
        is_open = not changed.moves or changed.moves[-1].to_state not in ENDS
        if changed.understanding is not None and is_open:
            triaged = _triaged(changed, engagement_id, at, due_at)
            await append_events(self._connection, [triaged])

    async def _rejudge(
        self, changed: Changed, understanding: Understanding, engagement_id: EngagementId
    ) -> None:
        """What its clock has put into another queue stays there."""
        await self._connection.execute(
            text("""
                UPDATE engagement SET understanding = CAST(:understanding AS jsonb),
                  intent = :intent, sentiment = :sentiment, language = :language,
                  urgency = :urgency, needs_reply = :needs_reply, rank = :rank,
                  audience = COALESCE(:audience, audience),
                  queue = CASE WHEN escalated_from IS NULL THEN COALESCE(:queue, queue)
                    ELSE queue END,
                  escalated_from = CASE WHEN escalated_from IS NOT NULL
                    THEN COALESCE(:queue, escalated_from) END,
                  draft_state = CASE
                    WHEN state IN ('sending', 'delivery_failed', 'delivery_unknown')
                    THEN draft_state ELSE 'waiting' END, dismissal = NULL
                WHERE id = :id
                """),
            {
                "id": engagement_id,
                "queue": changed.queue,
                "audience": changed.audience,
                **_judgement(understanding),
                "understanding": json.dumps(understanding_values(understanding)),
            },
        )

    async def _new_due_period(
        self, changed: Changed, engagement_id: EngagementId
    ) -> datetime | None:
        """What a rule had closed is open again, and becomes due anew; gives when."""
        await self._connection.execute(
            text("""
                UPDATE engagement SET due_period = due_period + 1, due_outcome = NULL WHERE id = :id
                """),
            {"id": engagement_id},
        )
        if changed.tick is None:
            return None
        return (await tick_clock(self._connection, engagement_id, changed.tick)).due_at

    async def settle_own(self, own: OwnSeen, *, at: datetime) -> bool:
        if own.comment.is_deleted:
            return False
        if await settle_echo(self._connection, own.comment, at=at):
            return True
        return await self._answered_elsewhere(own, at)

    async def _answered_elsewhere(self, own: OwnSeen, at: datetime) -> bool:
        """A direct, public answer that did not go out from here ends what it answers."""
        comment = own.comment
        found = await self._connection.execute(
            text(f"""
                SELECT id, state, EXISTS (
                  SELECT 1 FROM decision d JOIN delivery_attempt a ON a.reply_id = d.id
                  WHERE d.engagement_id = e.id AND d.status = 'released'
                    AND (a.outcome IS NULL OR a.outcome IN ('unknown', 'handed_over', 'throttled'))
                    AND {NOT_SETTLED}) AS may_stand_there
                FROM engagement e WHERE source = :source AND comment_id = :parent
                """),  # noqa: S608 - a constant
            {"source": comment.source, "parent": comment.parent_id},
        )
        row = found.one_or_none()
        if row is None:
            return False
        moves = answered_elsewhere(
            State(row.state),
            ours_may_stand_there=row.may_stand_there,
            visibility=own.arrival.data.visibility,
        )
        if not moves:
            return False
        engagement_id = EngagementId(row.id)
        await lock_engagement(self._connection, engagement_id)
        await void_decisions(self._connection, engagement_id, "answered_elsewhere", at)
        await move_engagement(
            self._connection,
            engagement_id,
            moves,
            actor="platform",
            at=at,
            ends_with=End(
                answered_by="elsewhere", replied_at=comment.published_at, url=comment.permalink
            ),
        )
        return True

    async def open_approvals(self, keys: Collection[ThreadKey]) -> Sequence[OpenApproval]:
        return await open_approvals(self._connection, keys)

    async def void(self, approval: OpenApproval, *, reason: str, at: datetime) -> None:
        await lock_engagement(self._connection, approval.engagement_id)
        await void_decisions(self._connection, approval.engagement_id, reason, at)
        if approval.is_reply:
            await move_engagement(
                self._connection,
                approval.engagement_id,
                [step(approval.state, Trigger.VOIDED, reason)],
                actor="triage",
                at=at,
            )
            return
        entry = Entry(
            engagement_id=approval.engagement_id,
            act="dismissal_voided",
            actor="triage",
            reason=reason,
        )
        await append_entries(self._connection, [entry])

    async def settle_retried(self, dead_letters: Collection[str]) -> None:
        if dead_letters:
            await self._connection.execute(
                text("""
                    UPDATE dead_letter SET status = 'settled', ended_at = now()
                    WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'retried'
                    """),
                {"ids": list(dead_letters)},
            )
