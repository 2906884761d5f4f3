"""Writes that every stage's transaction shares: audit entries, outbox rows, state changes, ends.

This is the only module that updates `engagement.state`, and only along a `Move` that the lifecycle
table gave.
"""

import base64
import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.clocks import forget_steps
from responder.adapters.postgres.recordset import bytea, insert_rows
from responder.adapters.postgres.waits import WAITED, end_waits, wait_again
from responder.engagement.errors import NotFound
from responder.engagement.events import Data, EngagementClosed, Event, derive_id
from responder.engagement.lifecycle import ENDS, Move, State
from responder.engagement.model import DismissalReason, DueOutcome, EngagementId
from responder.engagement.record import Entry, moved

SHARDS = 16
"""How many relays can send at once; each shard is sent in order by one of them."""


_NEW_AND_TOLD = """
    ON CONFLICT (event_id) DO NOTHING RETURNING pg_notify('responder_outbox', '')
    """
"""However many rows are new, a transaction tells of it once."""


class LostUpdate(AssertionError):
    """A state was not what its holder's lock had shown: a bug, never swallowed."""


async def append_entries(connection: AsyncConnection, entries: Iterable[Entry]) -> None:
    rows = [
        {
            "engagement_id": entry.engagement_id,
            "act": entry.act,
            "actor": entry.actor,
            "from_state": entry.move.from_state if entry.move else None,
            "to_state": entry.move.to_state if entry.move else None,
            "reason": entry.reason,
            "data": dict(entry.data),
        }
        for entry in entries
    ]
    await insert_rows(connection, "audit_entry", rows)


async def append_events(connection: AsyncConnection, events: Iterable[Event]) -> None:
    """Outbox rows. The caller holds the lock of the events' threads."""
    rows = [
        {
            "shard": zlib.crc32(event.key) % SHARDS,
            "topic": event.topic,
            "key": bytea(event.key),
            "event_id": event.id,
            "headers": [
                [name, base64.b64encode(value).decode()] for name, value in event.headers()
            ],
            "payload": bytea(event.value()),
        }
        for event in events
    ]
    await insert_rows(connection, "outbox", rows, conflict=_NEW_AND_TOLD)


def event_of(data: Data, *, source: str, thread_id: str, at: datetime, version: str) -> Event:
    """An event of our own; `version` tells apart what may happen to one item more than once."""
    item = str(getattr(data, "reply_id", None) or getattr(data, "engagement_id", ""))
    return Event.of(
        data,
        event_id=derive_id(source, data.type, item, version),
        source=source,
        subject=thread_id,
        time=at,
    )


async def move_engagement(
    connection: AsyncConnection,
    engagement_id: EngagementId,
    moves: Sequence[Move],
    *,
    actor: str,
    at: datetime,
    ends_with: "End | None" = None,
    **data: str | int | None,
) -> None:
    """Walk `moves`, each with its audit entry; at an end also settle how the item became due.

    The caller holds the lock of the engagement's thread and row. Leaving an end again (a reopening,
    or an edit of what a rule closed) starts a new due period.
    """
    if not moves:
        return
    last = moves[-1].to_state
    ended = last in ENDS
    result = await connection.execute(
        text(f"""
            UPDATE engagement SET state = :state,
              ended_at = {"COALESCE(ended_at, :at)" if ended else "NULL"}
            WHERE id = :id AND state = :before
            RETURNING source, comment_id, thread_key, due_at, due_outcome
            """),  # noqa: S608 - one of two constants
        {"id": engagement_id, "state": last, "before": moves[0].from_state}
        | ({"at": at} if ended else {}),
    )
    row = result.one_or_none()
    if row is None:
        raise LostUpdate(f"{engagement_id} was not {moves[0].from_state}")
    await append_entries(
        connection, (moved(engagement_id, move, actor=actor, **data) for move in moves)
    )
    if ended:
        await _end(connection, engagement_id, row, last, at=at, end=ends_with or End())
    elif moves[0].from_state in ENDS:
        await wait_again(connection, engagement_id)


class End:
    """What is known about an engagement's end."""

    __slots__ = ("answered_by", "dismissal", "replied_at", "url")

    def __init__(
        self,
        *,
        answered_by: str | None = None,
        replied_at: datetime | None = None,
        url: str | None = None,
        dismissal: DismissalReason | None = None,
    ) -> None:
        self.answered_by = answered_by
        self.replied_at = replied_at
        self.url = url
        self.dismissal = dismissal


async def _end(
    connection: AsyncConnection,
    engagement_id: EngagementId,
    row: Any,
    state: State,
    *,
    at: datetime,
    end: End,
) -> None:
    is_replied, ended_at = state is State.ANSWERED, end.replied_at or at
    found = await connection.execute(
        text(f"""
            UPDATE engagement SET answered_by = :answered_by, replied_at = :replied_at,
              answer_url = :url, dismissal = :dismissal, first_replied_at =
                COALESCE(first_replied_at, CAST(:first_replied_at AS timestamptz))
            WHERE id = :id RETURNING {WAITED}
            """),  # noqa: S608 - a constant
        {
            "id": engagement_id,
            "answered_by": end.answered_by,
            "replied_at": end.replied_at,
            "url": end.url,
            "dismissal": end.dismissal,
            "first_replied_at": ended_at if is_replied else None,
        },
    )
    await end_waits(connection, found.all(), ended_at=ended_at, is_replied=is_replied)
    await settle_due(
        connection,
        [engagement_id],
        ended=ended_at,
        in_time=DueOutcome.MET if is_replied else DueOutcome.EXCUSED,
        at=at,
    )
    closed = EngagementClosed(
        engagement_id=engagement_id,
        comment_id=row.comment_id,
        end=state.value,
        reason=end.dismissal,
        url=end.url,
    )
    source, _, thread_id = row.thread_key.partition("/")
    await append_events(
        connection,
        [event_of(closed, source=source, thread_id=thread_id, at=at, version=at.isoformat())],
    )


async def lock_engagement(connection: AsyncConnection, engagement_id: EngagementId) -> Any:
    """Lock the thread, then the engagement; gives its row. Raises NotFound."""
    locked = await lock_engagements(connection, [engagement_id])
    return locked[engagement_id]


async def lock_engagements(
    connection: AsyncConnection, engagement_ids: Collection[EngagementId]
) -> dict[EngagementId, Any]:
    """Lock their threads, then them, each in one order; gives the rows. Raises NotFound."""
    if not engagement_ids:
        return {}
    ids = {"ids": sorted(engagement_ids)}
    await connection.execute(
        text("""
            SELECT 1 FROM thread WHERE key IN
              (SELECT thread_key FROM engagement WHERE id = ANY(CAST(:ids AS uuid[])))
            ORDER BY key FOR UPDATE
            """),
        ids,
    )
    found = await connection.execute(
        text("""
            SELECT * FROM engagement WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
            """),
        ids,
    )
    locked = {EngagementId(row.id): row for row in found}
    for engagement_id in engagement_ids:
        if engagement_id not in locked:
            raise NotFound(what="comment", name=str(engagement_id))
    return locked


async def settle_due(
    connection: AsyncConnection,
    engagement_ids: Collection[EngagementId],
    *,
    ended: datetime,
    in_time: DueOutcome,
    at: datetime,
) -> None:
    """Record how items became due, once per due period: whoever comes first settles it.

    A clock that stands has come no further than where it was stopped.
    """
    await connection.execute(
        text("""
            WITH settled AS (
              UPDATE engagement SET due_outcome =
                CASE WHEN LEAST(CAST(:ended AS timestamptz), clock_paused_at) > due_at
                  THEN 'missed' ELSE :in_time END
              WHERE id = ANY(CAST(:ids AS uuid[])) AND due_outcome IS NULL AND due_at IS NOT NULL
              RETURNING id, due_period, sla, tier, due_at, due_outcome)
            INSERT INTO due_settled (engagement_id, period, sla, tier, due_at, outcome, settled_at)
            SELECT id, due_period, sla, COALESCE(tier, ''), due_at, due_outcome, :at FROM settled
            """),
        {"ids": sorted(engagement_ids), "ended": ended, "in_time": in_time, "at": at},
    )
    await forget_steps(connection, engagement_ids)


async def void_decisions(
    connection: AsyncConnection, engagement_id: EngagementId, reason: str, at: datetime
) -> None:
    """Whatever was decided and has not gone out does not hold any more, and stops its delivery."""
    await connection.execute(
        text("""
            UPDATE decision SET status = 'voided', void_reason = :reason, settled_at = :at
            WHERE engagement_id = :id AND status IN ('held', 'released')
              AND NOT EXISTS (SELECT 1 FROM delivery_attempt a WHERE a.reply_id = decision.id
                AND (a.outcome IS NULL OR a.outcome IN ('sent', 'unknown', 'handed_over')))
            """),
        {"id": engagement_id, "reason": reason, "at": at},
    )
    await connection.execute(
        text("""
            UPDATE delivery_job SET next_at = NULL FROM decision d
            WHERE d.id = reply_id AND d.engagement_id = :id AND d.status = 'voided'
            """),
        {"id": engagement_id},
    )
