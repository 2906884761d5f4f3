"""What we remember of an Isso site between two polls, and what a new reading of a page means.

Pure. A time cursor would miss what Isso does: a comment that was activated late appears with its old
time, a moderator's edit sets no time, a deleted comment just is not there. So ids are compared over
a window: each comment that is younger than the window is remembered with what it looked like.

A comment is *deleted* when Isso says so (mode 4), or when it was missing from two readings of its
page that are `ABSENCES_APART_SECONDS` apart and Isso then says that the id does not exist.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from responder.engagement.model import Kind
from responder.platforms.isso.wire import DELETED, IssoComment

WINDOW_SECONDS = 30 * 86_400.0
"""As long as Isso keeps a held comment by default (`purge-after`)."""
MOST_REMEMBERED = 5_000
FIRST_LIMIT = 200
ABSENCES_APART_SECONDS = 30.0
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One comment as we last saw it."""

    id: int
    uri: str
    parent: int | None
    created: float
    author: str
    text: str
    """A digest of what was written, and when it was edited."""
    listed: str = ""
    """A digest of how `/latest` showed it, which is HTML: it only tells that something changed."""
    missed_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something happened to a comment. Of a deleted one only what we remember is left."""

    kind: Kind
    comment: IssoComment


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    since: float
    """Comments older than this are not new to us, whenever they appear."""
    seen: Mapping[int, Seen] = field(default_factory=dict)
    limit: int = FIRST_LIMIT
    """How many comments `/latest` was asked for, the last time that it was enough."""
    turn: int = 0
    """Which page comes next, where pages are read in turn."""

    def pages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.uri for each in self.seen.values()))

    def pages_to_read(self, listed: Sequence[IssoComment]) -> tuple[str, ...]:
        """The pages on which a complete `/latest` shows a difference."""
        known = {each.id: each for each in listed}
        changed = (
            each.uri
            for each in listed
            if each.created >= self.since and self._listed_as(each.id) != listing_digest(each)
        )
        missing = (each.uri for each in self.seen.values() if each.id not in known)
        return tuple(dict.fromkeys((*changed, *missing)))

    def read(
        self, uri: str, tree: Sequence[IssoComment], now: float
    ) -> tuple["Window", tuple[Change, ...], tuple[int, ...]]:
        """What a complete reading of a page says.

        Returns:
            The window after it, what happened, and the ids of which Isso is to be asked whether
            they still exist.
        """
        before = {key: seen for key, seen in self.seen.items() if seen.uri == uri}
        there = {each.id: each for each in tree if each.mode != DELETED}
        deleted = {each.id: each for each in tree if each.mode == DELETED and each.id in before}
        gone = [seen for key, seen in before.items() if key not in there and key not in deleted]
        after = {key: seen for key, seen in self.seen.items() if key not in deleted}
        for seen in gone:
            missed_at = now if seen.missed_at is None else seen.missed_at
            after[seen.id] = replace(seen, missed_at=missed_at)
        for each in there.values():
            if each.created >= self.since:
                after[each.id] = _remember(each, self.seen.get(each.id))
        changes = (*self._changes(there.values()), *_deletions(deleted.values()))
        ask = tuple(seen.id for seen in gone if _is_missed_again(seen, now))
        return replace(self, seen=after), changes, ask

    def settle(
        self, comment_id: int, *, exists: bool, now: float
    ) -> tuple["Window", tuple[Change, ...]]:
        """Isso's own word on a comment that was missing twice."""
        seen = self.seen[comment_id]
        if exists:
            return self._with(replace(seen, missed_at=now)), ()
        rest = {key: value for key, value in self.seen.items() if key != comment_id}
        return replace(self, seen=rest), (Change(kind=Kind.DELETED, comment=_remembered(seen)),)

    def listed(self, listed: Sequence[IssoComment], pages: Iterable[str]) -> "Window":
        """Remember how `/latest` showed the pages that were read since."""
        read = frozenset(pages)
        shown = {each.id: listing_digest(each) for each in listed if each.uri in read}
        return replace(
            self,
            seen={
                key: replace(each, listed=shown.get(key, each.listed))
                for key, each in self.seen.items()
            },
        )

    def moved_to(self, now: float) -> "Window":
        """Forget what is too old to change unseen, or too much."""
        since = max(self.since, now - WINDOW_SECONDS)
        young = sorted(each.created for each in self.seen.values() if each.created >= since)
        if len(young) > MOST_REMEMBERED:
            since = young[-MOST_REMEMBERED]
        kept = {key: each for key, each in self.seen.items() if each.created >= since}
        return replace(self, since=since, seen=kept)

    def dump(self) -> str:
        pages: dict[str, list[tuple[object, ...]]] = {}
        for each in self.seen.values():
            row = (each.id, each.parent, each.created, each.author, each.text, each.listed)
            pages.setdefault(each.uri, []).append((*row, each.missed_at))
        head = {"v": _FORMAT, "since": self.since, "limit": self.limit, "turn": self.turn}
        return json.dumps({**head, "pages": pages}, separators=(",", ":"))

    def _with(self, seen: Seen) -> "Window":
        return replace(self, seen={**self.seen, seen.id: seen})

    def _listed_as(self, comment_id: int) -> str | None:
        seen = self.seen.get(comment_id)
        return None if seen is None else seen.listed

    def _changes(self, comments: Iterable[IssoComment]) -> Iterator[Change]:
        for each in comments:
            kind = self._kind_of(each)
            if kind is not None:
                yield Change(kind=kind, comment=each)

    def _kind_of(self, comment: IssoComment) -> Kind | None:
        seen = self.seen.get(comment.id)
        if seen is None:
            return Kind.CREATED if comment.created >= self.since else None
        return None if seen.text == text_digest(comment) else Kind.EDITED


def load(cursor: str | None, *, now: float, backfill_seconds: float) -> Window:
    """The window that a cursor holds; without one, a new one that starts `backfill_seconds` ago.

    A cursor that cannot be read starts anew too: what is read again is absorbed by its ids.
    """
    fresh = Window(since=now - backfill_seconds)
    if cursor is None:
        return fresh
    try:
        data = json.loads(cursor)
        if data["v"] != _FORMAT:
            return fresh
        seen = {
            row[0]: Seen(
                id=row[0],
                uri=uri,
                parent=row[1],
                created=row[2],
                author=row[3],
                text=row[4],
                listed=row[5],
                missed_at=row[6],
            )
            for uri, rows in data["pages"].items()
            for row in rows
        }
        return Window(since=data["since"], limit=data["limit"], turn=data["turn"], seen=seen)
    except (ValueError, KeyError, TypeError, IndexError):
        return fresh


def _deletions(comments: Iterable[IssoComment]) -> Iterator[Change]:
    return (Change(kind=Kind.DELETED, comment=each) for each in comments)


def text_digest(comment: IssoComment) -> str:
    return _digest(comment.text, repr(comment.modified))


def listing_digest(comment: IssoComment) -> str:
    return _digest(comment.text, repr(comment.modified), comment.author)


def _digest(*parts: str) -> str:
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _is_missed_again(seen: Seen, now: float) -> bool:
    return seen.missed_at is not None and now - seen.missed_at >= ABSENCES_APART_SECONDS


def _remember(comment: IssoComment, before: Seen | None) -> Seen:
    return Seen(
        id=comment.id,
        uri=comment.uri,
        parent=comment.parent,
        created=comment.created,
        author=comment.hash,
        text=text_digest(comment),
        listed="" if before is None else before.listed,
    )


def _remembered(seen: Seen) -> IssoComment:
    return IssoComment(
        id=seen.id,
        parent=seen.parent,
        created=seen.created,
        modified=None,
        mode=DELETED,
        author="",
        text="",
        hash=seen.author,
        uri=seen.uri,
    )
