from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.bounds import fitted
from responder.engagement.errors import RateLimited, Unavailable
from responder.engagement.events import TEXT_LIMIT_BYTES, EngagementReceived, Event, EventAuthor
from responder.engagement.model import SourceId
from responder.reconcile.enter import Enter
from responder.reconcile.ports import PolledPage
from responder.reconcile.service import Pass, Reconcile, event_of
from responder.testing.clock import EPOCH

BLOG = SourceId("blog")


def comment(number: int) -> EngagementReceived:
    return EngagementReceived(
        comment_id=str(number),
        text=f"comment {number}",
        author=EventAuthor(id="ann", name="Ann"),
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class _Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return EPOCH

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError(seconds)


class _Site:
    """A place with `size` comments, one a page, that fails when told."""

    def __init__(self, size: int, *, fails_at: int | None = None) -> None:
        self.size = size
        self.fails_at = fails_at
        self.error: Unavailable | RateLimited = Unavailable(what="the blog", why="it is off")

    async def poll(self, cursor: str | None, budget: int) -> PolledPage:
        assert budget > 0
        number = int(cursor or 0)
        if number == self.fails_at:
            self.fails_at = None
            raise self.error
        events = (comment(number),) if number < self.size else ()
        following = min(number + 1, self.size)
        return PolledPage(events=events, cursor=str(following), has_more=following < self.size)


class _Shelf:
    """Cursors and the log, which refuses its `refuses_at`-th call once."""

    def __init__(self, *, refuses_at: int | None = None) -> None:
        self.cursor: str | None = None
        self.notes: list[tuple[bool, str]] = []
        self.log: list[Event] = []
        self._refuses_at = refuses_at
        self._calls = 0

    async def load(self, source: SourceId) -> str | None:
        assert source == BLOG
        return self.cursor

    async def save(self, source: SourceId, cursor: str) -> None:
        assert source == BLOG
        self.cursor = cursor

    async def note(self, source: SourceId, *, ok: bool, note: str) -> None:
        assert source == BLOG
        self.notes.append((ok, note))

    async def publish(self, events: Sequence[Event]) -> None:
        self._calls += 1
        if self._calls - 1 == self._refuses_at:
            raise Unavailable(what="the log", why="it is off")
        self.log.extend(events)


def reconcile(site: _Site, shelf: _Shelf, *, pages: int = 20) -> Reconcile:
    return Reconcile(platforms={BLOG: site}, cursors=shelf, sink=shelf, clock=_Still(), pages=pages)


async def test_everything_is_read_to_the_end() -> None:
    shelf = _Shelf()
    passed = await reconcile(_Site(3), shelf).pass_once(BLOG)
    assert passed == Pass(published=3)
    assert [event.subject for event in shelf.log] == ["0", "1", "2"]
    assert shelf.notes == [(True, "")]


async def test_an_event_carries_the_id_that_a_webhook_would_have_given_it() -> None:
    shelf = _Shelf()
    await reconcile(_Site(1), shelf).pass_once(BLOG)
    [event] = shelf.log
    assert event.id == comment(0).event_id("blog")
    assert event.time == comment(0).published_at
    assert isinstance(event.data, EngagementReceived)
    assert event.data.observed_at == EPOCH


def test_a_text_that_is_too_long_is_cut_before_its_id_is_derived_as_in_a_push() -> None:
    long = comment(0).model_copy(update={"text": "a" * (TEXT_LIMIT_BYTES + 1)})
    event = event_of(long, BLOG, EPOCH)
    assert event.id == fitted(long).event_id("blog")
    assert event.id != long.event_id("blog")


async def test_a_log_that_refuses_leaves_the_cursor_where_it_was() -> None:
    shelf = _Shelf(refuses_at=1)
    service = reconcile(_Site(3), shelf)
    passed = await service.pass_once(BLOG)
    assert (passed.is_ok, passed.published, shelf.cursor) == (False, 1, "1")
    assert shelf.notes == [(False, "the log is not available: it is off")]
    await service.pass_once(BLOG)
    assert [event.subject for event in shelf.log] == ["0", "1", "2"]


async def test_a_place_that_asks_for_a_pause_is_heard() -> None:
    site = _Site(3, fails_at=1)
    site.error = RateLimited(what="the blog", after_seconds=90)
    passed = await reconcile(site, _Shelf()).pass_once(BLOG)
    assert (passed.is_ok, passed.wait_seconds) == (False, 90)


async def test_a_pass_ends_and_the_next_goes_on() -> None:
    shelf = _Shelf()
    service = reconcile(_Site(5), shelf, pages=2)
    passes = [await service.pass_once(BLOG) for _ in range(3)]
    assert [(each.published, each.is_whole) for each in passes] == [
        (2, False),
        (2, False),
        (1, True),
    ]


@given(
    size=st.integers(0, 8),
    fails_at=st.none() | st.integers(0, 8),
    refuses_at=st.none() | st.integers(0, 8),
    pages=st.integers(1, 4),
)
@pytest.mark.promise(8)
async def test_whatever_fails_every_comment_reaches_the_log_in_order(
    size: int, fails_at: int | None, refuses_at: int | None, pages: int
) -> None:
    shelf = _Shelf(refuses_at=refuses_at)
    service = reconcile(_Site(size, fails_at=fails_at), shelf, pages=pages)
    for _ in range(size + 3):
        await service.pass_once(BLOG)
    assert [event.subject for event in shelf.log] == [str(number) for number in range(size)]


class _Wall:
    def __init__(self) -> None:
        self.entered: list[str] = []

    async def enter(self, comment: EngagementReceived) -> None:
        self.entered.append(comment.comment_id)


async def test_only_the_comments_of_a_place_are_entered_there() -> None:
    wall = _Wall()
    enter = Enter({BLOG: wall})
    for source in (BLOG, "forum"):
        data = comment(7)
        await enter.handle(
            Event.of(data, event_id=data.event_id(source), source=source, subject="7", time=EPOCH)
        )
    assert wall.entered == ["7"]
