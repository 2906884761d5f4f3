"""Everything the console and the API read. Each call costs a fixed number of statements."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.branches import surrounding
from responder.adapters.postgres.clocks import clock_in_words
from responder.adapters.postgres.details import (
    count_attempts,
    dead_letter_of,
    read_deliveries,
    read_drafts,
    read_history,
    read_refusals,
    read_reply,
    read_taken_back,
)
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.missing import read_missing
from responder.adapters.postgres.paging import (
    FILTERS,
    IN_ORDER_OF_DUE,
    STATES,
    beyond,
    condition_of,
    position_of,
)
from responder.adapters.postgres.pushes import read_conflicts
from responder.adapters.postgres.rows import (
    COMMENT_COLUMNS,
    JOIN_AUTHOR,
    comment_of,
    understanding_of,
)
from responder.adapters.postgres.tally import Standing, read_tally
from responder.delivery.ports import Capabilities
from responder.engagement.context import digest, relevant
from responder.engagement.errors import NotFound
from responder.engagement.lifecycle import OPEN, State
from responder.engagement.model import (
    Audience,
    DismissalReason,
    DueOutcome,
    EngagementId,
    PersonId,
    ReplyId,
    SourceId,
)
from responder.engagement.workspace import Workspace
from responder.review.ports import (
    MOST_MATCHING,
    Balance,
    Change,
    DeadLetter,
    DraftState,
    Held,
    Item,
    Locked,
    PushConflicts,
    QueueFilter,
    QueuePage,
    Refusal,
    Row,
    SourceView,
)

EXCERPT_CHARACTERS = 280
TEXT_LIMIT = 10_000
"""How long a reply may be, in characters, where its place does not say."""
ROW_SQL = f"""
  SELECT e.*, {COMMENT_COLUMNS}, h.id AS held_id, h.kind AS held_kind, h.actor AS held_actor,
    h.text AS held_text, h.reason AS held_reason, h.release_at, p.name AS held_name,
    a.name AS assigned_name
  FROM engagement e
  JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
  {JOIN_AUTHOR}
  LEFT JOIN decision h ON h.engagement_id = e.id AND h.status = 'held'
  LEFT JOIN person p ON p.id = h.actor
  LEFT JOIN person a ON a.id = e.assigned_to
"""  # noqa: S608 - a constant


class PostgresDesk:
    """`review.ports.Desk` on PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        workspace: Callable[[], Workspace],
        capabilities: Callable[[], Mapping[SourceId, Capabilities]],
    ) -> None:
        self._engine = engine
        self._workspace = workspace
        self._capabilities = capabilities

    async def queue(
        self, wanted: QueueFilter, *, after: str | None = None, limit: int = 50
    ) -> QueuePage:
        condition, values = condition_of(wanted)
        is_open = wanted.state in IN_ORDER_OF_DUE
        keys = "e.rank, e.order_due, e.received_at, e.id" if is_open else "e.ended_at, e.id"
        order = keys if is_open else "e.ended_at DESC, e.id DESC"
        following, position = beyond(after, is_open=is_open)
        async with transaction(self._engine) as connection:
            as_of = await _latest_change(connection)
            found = await connection.execute(
                text(f"{ROW_SQL} WHERE {condition} AND {following} ORDER BY {order} LIMIT :limit"),
                values | position | {"limit": limit + 1},
            )
            rows = found.all()
            tally = await read_tally(connection)
            if wanted.is_counted:
                matching = tally.matching(
                    STATES[wanted.state], queue=wanted.queue, source=wanted.source
                )
            elif after is None and len(rows) <= limit:
                matching = len(rows)
            else:
                matching = await _count(connection, condition, values)
            return QueuePage(
                rows=tuple(self._row(row) for row in rows[:limit]),
                after=position_of(rows[limit - 1], is_open=is_open) if len(rows) > limit else None,
                matching=matching,
                counts=tally.open_by_queue(),
                has_assigned=await _has_assigned(connection),
                balance=tally.balance(missing=await read_missing(connection)),
                as_of=as_of,
            )

    async def item(self, engagement_id: EngagementId) -> Item:
        async with transaction(self._engine) as connection:
            return await self._item(connection, engagement_id)

    async def decidable(self, connection: AsyncConnection, engagement_id: EngagementId) -> Locked:
        """What a decision depends on, as this transaction sees it; its caller holds the lock."""
        row = await _read_row(connection, engagement_id)
        comment = comment_of(row)
        return Locked(
            state=State(row.state),
            context=digest(comment, await surrounding(connection, comment)),
            text_limit=self._text_limit(comment.source),
            held=held_of(row),
            attempts=await count_attempts(connection, engagement_id),
            due_at=row.due_at,
            clock_may_stop=self._clock_may_stop(row.sla),
            is_clock_stopped=row.clock_paused_at is not None,
        )

    def _clock_may_stop(self, policy: str | None) -> bool:
        known = self._workspace().policies.get(policy or "")
        return known is not None and known.may_be_stopped

    def _text_limit(self, source: SourceId) -> int:
        capabilities = self._capabilities().get(source)
        return TEXT_LIMIT if capabilities is None else capabilities.text_max

    async def _item(self, connection: AsyncConnection, engagement_id: EngagementId) -> Item:
        # First: one that is made meanwhile is then not taken for one that was seen.
        attempts = await count_attempts(connection, engagement_id)
        row = await _read_row(connection, engagement_id)
        comment = comment_of(row)
        thread = await surrounding(connection, comment)
        drafts = await read_drafts(connection, engagement_id)
        reply = await read_reply(connection, engagement_id)
        deliveries = await read_deliveries(connection, reply.id) if reply is not None else ()
        last = deliveries[-1] if deliveries else None
        source = self._workspace().sources.get(comment.source)
        capabilities = self._capabilities().get(comment.source)
        return Item(
            row=self._row(row),
            comment=comment,
            thread=relevant(comment, thread),
            context=digest(comment, thread),
            understanding=understanding_of(row.understanding),
            draft=drafts[0] if drafts else None,
            earlier_drafts=drafts[1:],
            reply_id=None if reply is None else ReplyId(reply.id),
            reply_text=None if reply is None else reply.text,
            taken_back_text=await read_taken_back(connection, engagement_id),
            reply_url=row.answer_url,
            deliveries=deliveries,
            attempts=attempts,
            is_handed_over=last is not None and last.outcome == "handed_over",
            is_held_on_site=last is not None and last.outcome == "handed_over" and last.is_held,
            next_try_at=None if reply is None else reply.next_at,
            reads_back=bool(capabilities and capabilities.reads_back),
            history=await read_history(connection, engagement_id),
            due_explained=await clock_in_words(
                connection, engagement_id, is_open=State(row.state) in OPEN
            ),
            clock_may_stop=self._clock_may_stop(row.sla),
            posts_as=source.post_as if source else "",
            can_post=source is not None
            and source.sends
            and bool(capabilities and capabilities.posts),
            dismissal=row.dismissal and DismissalReason(row.dismissal),
            text_limit=self._text_limit(comment.source),
            edited_after_answer=row.edited_after_answer,
        )

    async def dead_letters(self, *, status: str = "open", limit: int = 50) -> Sequence[DeadLetter]:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT * FROM dead_letter
                    WHERE :status = 'all' OR status = :status
                      OR (:status = 'open' AND status = 'retried')
                    ORDER BY arrived_at DESC LIMIT :limit
                    """),
                {"status": status, "limit": limit},
            )
            return [dead_letter_of(row) for row in found]

    async def dead_letter(self, dead_letter_id: UUID) -> DeadLetter:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("SELECT * FROM dead_letter WHERE id = :id"), {"id": dead_letter_id}
            )
            row = found.one_or_none()
            if row is None:
                raise NotFound(what="record", name=str(dead_letter_id))
            return dead_letter_of(row)

    async def sources(self) -> Sequence[SourceView]:
        async with transaction(self._engine) as connection:
            tally = await read_tally(connection)
            states = {
                row.source: row
                for row in await connection.execute(text("SELECT * FROM source_state"))
            }
            refusals = await read_refusals(connection)
            conflicts = await read_conflicts(connection)
        return [
            self._source_view(
                source_id,
                [each for each in tally.standings if each.source == source_id],
                states.get(source_id),
                refusals.get(source_id, ()),
                conflicts.get(source_id),
            )
            for source_id in self._workspace().sources
        ]

    async def balance(self) -> Balance:
        async with transaction(self._engine) as connection:
            tally = await read_tally(connection)
            return tally.balance(missing=await read_missing(connection))

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT a.number, a.engagement_id, a.act, a.to_state, e.queue FROM audit_chain a
                    LEFT JOIN engagement e ON e.id = a.engagement_id
                    WHERE a.number > :after ORDER BY a.number LIMIT :limit
                    """),
                {"after": after, "limit": limit},
            )
            return [
                Change(
                    number=row.number,
                    engagement_id=row.engagement_id and EngagementId(row.engagement_id),
                    act=row.act,
                    state=row.to_state and State(row.to_state),
                    queue=row.queue,
                )
                for row in found
            ]

    async def latest_change(self) -> int:
        async with transaction(self._engine) as connection:
            return await _latest_change(connection)

    def _row(self, row: Any) -> Row:
        source = self._workspace().sources.get(SourceId(row.source))
        return Row(
            engagement_id=EngagementId(row.id),
            source=row.source,
            source_title=source.title if source else row.source,
            queue=row.queue,
            state=State(row.state),
            author_name=row.author_name,
            excerpt=row.text[:EXCERPT_CHARACTERS],
            page_title=row.page_title,
            intent=row.intent,
            sentiment=row.sentiment,
            language=row.language,
            urgency=row.urgency,
            needs_reply=row.needs_reply,
            published_at=row.published_at,
            received_at=row.received_at,
            due_at=row.due_at,
            due_outcome=row.due_outcome and DueOutcome(row.due_outcome),
            clock_paused_at=row.clock_paused_at,
            audience=Audience(row.audience),
            draft=DraftState(row.draft_state),
            held=held_of(row),
            assigned_to=row.assigned_to and PersonId(row.assigned_to),
            assigned_name=row.assigned_name,
        )

    def _source_view(
        self,
        source_id: SourceId,
        standings: Sequence[Standing],
        state: Any | None,
        refusals: tuple[Refusal, ...],
        conflicts: PushConflicts | None,
    ) -> SourceView:
        source = self._workspace().sources[source_id]
        capabilities = self._capabilities().get(source_id)
        return SourceView(
            id=source_id,
            title=source.title,
            platform=source.platform,
            url=source.url,
            posts=source.sends and bool(capabilities and capabilities.posts),
            proof=capabilities.proof if capabilities else "",
            last_event_at=max((each.newest for each in standings if each.newest), default=None),
            accepted=sum(each.items for each in standings),
            open=sum(each.items for each in standings if each.state in OPEN),
            refusals=refusals,
            conflicts=conflicts,
            read_at=state.read_at if state else None,
            read_note=state.read_note if state and not state.read_ok else None,
            paused=state.paused if state else None,
        )


async def _read_row(connection: AsyncConnection, engagement_id: EngagementId) -> Any:
    found = await connection.execute(text(f"{ROW_SQL} WHERE e.id = :id"), {"id": engagement_id})
    row = found.one_or_none()
    if row is None:
        raise NotFound(what="comment", name=str(engagement_id))
    return row


def held_of(row: Any) -> Held | None:
    if row.held_id is None:
        return None
    return Held(
        decision_id=row.held_id,
        kind=row.held_kind,
        actor=PersonId(row.held_actor),
        actor_name=row.held_name or "somebody",
        text=row.held_text,
        reason=row.held_reason and DismissalReason(row.held_reason),
        release_at=row.release_at,
    )


async def _latest_change(connection: AsyncConnection) -> int:
    found = await connection.execute(text("SELECT COALESCE(max(number), 0) FROM audit_chain"))
    return int(found.scalar_one())


async def _has_assigned(connection: AsyncConnection) -> bool:
    found = await connection.execute(
        text(f"""
            SELECT EXISTS (
              SELECT FROM engagement e WHERE e.assigned_to IS NOT NULL AND {FILTERS["open"]})
            """)  # noqa: S608 - a constant
    )
    return bool(found.scalar_one())


async def _count(connection: AsyncConnection, condition: str, values: Mapping[str, object]) -> int:
    """One comment after the other is looked at; it stops where nobody reads on."""
    found = await connection.execute(
        text(f"""
            SELECT count(*) FROM (
              SELECT FROM engagement e
              JOIN comment c ON c.source = e.source AND c.comment_id = e.comment_id
              WHERE {condition} LIMIT :most) found
            """),  # noqa: S608 - constants
        {**values, "most": MOST_MATCHING + 1},
    )
    return int(found.scalar_one())
