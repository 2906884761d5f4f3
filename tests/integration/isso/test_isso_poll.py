"""Polling a real Isso: nothing is missed, nothing is taken for deleted that is not."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from responder.adapters.system import SystemClock
from responder.engagement.errors import Unavailable
from responder.engagement.events import EngagementReceived
from responder.engagement.model import Kind, Via
from responder.platforms.isso.polling import IssoPoll
from responder.platforms.isso.window import Window, load
from responder.platforms.isso.wire import IssoApi, author_id
from responder.testing.isso import IssoServer
from responder.testing.loopback import loopback_http


class _Later(SystemClock):
    """Real time, and what the test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    @override
    def now(self) -> datetime:
        return super().now() + self.ahead


class _Reader:
    """Polls as the reconciler does, and keeps the cursor."""

    def __init__(self, poll: IssoPoll, clock: _Later) -> None:
        self._poll = poll
        self.clock = clock
        self.cursor: str | None = None
        self.note = ""

    async def read(self, budget: int = 50) -> list[EngagementReceived]:
        events: list[EngagementReceived] = []
        while True:
            page = await self._poll.poll(self.cursor, budget)
            self.cursor, self.note = page.cursor, page.note
            events += [event for event in page.events if isinstance(event, EngagementReceived)]
            if not page.has_more:
                return events

    async def changes(self, budget: int = 50) -> list[tuple[Kind, str, str]]:
        return [(each.kind, each.comment_id, each.text) for each in await self.read(budget)]


@asynccontextmanager
async def reading(server: IssoServer, *pages: str) -> AsyncIterator[_Reader]:
    clock = _Later()
    http = loopback_http(server.url)
    api = IssoApi(http=http, clock=clock, url=server.url, site="https://blog.example")
    yield _Reader(IssoPoll(api=api, clock=clock, pages=pages, first_limit=4), clock)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    with IssoServer(tmp_path_factory.mktemp("isso"), guard=False) as server:
        yield server


@pytest.fixture
def server(running: IssoServer) -> IssoServer:
    running.forget()
    return running


async def test_what_stood_there_before_the_first_reading_is_marked_as_such(
    server: IssoServer,
) -> None:
    pages = ("/a/", "/b/", "/c/")
    made = [server.comment(page, f"Written on {page} before that.") for page in pages]
    async with reading(server) as reader:
        first = await reader.read(budget=2)  # too little for all three pages
        server.comment("/a/", "Written after that.")
        then = await reader.read()
        server.edit(made[0].id, "Edited by now.")
        last = await reader.read()
    assert {each.via for each in first} == {Via.BACKFILL}
    by_text = {each.text: each.via for each in (*first, *then, *last)}
    assert len(by_text) == 5
    assert [text for text, via in by_text.items() if via is Via.POLL] == [
        "Written after that.",
        "Edited by now.",
    ]


async def test_a_comment_comes_as_it_was_written(server: IssoServer) -> None:
    made = server.comment("/hello/", "Does it *run* on <ARM> & co?", author="Ann & <Bob>")
    async with reading(server) as reader:
        [event] = await reader.read()
    assert event.text == "Does it *run* on <ARM> & co?"
    assert (event.author.name, event.author.id) == ("Ann & <Bob>", author_id("127.0.0.0"))
    assert (event.comment_id, event.thread_id, event.root_id) == (made.key, "/hello/", made.key)
    assert event.permalink == f"https://blog.example/hello/#isso-{made.id}"
    assert abs(event.published_at - SystemClock().now()) < timedelta(minutes=1)


async def test_what_was_read_once_does_not_come_again(server: IssoServer) -> None:
    server.comment("/hello/", "Does it run?")
    async with reading(server) as reader:
        first = await reader.read()
        assert len(first) == 1
        assert await reader.read() == []


@pytest.mark.promise(8)
async def test_a_new_question_behind_many_replies_is_found(server: IssoServer) -> None:
    root = server.comment("/busy/", "First!").id
    for number in range(20):
        server.comment("/busy/", f"reply {number}", parent=root)
    async with reading(server) as reader:
        assert len(await reader.read()) == 21
        question = server.comment("/quiet/", "Is anybody there?").key
        assert await reader.changes() == [(Kind.CREATED, question, "Is anybody there?")]


async def test_nested_replies_belong_to_the_root_of_their_branch(server: IssoServer) -> None:
    root = server.comment("/hello/", "one of us")
    reply = server.comment("/hello/", "two of us", parent=root.id)
    nested = server.comment("/hello/", "three of us", parent=reply.id)
    async with reading(server) as reader:
        branch = {
            event.comment_id: (event.root_id, event.parent_id) for event in await reader.read()
        }
    assert branch[nested.key] == (root.key, root.key)


async def test_an_edit_is_seen_once(server: IssoServer) -> None:
    made = server.comment("/hello/", "Does it run?")
    async with reading(server) as reader:
        await reader.read()
        server.edit(made.id, "Does it run on ARM?")
        assert await reader.changes() == [(Kind.EDITED, made.key, "Does it run on ARM?")]
        assert await reader.read() == []


async def test_a_moderators_edit_which_sets_no_time_is_seen(server: IssoServer) -> None:
    made = server.comment("/hello/", "Does it run, you fools?")
    async with reading(server) as reader:
        await reader.read()
        server.moderate_text(made.id, "Does it run?")
        assert await reader.changes() == [(Kind.EDITED, made.key, "Does it run?")]


async def test_a_comment_activated_late_is_found(tmp_path: Path) -> None:
    with IssoServer(tmp_path, guard=False, moderated=True) as server:
        held = server.comment("/hello/", "Held for days", ago=5 * 86_400)
        other = server.comment("/hello/", "Shown at once")
        server.activate(other.id)
        async with reading(server) as reader:
            assert await reader.changes() == [(Kind.CREATED, other.key, "Shown at once")]
            server.activate(held.id)
            assert await reader.changes() == [(Kind.CREATED, held.key, "Held for days")]


async def test_a_deletion_needs_two_absences_apart_and_isso_s_own_word(server: IssoServer) -> None:
    server.comment("/hello/", "stays there")
    made = server.comment("/hello/", "goes away")
    async with reading(server) as reader:
        await reader.read()
        server.delete(made.id)
        assert await reader.read() == []
        assert await reader.read() == []
        reader.clock.ahead += timedelta(minutes=1)
        [event] = await reader.read()
        assert (event.kind, event.comment_id) == (Kind.DELETED, made.key)
        assert event.author.id == author_id("127.0.0.0")
        reader.clock.ahead += timedelta(minutes=1)
        assert await reader.read() == []


async def test_a_comment_that_is_only_hidden_is_not_taken_for_deleted(server: IssoServer) -> None:
    made = server.comment("/hello/", "hidden by hand")
    async with reading(server) as reader:
        await reader.read()
        server.hide(made.id)
        for _ in range(3):
            assert await reader.read() == []
            reader.clock.ahead += timedelta(minutes=1)


async def test_a_deleted_root_with_replies_is_told_at_once(server: IssoServer) -> None:
    root = server.comment("/hello/", "one of us")
    server.comment("/hello/", "two of us", parent=root.id)
    async with reading(server) as reader:
        await reader.read()
        server.delete(root.id)
        assert await reader.changes() == [(Kind.DELETED, root.key, "")]
        assert await reader.read() == []


async def test_an_id_that_is_given_away_again_hides_nobody(server: IssoServer) -> None:
    spam = server.comment("/hello/", "Buy this!")
    async with reading(server) as reader:
        await reader.read()
        server.delete(spam.id)
        question = server.comment("/hello/", "Does it run?")
        assert question.id == spam.id
        assert set(await reader.changes()) == {
            (Kind.DELETED, spam.key, ""),
            (Kind.CREATED, question.key, "Does it run?"),
        }


@pytest.mark.promise(8)
async def test_a_server_that_is_away_deletes_nothing(server: IssoServer) -> None:
    server.comment("/hello/", "still here")
    async with reading(server) as reader:
        await reader.read()
        server.kill()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await reader.read()
            reader.clock.ahead += timedelta(minutes=1)
        server.start()
        assert await reader.read() == []


async def test_a_small_budget_takes_longer_and_loses_nothing(server: IssoServer) -> None:
    texts = {f"question {number}" for number in range(7)}
    for number, text in enumerate(sorted(texts)):
        server.comment(f"/page-{number}/", text)
    async with reading(server) as reader:
        events = await reader.read(budget=3)
    assert {event.text for event in events} == texts
    assert len(events) == len(texts)


async def test_without_latest_the_named_pages_are_read(tmp_path: Path) -> None:
    with IssoServer(tmp_path, guard=False, latest=False) as server:
        server.comment("/known/", "Seen")
        server.comment("/unknown/", "Not seen")
        async with reading(server, "/known/") as reader:
            assert [text for _, _, text in await reader.changes()] == ["Seen"]
            assert "latest-enabled is off" in reader.note
            assert await reader.read() == []


async def test_without_latest_and_pages_the_setting_to_change_is_named(tmp_path: Path) -> None:
    with IssoServer(tmp_path, guard=False, latest=False) as server:
        async with reading(server) as reader:
            with pytest.raises(Unavailable, match="latest-enabled = true"):
                await reader.read()


async def test_the_first_reading_goes_back_a_week(server: IssoServer) -> None:
    server.comment("/hello/", "long ago", ago=8 * 86_400)
    recent = server.comment("/hello/", "of this week", ago=6 * 86_400)
    async with reading(server) as reader:
        assert [number for _, number, _ in await reader.changes()] == [recent.key]


@given(
    st.none() | st.text() | st.sampled_from(["{}", "[]", '{"v":1}', '{"v":1,"pages":{"/":[[1]]}}'])
)
def test_a_cursor_that_cannot_be_read_starts_anew(cursor: str | None) -> None:
    assert load(cursor, Window(since=7.0)) == Window(since=7.0)
