"""What may happen in the guestbook, whoever asks: a visitor on the page, or Responder by the API."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from responder.engagement.errors import Conflict, Invalid, NotFound
from responder.engagement.events import EngagementReceived, EventAuthor, EventPage
from responder.engagement.model import Kind
from responder.engagement.ports import Clock, Ids
from responder.web.guestbook.store import ENTERED, US, VISITOR, Entry, GuestbookStore

NAME_CHARACTERS = 80
TEXT_CHARACTERS = 10_000
OWN_AUTHOR_ID = "responder"
"""Under which our replies come back: one of the source's own author ids."""


@dataclass(eq=False, kw_only=True)
class Unfit(Invalid):
    """{why}"""  # noqa: D415 - the reason is the sentence

    why: str


@dataclass(eq=False, kw_only=True)
class Gone(Conflict):
    """This comment was deleted."""


@dataclass(eq=False, kw_only=True)
class KeyReused(Conflict):
    """This key belongs to another reply."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A top-level comment and the answers below it that the public may see."""

    root: Entry
    answers: tuple[Entry, ...]


class Guestbook:
    """The rules of the page, over its store.

    Args:
        public_url: where visitors reach it, without the trailing slash.
        title: of the page; the first thing that is known about a comment's subject.
    """

    def __init__(
        self, *, store: GuestbookStore, clock: Clock, ids: Ids, public_url: str, title: str
    ) -> None:
        self.store = store
        self.title = title
        self.public_url = public_url.rstrip("/")
        self._clock = clock
        self._ids = ids

    async def write(
        self, *, name: str, text: str, visitor: str, parent_id: str | None = None
    ) -> Entry:
        """A visitor (known by the secret of a cookie) comments, or answers a comment.

        Raises:
            Unfit: empty or too long; says which.
            NotFound, Gone: the comment to answer.
        """
        name, text = _fit(name, "your name", NAME_CHARACTERS), _fit(text, "a text", TEXT_CHARACTERS)
        parent = None if parent_id is None else await self._answerable(parent_id)
        digest = digest_of(visitor)
        comment = self._comment(text, EventAuthor(id=f"v-{digest[:16]}", name=name), parent)
        return await self.store.add(
            comment, made_by=VISITOR, now=comment.published_at, visitor=digest
        )

    async def edit(self, comment_id: str, text: str, visitor: str) -> Entry:
        """The visitor changes an own comment. Raises Unfit, NotFound (also if it is another's)."""
        entry = await self.own(comment_id, visitor)
        fit = _fit(text, "a text", TEXT_CHARACTERS)
        if fit != entry.comment.text:
            await self._change(entry, {"kind": Kind.EDITED, "text": fit})
        return entry

    async def delete(self, comment_id: str, visitor: str) -> Entry:
        """The visitor deletes an own comment. Raises NotFound (also if it is another's)."""
        entry = await self.own(comment_id, visitor)
        await self._change(entry, {"kind": Kind.DELETED, "text": ""})
        return entry

    async def own(self, comment_id: str, visitor: str) -> Entry:
        """A comment that this visitor may change. Raises NotFound."""
        entry = await self.store.find(comment_id)
        if entry is None or entry.is_deleted or not is_by(entry, visitor):
            raise NotFound(what="comment of yours", name=comment_id[:64])
        return entry

    async def reply(
        self, *, key: str, parent_id: str, text: str, name: str, is_held: bool = False
    ) -> tuple[Entry, bool]:
        """Our reply; the second value says whether it is new.

        Raises:
            NotFound: the comment is not here. Nothing was made.
            Gone: it was deleted. Nothing was made.
            KeyReused: the key made another reply.
        """
        standing = await self.store.by_key(key)
        if standing is None:
            parent = await self._answerable(parent_id)
            comment = self._comment(text, EventAuthor(id=OWN_AUTHOR_ID, name=name), parent)
            entry = await self.store.add(
                comment,
                made_by=US,
                now=comment.published_at,
                idempotency_key=key,
                is_held=is_held,
            )
            is_new = entry.comment.comment_id == comment.comment_id
        else:
            entry, is_new = standing, False
        if entry.comment.text != text or entry.comment.parent_id != parent_id:
            raise KeyReused
        return entry, is_new

    async def enter(self, comment: EngagementReceived) -> None:
        """Show what reached Responder another way. What was made here is never touched."""
        now = self._clock.now()
        if comment.kind is Kind.CREATED:
            await self.store.add(comment, made_by=ENTERED, now=now)
            return
        standing = await self.store.find(comment.comment_id)
        if standing is None and comment.kind is Kind.EDITED:
            await self.store.add(comment, made_by=ENTERED, now=now)
        elif standing is not None and not _is_older(comment, standing.comment):
            await self.store.change(comment, made_by=ENTERED, now=now)

    async def branch_of(self, comment_id: str) -> Branch | None:
        """The branch a comment stands in, if the public may see it."""
        entry = await self.store.find(comment_id)
        if entry is None or entry.is_held:
            return None
        return _shown(await self.store.branch(entry.root_id))

    async def branches(
        self, *, before: int | None, limit: int
    ) -> tuple[tuple[Branch, ...], int | None]:
        """One page of branches, the newest first, and where the next one begins."""
        roots = await self.store.roots(before=before, limit=limit + 1)
        branches = [
            _shown(await self.store.branch(root.comment.comment_id)) for root in roots[:limit]
        ]
        following = roots[limit - 1].position if len(roots) > limit else None
        return tuple(branch for branch in branches if branch is not None), following

    def permalink(self, comment_id: str) -> str:
        return f"{self.public_url}/comment?{urlencode({'id': comment_id})}"

    def _comment(self, text: str, author: EventAuthor, parent: Entry | None) -> EngagementReceived:
        name = self._ids.uuid().hex
        above = None if parent is None else parent.comment
        return EngagementReceived(
            comment_id=name,
            thread_id=name if above is None else above.thread_id,
            root_id=name if above is None or parent is None else parent.root_id,
            parent_id=None if above is None else above.comment_id,
            text=text,
            author=author,
            published_at=self._clock.now(),
            permalink=self.permalink(name),
            page=EventPage(url=f"{self.public_url}/", title=self.title),
        )

    async def _change(self, entry: Entry, update: dict[str, object]) -> None:
        now = self._clock.now()
        changed = entry.comment.model_copy(update={**update, "edited_at": now})
        await self.store.change(changed, made_by=entry.made_by, now=now)

    async def _answerable(self, comment_id: str) -> Entry:
        parent = await self.store.find(comment_id)
        if parent is None:
            raise NotFound(what="comment", name=comment_id[:64])
        if parent.is_deleted:
            raise Gone
        return parent


def digest_of(visitor: str) -> str:
    return hashlib.sha256(visitor.encode()).hexdigest()


def is_by(entry: Entry, visitor: str) -> bool:
    return entry.visitor is not None and entry.visitor == digest_of(visitor)


def _shown(entries: Sequence[Entry]) -> Branch | None:
    """Without what is held, and without a deleted root that nobody answered."""
    standing = [entry for entry in entries if not entry.is_held]
    if not standing or standing[0].root_id != standing[0].comment.comment_id:
        return None
    root, *below = standing
    answers = tuple(entry for entry in below if not entry.is_deleted)
    return None if root.is_deleted and not answers else Branch(root, answers)


def _is_older(comment: EngagementReceived, standing: EngagementReceived) -> bool:
    if comment.edited_at is None or standing.edited_at is None:
        return False
    return comment.edited_at < standing.edited_at


def _fit(value: str, what: str, limit: int) -> str:
    """As it is kept: one kind of line end, trimmed, without NUL."""
    text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd").strip()
    if not text:
        raise Unfit(why=f"Please write {what}.")
    if len(text) > limit:
        raise Unfit(why=f"Please shorten {what}: {len(text)} characters, {limit} fit.")
    return text
