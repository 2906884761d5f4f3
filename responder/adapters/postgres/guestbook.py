"""The guestbook's store: two tables in a schema of their own, which one click can drop.

Every writer holds one advisory lock until its commit, so `seq` is in the order of the commits and
who reads the feed after a number misses nothing. A guestbook is small: that costs nobody anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.engagement.events import EngagementReceived
from responder.engagement.ports import Ids

GUESTBOOK_SCHEMA_SQL: tuple[str, ...] = (
    "CREATE SCHEMA IF NOT EXISTS guestbook",
    """
    CREATE TABLE guestbook.comment (
        comment_id text PRIMARY KEY,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        root_id text NOT NULL,
        made_by text NOT NULL CHECK (made_by IN ('visitor', 'us', 'entered')),
        data text NOT NULL,
        visitor text,
        idempotency_key text UNIQUE,
        is_held boolean NOT NULL DEFAULT false,
        is_deleted boolean NOT NULL DEFAULT false
    )
    """,
    "CREATE INDEX comment_branch ON guestbook.comment (root_id, position)",
    "CREATE INDEX comment_root ON guestbook.comment (position) WHERE root_id = comment_id",
    """
    CREATE TABLE guestbook.change (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        message_id text NOT NULL UNIQUE,
        root_id text NOT NULL,
        data text NOT NULL,
        made_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        tries int NOT NULL DEFAULT 0,
        confirmed_at timestamptz
    )
    """,
    "CREATE INDEX change_open ON guestbook.change (root_id, seq) WHERE confirmed_at IS NULL",
)
_LOCK = 0x6775_6573
_ENTRY = (
    "data, root_id, made_by, visitor, idempotency_key, is_held, is_deleted, position"
    " FROM guestbook.comment"
)
_PUSH = "seq, message_id, data, made_at, tries FROM guestbook.change"


@dataclass(frozen=True, slots=True)
class GuestbookEntry:
    comment: EngagementReceived
    root_id: str
    made_by: str
    visitor: str | None
    idempotency_key: str | None
    is_held: bool
    is_deleted: bool
    position: int


@dataclass(frozen=True, slots=True)
class GuestbookPush:
    seq: int
    message_id: str
    data: str
    made_at: datetime
    tries: int


class PostgresGuestbook:
    """`GuestbookStore` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine, *, ids: Ids) -> None:
        self._engine = engine
        self._ids = ids

    async def add(
        self,
        comment: EngagementReceived,
        *,
        made_by: str,
        now: datetime,
        visitor: str | None = None,
        idempotency_key: str | None = None,
        is_held: bool = False,
    ) -> GuestbookEntry:
        async with transaction(self._engine) as tx:
            await _lock(tx)
            standing = await _one(
                tx,
                f"SELECT {_ENTRY} WHERE comment_id = :id OR idempotency_key = :key",
                {"id": comment.comment_id, "key": idempotency_key},
            )
            if standing is not None:
                return standing
            root_id = await _root_of(tx, comment)
            await tx.execute(
                text(
                    "INSERT INTO guestbook.comment (comment_id, root_id, made_by, data, visitor,"
                    " idempotency_key, is_held) VALUES (:id, :root, :by, :data, :visitor, :key,"
                    " :held)"
                ),
                {
                    "id": comment.comment_id,
                    "root": root_id,
                    "by": made_by,
                    "data": comment.model_dump_json(),
                    "visitor": visitor,
                    "key": idempotency_key,
                    "held": is_held,
                },
            )
            if made_by != "entered" and not is_held:
                await self._tell(tx, comment, root_id, now)
            return await _required(tx, comment.comment_id)

    async def change(self, comment: EngagementReceived, *, made_by: str, now: datetime) -> bool:
        async with transaction(self._engine) as tx:
            await _lock(tx)
            changed = await tx.execute(
                text(
                    "UPDATE guestbook.comment SET data = :data, is_deleted = :deleted"
                    " WHERE comment_id = :id AND made_by = :by AND NOT is_deleted"
                    " RETURNING root_id"
                ),
                {
                    "data": comment.model_dump_json(),
                    "deleted": comment.kind == "deleted",
                    "id": comment.comment_id,
                    "by": made_by,
                },
            )
            root_id = changed.scalar_one_or_none()
            if root_id is not None and made_by != "entered":
                await self._tell(tx, comment, root_id, now)
            return root_id is not None

    async def release(self, comment_id: str, now: datetime) -> bool:
        async with transaction(self._engine) as tx:
            await _lock(tx)
            released = await tx.execute(
                text(
                    "UPDATE guestbook.comment SET is_held = false"
                    " WHERE comment_id = :id AND is_held RETURNING comment_id"
                ),
                {"id": comment_id},
            )
            if released.scalar_one_or_none() is None:
                return False
            entry = await _required(tx, comment_id)
            await self._tell(tx, entry.comment, entry.root_id, now)
            return True

    async def find(self, comment_id: str) -> GuestbookEntry | None:
        query = f"SELECT {_ENTRY} WHERE comment_id = :id"
        async with transaction(self._engine) as tx:
            return await _one(tx, query, {"id": comment_id})

    async def by_key(self, idempotency_key: str) -> GuestbookEntry | None:
        query = f"SELECT {_ENTRY} WHERE idempotency_key = :key"
        async with transaction(self._engine) as tx:
            return await _one(tx, query, {"key": idempotency_key})

    async def branch(self, root_id: str) -> Sequence[GuestbookEntry]:
        query = f"SELECT {_ENTRY} WHERE root_id = :root ORDER BY position"
        async with transaction(self._engine) as tx:
            rows = await tx.execute(text(query), {"root": root_id})
            return [_entry(row) for row in rows]

    async def roots(self, *, before: int | None, limit: int) -> Sequence[GuestbookEntry]:
        query = (
            f"SELECT {_ENTRY} WHERE root_id = comment_id AND (CAST(:before AS bigint) IS NULL"
            " OR position < :before) ORDER BY position DESC LIMIT :limit"
        )
        async with transaction(self._engine) as tx:
            rows = await tx.execute(text(query), {"before": before, "limit": limit})
            return [_entry(row) for row in rows]

    async def changes(self, *, after: int, limit: int) -> Sequence[GuestbookPush]:
        query = f"SELECT {_PUSH} WHERE seq > :after ORDER BY seq LIMIT :limit"
        async with transaction(self._engine) as tx:
            rows = await tx.execute(text(query), {"after": after, "limit": limit})
            return [_push(row) for row in rows]

    async def due(self, now: datetime, limit: int) -> Sequence[GuestbookPush]:
        query = (
            f"SELECT {_PUSH} AS change WHERE confirmed_at IS NULL AND due_at <= :now"  # noqa: S608 - our own words
            " AND NOT EXISTS (SELECT FROM guestbook.change AS earlier"
            " WHERE earlier.root_id = change.root_id AND earlier.seq < change.seq"
            " AND earlier.confirmed_at IS NULL) ORDER BY seq LIMIT :limit"
        )
        async with transaction(self._engine) as tx:
            rows = await tx.execute(text(query), {"now": now, "limit": limit})
            return [_push(row) for row in rows]

    async def confirmed(self, seq: int, now: datetime) -> None:
        statement = "UPDATE guestbook.change SET confirmed_at = :now WHERE seq = :seq"
        async with transaction(self._engine) as tx:
            await tx.execute(text(statement), {"seq": seq, "now": now})

    async def postponed(self, seq: int, until: datetime) -> None:
        statement = (
            "UPDATE guestbook.change SET due_at = :until, tries = tries + 1 WHERE seq = :seq"
        )
        async with transaction(self._engine) as tx:
            await tx.execute(text(statement), {"seq": seq, "until": until})

    async def _tell(
        self, tx: AsyncConnection, comment: EngagementReceived, root_id: str, now: datetime
    ) -> None:
        await tx.execute(
            text(
                "INSERT INTO guestbook.change (message_id, root_id, data, made_at, due_at)"
                " VALUES (:message_id, :root, :data, :now, :now)"
            ),
            {
                "message_id": f"msg_{self._ids.uuid().hex}",
                "root": root_id,
                "data": comment.model_dump_json(exclude_none=True),
                "now": now,
            },
        )


async def _lock(tx: AsyncConnection) -> None:
    await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def _one(tx: AsyncConnection, query: str, values: dict[str, object]) -> GuestbookEntry | None:
    if any("\x00" in str(value) for value in values.values()):
        return None  # PostgreSQL holds no NUL, and refuses to be asked for one
    row = (await tx.execute(text(query), values)).first()
    return None if row is None else _entry(row)


async def _required(tx: AsyncConnection, comment_id: str) -> GuestbookEntry:
    query = text(f"SELECT {_ENTRY} WHERE comment_id = :id")
    return _entry((await tx.execute(query, {"id": comment_id})).one())


async def _root_of(tx: AsyncConnection, comment: EngagementReceived) -> str:
    """Where its parent stands; by itself if that never came."""
    query = text("SELECT root_id FROM guestbook.comment WHERE comment_id = :id")
    found = await tx.execute(query, {"id": comment.parent_id})
    return found.scalar_one_or_none() or comment.comment_id


def _entry(row: Row[Any]) -> GuestbookEntry:
    comment = EngagementReceived.model_validate_json(row.data)
    return GuestbookEntry(
        comment,
        row.root_id,
        row.made_by,
        row.visitor,
        row.idempotency_key,
        row.is_held,
        row.is_deleted,
        row.position,
    )


def _push(row: Row[Any]) -> GuestbookPush:
    return GuestbookPush(row.seq, row.message_id, row.data, row.made_at, row.tries)
