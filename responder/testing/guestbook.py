"""The guestbook's store in memory, for tests that need no database. Passes the same contract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from responder.adapters.postgres.guestbook import GuestbookEntry, GuestbookPush
from responder.engagement.events import EngagementReceived
from responder.engagement.model import Kind
from responder.web.guestbook.store import ENTERED


@dataclass(slots=True)
class _Change:
    push: GuestbookPush
    root_id: str
    due_at: datetime
    is_confirmed: bool = False


class MemoryGuestbook:
    """`GuestbookStore` without a disk."""

    def __init__(self) -> None:
        self._entries: dict[str, GuestbookEntry] = {}
        self._changes: list[_Change] = []

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
        known = self._entries.get(comment.comment_id)
        if known is None and idempotency_key is not None:
            known = await self.by_key(idempotency_key)
        if known is not None:
            return known
        parent = self._entries.get(comment.parent_id or "")
        entry = GuestbookEntry(
            comment=comment,
            root_id=comment.comment_id if parent is None else parent.root_id,
            made_by=made_by,
            visitor=visitor,
            idempotency_key=idempotency_key,
            is_held=is_held,
            is_deleted=False,
            position=len(self._entries) + 1,
        )
        self._entries[comment.comment_id] = entry
        if made_by != ENTERED and not is_held:
            self._tell(entry, now)
        return entry

    async def change(self, comment: EngagementReceived, *, made_by: str, now: datetime) -> bool:
        entry = self._entries.get(comment.comment_id)
        if entry is None or entry.made_by != made_by or entry.is_deleted:
            return False
        changed = replace(entry, comment=comment, is_deleted=comment.kind is Kind.DELETED)
        self._entries[comment.comment_id] = changed
        if made_by != ENTERED:
            self._tell(changed, now)
        return True

    async def release(self, comment_id: str, now: datetime) -> bool:
        entry = self._entries.get(comment_id)
        if entry is None or not entry.is_held:
            return False
        self._entries[comment_id] = replace(entry, is_held=False)
        self._tell(entry, now)
        return True

    async def find(self, comment_id: str) -> GuestbookEntry | None:
        return self._entries.get(comment_id)

    async def by_key(self, idempotency_key: str) -> GuestbookEntry | None:
        found = (e for e in self._entries.values() if e.idempotency_key == idempotency_key)
        return next(found, None)

    async def branch(self, root_id: str) -> Sequence[GuestbookEntry]:
        return [entry for entry in self._entries.values() if entry.root_id == root_id]

    async def roots(self, *, before: int | None, limit: int) -> Sequence[GuestbookEntry]:
        roots = [
            entry
            for key, entry in self._entries.items()
            if entry.root_id == key and (before is None or entry.position < before)
        ]
        return roots[::-1][:limit]

    async def changes(self, *, after: int, limit: int) -> Sequence[GuestbookPush]:
        return [each.push for each in self._changes[after : after + limit]]

    async def due(self, now: datetime, limit: int) -> Sequence[GuestbookPush]:
        first: dict[str, _Change] = {}
        for each in self._changes:
            if not each.is_confirmed:
                first.setdefault(each.root_id, each)
        return [each.push for each in first.values() if each.due_at <= now][:limit]

    async def confirmed(self, seq: int, now: datetime) -> None:  # noqa: ARG002 - the port's words
        self._changes[seq - 1].is_confirmed = True

    async def postponed(self, seq: int, until: datetime) -> None:
        change = self._changes[seq - 1]
        change.due_at = until
        change.push = replace(change.push, tries=change.push.tries + 1)

    def _tell(self, entry: GuestbookEntry, now: datetime) -> None:
        seq = len(self._changes) + 1
        data = entry.comment.model_dump_json(exclude_none=True)
        push = GuestbookPush(seq, f"msg_{seq}", data, now, 0)
        self._changes.append(_Change(push, entry.root_id, now))
