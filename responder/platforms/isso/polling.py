"""Isso as a place that is read: it has no webhook, so everything is found by polling."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from responder.engagement.errors import Unavailable
from responder.engagement.events import EngagementReceived, EventAuthor, EventPage
from responder.engagement.model import Kind, TextFormat, Via
from responder.engagement.ports import Clock
from responder.platforms.isso.window import FIRST_LIMIT, Change, Window, load
from responder.platforms.isso.wire import IssoApi, IssoComment, Unreadable
from responder.reconcile.ports import PolledPage

BACKFILL_DAYS = 7.0
_MOST_LISTED = 1 << 17
_GROWTH = 4
_LATEST_IS_OFF = "latest-enabled is off: only known pages are read, in turn"
_ID_CHARACTERS = 512
_URL = re.compile(r"https?://[^\s\x00-\x1f\x7f]{1,4000}")
_NAME_CHARACTERS = 1024


@dataclass(slots=True, kw_only=True)
class _Poll:
    """What one poll has spent and found so far."""

    window: Window
    budget: int
    now: float
    changes: list[Change] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


class IssoPoll:
    """The `PollPlatform` of one Isso site.

    With `latest-enabled` the site's own list says which pages changed; without it the pages named
    here and those known from before are read in turn.

    Args:
        pages: thread URIs that are read even if nothing points to them.
        backfill_days: how far back the first poll goes.
        first_limit: how many comments `/latest` is asked for at first.
    """

    def __init__(
        self,
        *,
        api: IssoApi,
        clock: Clock,
        pages: Sequence[str] = (),
        backfill_days: float = BACKFILL_DAYS,
        first_limit: int = FIRST_LIMIT,
    ) -> None:
        self._api = api
        self._clock = clock
        self._pages = tuple(pages)
        self._backfill_seconds = backfill_days * 86_400
        self._first_limit = first_limit

    async def poll(self, cursor: str | None, budget: int) -> PolledPage:
        """See `PollPlatform`. One poll reads `/latest` and then as many pages as fit."""
        now = self._clock.now().timestamp()
        fresh = Window(since=now - self._backfill_seconds, limit=self._first_limit, connected=now)
        poll = _Poll(window=load(cursor, fresh), budget=max(budget, 2), now=now)
        listed = await self._listed(poll)
        todo = self._in_turn(poll) if listed is None else poll.window.pages_to_read(listed)
        left = await self._read_pages(poll, todo)
        window = poll.window.listed(listed or (), poll.read).moved_to(now)
        return PolledPage(
            events=tuple(self._events(poll)),
            cursor=window.dump(),
            has_more=bool(left) and listed is not None,
            note="; ".join(poll.notes),
        )

    async def _listed(self, poll: _Poll) -> tuple[IssoComment, ...] | None:
        """All comments of the window, by `/latest`; None where that cannot be had.

        Its order puts each reply after every top-level comment, so a short list hides new
        questions behind old replies: it is long enough once it begins before the window.
        """
        limit = poll.window.limit
        while poll.budget > 1:
            poll.budget -= 1
            try:
                listed = await self._api.latest(limit)
            except Unreadable:
                poll.note("/latest is longer than we read: pages are read in turn")
                return None
            if listed is None:
                poll.note(_LATEST_IS_OFF)
                return None
            if len(listed) < limit or _begins_before(listed, poll.window.since):
                poll.window = replace(poll.window, limit=limit)
                return listed
            limit = min(limit * _GROWTH, _MOST_LISTED)
        poll.window = replace(poll.window, limit=limit)
        poll.note("/latest is long: known pages are read in turn, the next reading asks for more")
        return None

    def _in_turn(self, poll: _Poll) -> tuple[str, ...]:
        pages = tuple(dict.fromkeys((*self._pages, *poll.window.pages())))
        if not pages and _LATEST_IS_OFF in poll.notes:
            raise Unavailable(
                what="the list of pages",
                why="set latest-enabled = true in Isso's [general], or name the pages",
            )
        start = poll.window.turn % len(pages) if pages else 0
        following = (start + poll.budget) % len(pages) if pages else 0
        poll.window = replace(poll.window, turn=following)
        return (*pages[start:], *pages[:start])

    async def _read_pages(self, poll: _Poll, todo: Sequence[str]) -> tuple[str, ...]:
        """Read page by page while the budget lasts; what is left."""
        for number, uri in enumerate(todo):
            if poll.budget <= 0:
                return tuple(todo[number:])
            if not _is_an_id(uri):
                poll.note("a page's URI is too long or not printable: it is not read")
                continue
            poll.budget -= 1
            try:
                tree = await self._api.tree(uri)
            except Unreadable:
                poll.note("a page could not be read: its list is too long or not Isso's")
                continue
            await self._take(poll, uri, tree)
        return ()

    async def _take(self, poll: _Poll, uri: str, tree: tuple[IssoComment, ...]) -> None:
        poll.window, changes, ask = poll.window.read(uri, tree, poll.now)
        poll.changes += changes
        poll.read.append(uri)
        for key in ask[: poll.budget]:
            poll.budget -= 1
            exists = await self._api.exists(poll.window.seen[key].id)
            poll.window, gone = poll.window.settle(key, exists=exists, now=poll.now)
            poll.changes += gone

    def _events(self, poll: _Poll) -> Sequence[EngagementReceived]:
        ordered = sorted(poll.changes, key=lambda change: change.comment.created)
        return [self._event(change, poll.window.connected) for change in ordered]

    def _event(self, change: Change, connected: float) -> EngagementReceived:
        comment = change.comment
        is_older = change.kind is Kind.CREATED and comment.created < connected
        return EngagementReceived(
            kind=change.kind,
            comment_id=comment.key,
            thread_id=comment.uri,
            root_id=comment.parent_key or comment.key,
            parent_id=comment.parent_key,
            text=comment.text,
            text_format=TextFormat.MARKDOWN,
            author=EventAuthor(
                id=comment.hash if _is_an_id(comment.hash) else "unknown",
                name=(comment.author or "Anonymous")[:_NAME_CHARACTERS],
                url=_web(comment.website),
            ),
            published_at=comment.created_at,
            edited_at=comment.modified_at,
            permalink=_web(self._api.permalink(comment.uri, comment.id)),
            page=EventPage(url=_web(self._api.page_url(comment.uri)), title=_path(comment.uri)),
            via=Via.BACKFILL if is_older else Via.POLL,
        )


def _begins_before(listed: Sequence[IssoComment], since: float) -> bool:
    """Is the oldest top-level comment shown older than the window? Then no newer one is hidden."""
    return bool(listed) and listed[0].parent is None and listed[0].created < since


def _is_an_id(text: str) -> bool:
    return 0 < len(text) <= _ID_CHARACTERS and not any(c < " " or c == "\x7f" for c in text)


def _path(uri: str) -> str | None:
    """What people call the page by. Isso keeps titles, but its API tells none (0.14.0)."""
    try:
        path = unquote(urlsplit(uri).path, errors="replace")
    except ValueError:
        return None
    return path[:_ID_CHARACTERS] or None


def _web(url: str | None) -> str | None:
    """The URL if events may carry it."""
    return url if url is not None and _URL.fullmatch(url) is not None else None
