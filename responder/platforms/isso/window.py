"""What we remember of an Isso site between two polls, and what a new reading of a page means.

Pure. A time cursor would miss what Isso does: a comment that was activated late appears with its old
time, a moderator's edit sets no time, a deleted comment just is not there. So ids are compared over
a window: each comment that is younger than the window is remembered with what it looked like.

A comment is *deleted* when Isso says so (mode 4), when its id was given to another, or when it was
missing from two readings of its page that are `ABSENCES_APART_SECONDS` apart and Isso then says that
the id does not exist.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

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
    parent_key: str | None
    created: float
    author: str
    text: str
    """A digest of what was written, and when it was edited."""
    listed: str = ""
    """A digest of how `/latest` showed it, which is HTML: it only tells that something changed."""
    missed_at: float | None = None

    def as_deleted(self) -> IssoComment:
        return IssoComment(
            id=self.id,
            parent=None,
            parent_key=self.parent_key,
            created=self.created,
            modified=None,
            mode=DELETED,
            author="",
            text="",
            hash=self.author,
            uri=self.uri,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something happened to a comment. Of a deleted one only what we remember is left."""

    kind: Kind
    comment: IssoComment


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    since: float
    """Comments older than this are not new to us, whenever they appear."""
    seen: Mapping[str, Seen] = field(default_factory=dict)
    limit: int = FIRST_LIMIT
    """How many comments `/latest` was asked for, the last time that it was enough."""
    connected: float = 0.0
    """When the site was first read: what was written before that was not written to us."""
    turn: int = 0
    """Which page comes next, where pages are read in turn."""

    def pages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.uri for each in self.seen.values()))

    def pages_to_read(self, listed: Sequence[IssoComment]) -> tuple[str, ...]:
        """The pages on which a complete `/latest` shows a difference."""
        known = {each.key for each in listed}
        changed = (
            each.uri
            for each in listed
            if each.created >= self.since and self._listed_as(each.key) != listing_digest(each)
        )
        missing = (seen.uri for key, seen in self.seen.items() if key not in known)
        return tuple(dict.fromkeys((*changed, *missing)))

    def read(
        self, uri: str, tree: Sequence[IssoComment], now: float
    ) -> tuple["Window", tuple[Change, ...], tuple[str, ...]]:
        """What a complete reading of a page says.

        Returns:
            The window after it, what happened, and the keys of which Isso is to be asked whether
            they still exist.
        """
        there = {each.key: each for each in tree if each.mode != DELETED}
        missing = {key for key, seen in self.seen.items() if seen.uri == uri and key not in there}
        deleted = self._displaced(tree) | (missing & {each.key for each in tree})
        missing -= deleted
        changes = [*self._changes(there.values()), *(_deleted(self.seen[key]) for key in deleted)]
        after = {key: seen for key, seen in self.seen.items() if key not in deleted}
        after |= {key: _missed(self.seen[key], now) for key in missing}
        after |= {
            key: _remember(each, self.seen.get(key))
            for key, each in there.items()
            if each.created >= self.since
        }
        ask = tuple(key for key in missing if _is_missed_again(self.seen[key], now))
        return replace(self, seen=after), tuple(changes), ask

    def settle(self, key: str, *, exists: bool, now: float) -> tuple["Window", tuple[Change, ...]]:
        """Isso's own word on a comment that was missing twice."""
        seen = self.seen[key]
        rest = {other: each for other, each in self.seen.items() if other != key}
        if exists:
            return replace(self, seen={**rest, key: replace(seen, missed_at=now)}), ()
        return replace(self, seen=rest), (_deleted(seen),)

    def listed(self, listed: Sequence[IssoComment], pages: Iterable[str]) -> "Window":
        """Remember how `/latest` showed the pages that were read since."""
        read = frozenset(pages)
        shown = {each.key: listing_digest(each) for each in listed if each.uri in read}
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
            row = (each.id, each.parent_key, each.created, each.author, each.text, each.listed)
            pages.setdefault(each.uri, []).append((*row, each.missed_at))
        head = {"v": _FORMAT, "since": self.since, "limit": self.limit, "turn": self.turn}
        rest = {"connected": self.connected, "pages": pages}
        return json.dumps(head | rest, separators=(",", ":"))

    def _displaced(self, tree: Sequence[IssoComment]) -> set[str]:
        """Comments, on whichever page, whose id a later one on this page has now."""
        holders = {each.id: each.created for each in tree}
        return {key for key, seen in self.seen.items() if holders.get(seen.id, 0.0) > seen.created}

    def _listed_as(self, key: str) -> str | None:
        seen = self.seen.get(key)
        return None if seen is None else seen.listed

    def _changes(self, comments: Iterable[IssoComment]) -> Iterator[Change]:
        for each in comments:
            kind = self._kind_of(each)
            if kind is not None:
                yield Change(kind=kind, comment=each)

    def _kind_of(self, comment: IssoComment) -> Kind | None:
        seen = self.seen.get(comment.key)
        if seen is None:
            return Kind.CREATED if comment.created >= self.since else None
        return None if seen.text == text_digest(comment) else Kind.EDITED


def load(cursor: str | None, fresh: Window) -> Window:
    """The window that a cursor holds; `fresh` without one.

    A cursor that cannot be read starts anew too: what is read again is absorbed by its ids.
    """
    if cursor is None:
        return fresh
    try:
        data = json.loads(cursor)
        if data["v"] != _FORMAT:
            return fresh
        remembered = [_row(uri, row) for uri, rows in data["pages"].items() for row in rows]
        seen = {each.as_deleted().key: each for each in remembered}
        return Window(
            since=data["since"],
            limit=data["limit"],
            turn=data["turn"],
            connected=data.get("connected", 0.0),
            seen=seen,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return fresh


def text_digest(comment: IssoComment) -> str:
    return _digest(comment.text, repr(comment.modified))


def listing_digest(comment: IssoComment) -> str:
    return _digest(comment.text, repr(comment.modified), comment.author)


def _digest(*parts: str) -> str:
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _row(uri: str, row: Sequence[Any]) -> Seen:
    return Seen(
        id=row[0],
        uri=uri,
        parent_key=row[1],
        created=row[2],
        author=row[3],
        text=row[4],
        listed=row[5],
        missed_at=row[6],
    )


def _is_missed_again(seen: Seen, now: float) -> bool:
    return seen.missed_at is not None and now - seen.missed_at >= ABSENCES_APART_SECONDS


def _missed(seen: Seen, now: float) -> Seen:
    return replace(seen, missed_at=now if seen.missed_at is None else seen.missed_at)


def _deleted(seen: Seen) -> Change:
    return Change(kind=Kind.DELETED, comment=seen.as_deleted())


def _remember(comment: IssoComment, before: Seen | None) -> Seen:
    return Seen(
        id=comment.id,
        uri=comment.uri,
        parent_key=comment.parent_key,
        created=comment.created,
        author=comment.hash,
        text=text_digest(comment),
        listed="" if before is None else before.listed,
    )
