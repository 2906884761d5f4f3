"""What the guestbook keeps: its comments, and everything that happened to them.

Each change by a visitor or by us is one row of a list that only grows: the feed that is polled, and
at the same time the outbox of signed pushes. It is written together with the comment, so no change
goes untold, whatever dies.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from responder.engagement.events import EngagementReceived

VISITOR = "visitor"
US = "us"
ENTERED = "entered"
"""Reached Responder another way; it is shown here so that its answer has something to stand under."""


class Entry(Protocol):
    """A comment as it stands."""

    @property
    def comment(self) -> EngagementReceived: ...

    @property
    def root_id(self) -> str:
        """The comment at the top of its branch *here*; itself where its parent never came."""

    @property
    def made_by(self) -> str: ...

    @property
    def visitor(self) -> str | None:
        """A digest of the cookie of whoever may change it."""

    @property
    def idempotency_key(self) -> str | None: ...

    @property
    def is_held(self) -> bool: ...

    @property
    def is_deleted(self) -> bool: ...

    @property
    def position(self) -> int:
        """Grows in the order of arrival."""


class Push(Protocol):
    """One change that Responder has not confirmed."""

    @property
    def seq(self) -> int: ...

    @property
    def message_id(self) -> str:
        """The same on every try."""

    @property
    def data(self) -> str:
        """JSON, as `EngagementReceived` wrote it."""

    @property
    def made_at(self) -> datetime: ...

    @property
    def tries(self) -> int: ...


class GuestbookStore(Protocol):
    """Each method is one transaction.

    Every method raises Unavailable if the database cannot be reached; nothing has happened then.
    """

    async def add(
        self,
        comment: EngagementReceived,
        *,
        made_by: str,
        now: datetime,
        visitor: str | None = None,
        idempotency_key: str | None = None,
        is_held: bool = False,
    ) -> Entry:
        """Keep a new comment; where its id or key is known, give what stands under it instead.

        It joins the branch of its parent, if that stands here. What was entered makes no change.
        """

    async def change(self, comment: EngagementReceived, *, made_by: str, now: datetime) -> bool:
        """Replace (`edited`) or delete a comment that `made_by` made; False if there is none.

        The caller has looked whose it is. A deleted comment stays deleted.
        """

    async def release(self, comment_id: str, now: datetime) -> bool:
        """Show what was held; only then does it appear in the feed."""

    async def find(self, comment_id: str) -> Entry | None: ...

    async def by_key(self, idempotency_key: str) -> Entry | None: ...

    async def branch(self, root_id: str) -> Sequence[Entry]:
        """The root and everything below it, held and deleted too, in the order of arrival."""

    async def roots(self, *, before: int | None, limit: int) -> Sequence[Entry]:
        """Top-level comments by falling position."""

    async def changes(self, *, after: int, limit: int) -> Sequence[Push]:
        """The feed, by rising `seq`; a later call never shows a smaller one that was missing."""

    async def due(self, now: datetime, limit: int) -> Sequence[Push]:
        """The oldest unconfirmed change of each branch, if its time has come."""

    async def confirmed(self, seq: int, now: datetime) -> None: ...

    async def postponed(self, seq: int, until: datetime) -> None:
        """Count a try."""
