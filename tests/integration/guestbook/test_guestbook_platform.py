"""The guestbook as Responder meets it: pushed, read, entered, answered, lied to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook
from typing_extensions import override

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.guestbook import GUESTBOOK_SCHEMA_SQL, PostgresGuestbook
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.delivery.ports import AttemptOutcome, Posting, Preflight
from responder.engagement.errors import Unavailable
from responder.engagement.events import (
    TEXT_LIMIT_BYTES,
    EngagementReceived,
    EventAuthor,
    EventPage,
    read_data,
)
from responder.engagement.model import Kind
from responder.platforms.guestbook import OWN_AUTHOR_ID, GuestbookPlatform
from responder.platforms.signatures import sign_standard
from responder.testing.contracts.reply_platform import an_attempt
from responder.testing.guestbook import MemoryGuestbook
from responder.testing.loopback import loopback_http, serving
from responder.web.guestbook.app import guestbook_app
from responder.web.guestbook.faults import Faults, PushFault, ReplyFault
from responder.web.guestbook.push import Pusher
from responder.web.guestbook.store import GuestbookStore

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - a published example
TOKEN = "guestbook-token-9c1d"  # noqa: S105 - it opens nothing


class _Later(SystemClock):
    """Real time, and what the test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    @override
    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class _Gateway:
    """Where the guestbook pushes: keeps what a foreign library finds authentic."""

    is_away: bool = False
    received: list[tuple[str, EngagementReceived]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        event = Webhook(SECRET).verify(await request.read(), dict(request.headers))
        assert event["type"] == "engagement.received.v1"
        comment = EngagementReceived.model_validate(event["data"])
        self.received.append((request.headers["webhook-id"], comment))
        self.arrived.set()
        return web.Response(status=202)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(comment.kind.value, comment.text) for _, comment in self.received]


@dataclass
class _Run:
    """A guestbook with everything around it."""

    clock: "_Later"
    platform: GuestbookPlatform
    gateway: _Gateway
    pusher: Pusher
    faults: Faults
    url: str
    session: aiohttp.ClientSession

    async def write(self, text: str) -> str:
        """A visitor writes; the id of the comment."""
        fields = {"name": "Ann", "text": text}
        async with self.session.post(
            self.url + "/comments", data=fields, allow_redirects=False
        ) as answer:
            assert answer.status == 303
            return answer.headers["Location"].partition("id=")[2].partition("#")[0]

    async def page(self) -> str:
        async with self.session.get(self.url + "/") as answer:
            return await answer.text()

    async def polled(self, cursor: str | None = None) -> list[EngagementReceived]:
        events = (await self.platform.poll(cursor, 10)).events
        return [event for event in events if isinstance(event, EngagementReceived)]


@pytest.fixture
async def run() -> AsyncIterator[_Run]:
    async with open_run(MemoryGuestbook()) as opened:
        yield opened


@pytest.fixture
async def run_on_postgres(database: Dsn) -> AsyncIterator[_Run]:
    engine = make_engine(database.url())
    async with engine.begin() as tx:
        for statement in GUESTBOOK_SCHEMA_SQL:
            await tx.execute(text(statement))
    async with open_run(PostgresGuestbook(engine, ids=SystemIds(SystemClock()))) as opened:
        yield opened
    await engine.dispose()


@asynccontextmanager
async def open_run(store: GuestbookStore) -> AsyncIterator[_Run]:
    clock, gateway, faults = _Later(), _Gateway(), Faults(delay_seconds=0.01)
    inlet = web.Application()
    inlet.router.add_post("/in/guestbook/token", gateway.take)
    async with serving(inlet) as inlet_url:
        outbound = loopback_http(inlet_url)
        pusher = Pusher(
            store=store,
            http=outbound,
            clock=clock,
            random=SystemRandom(7),
            url=f"{inlet_url}/in/guestbook/token",
            sign=partial(sign_standard, SECRET),
            faults=faults,
        )
        app = guestbook_app(
            store=store,
            clock=clock,
            ids=SystemIds(clock),
            public_url="http://guestbook.example",
            api_token=TOKEN,
            pusher=pusher,
            faults=faults,
        )
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            serving(app) as url,
            aiohttp.ClientSession(cookie_jar=jar) as session,
        ):
            http = loopback_http(url)
            platform = GuestbookPlatform(
                http=http, clock=clock, url=url, token=TOKEN, post_as="The Team"
            )
            yield _Run(clock, platform, gateway, pusher, faults, url, session)


def attempt(text: str, comment_id: str, key: str = "key-1") -> Posting:
    return an_attempt(text, key=key, comment_id=comment_id, thread_id=comment_id)


def pushed_comment(name: str = "c-7", text: str = "By curl") -> EngagementReceived:
    return EngagementReceived(
        comment_id=name,
        text=text,
        author=EventAuthor(id="bob", name="Bob"),
        published_at=SystemClock().now(),
    )


async def test_on_postgresql_a_comment_goes_out_and_its_answer_comes_back(
    run_on_postgres: _Run,
) -> None:
    run = run_on_postgres
    name = await run.write("Does it run?")
    await run.platform.enter(pushed_comment())
    await run.pusher.push_due()
    assert run.gateway.told == [("created", "Does it run?")]
    answered = attempt("Yes.", name)
    posted = [await run.platform.reply(answered) for _ in range(2)]
    assert posted[0] == posted[1]
    await run.platform.reply(attempt("Welcome.", "c-7", key="key-2"))
    page = await run.page()
    assert [page.count(each) for each in ("By curl", "Yes.", "Welcome.")] == [1, 1, 1]
    assert [comment.text for comment in await run.polled()] == ["Does it run?", "Yes.", "Welcome."]


async def test_every_change_is_pushed_signed_and_in_order(run: _Run) -> None:
    name = await run.write("Does it run?")
    fields = {"id": name, "text": "Does it run on ARM?"}
    await run.session.post(run.url + "/edit", data=fields)
    await run.session.post(run.url + "/delete", data={"id": name})
    while await run.pusher.push_due():
        pass
    assert run.gateway.told == [
        ("created", "Does it run?"),
        ("edited", "Does it run on ARM?"),
        ("deleted", ""),
    ]
    [first, *_] = [comment for _, comment in run.gateway.received]
    assert (first.comment_id, first.author.name) == (name, "Ann")
    assert first.permalink == f"http://guestbook.example/comment?id={name}"


async def test_a_running_pusher_pushes_at_once(run: _Run) -> None:
    task = asyncio.create_task(run.pusher.run())
    await run.write("Hello")
    await asyncio.wait_for(run.gateway.arrived.wait(), 30)
    task.cancel()
    assert run.gateway.told == [("created", "Hello")]


async def test_what_the_gateway_did_not_take_is_pushed_again_under_the_same_id(run: _Run) -> None:
    await run.write("Hello")
    run.gateway.is_away = True
    assert await run.pusher.push_due() == 0
    run.gateway.is_away = False
    run.clock.ahead += timedelta(minutes=1)
    assert await run.pusher.push_due() == 1
    assert run.gateway.told == [("created", "Hello")]


async def test_what_is_pushed_twice_has_one_id(run: _Run) -> None:
    await run.write("Hello")
    run.faults.pushes.append(PushFault.REPEAT)
    await run.pusher.push_due()
    ids = [webhook_id for webhook_id, _ in run.gateway.received]
    assert ids == [ids[0], ids[0]]


async def test_a_lost_push_is_found_by_reading_with_the_same_event_id(run: _Run) -> None:
    await run.write("Pushed")
    await run.write("Lost")
    run.faults.pushes.extend([PushFault.NONE, PushFault.LOSE])
    await run.pusher.push_due()
    assert run.gateway.told == [("created", "Pushed")]
    read = await run.polled()
    assert [comment.text for comment in read] == ["Pushed", "Lost"]
    [(_, pushed)] = run.gateway.received
    assert pushed.event_id("guestbook") == read[0].event_id("guestbook")


async def test_the_feed_goes_on_where_it_was(run: _Run) -> None:
    await run.write("one")
    page = await run.platform.poll(None, 10)
    await run.write("two")
    assert [comment.text for comment in await run.polled(page.cursor)] == ["two"]
    assert (await run.platform.poll(page.cursor, 10)).has_more is False


async def test_a_comment_that_was_pushed_past_the_page_is_entered_on_it(run: _Run) -> None:
    for _ in range(2):
        await run.platform.enter(pushed_comment(text="By <curl>"))
    assert (await run.page()).count("By &lt;curl&gt;") == 1
    assert await run.polled() == []
    posted = await run.platform.reply(attempt("Welcome.", "c-7"))
    assert posted.outcome is AttemptOutcome.SENT
    assert "Welcome." in await run.page()


async def test_a_page_whose_database_is_away_charges_nothing_to_what_waits_for_it() -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:9/nothing")
    async with open_run(PostgresGuestbook(engine, ids=SystemIds(SystemClock()))) as run:
        with pytest.raises(Unavailable) as failed:
            await run.platform.enter(pushed_comment())
    assert not failed.value.counts_as_attempt
    await engine.dispose()


async def test_a_page_that_is_away_charges_nothing_to_what_waits_for_it(run: _Run) -> None:
    away = GuestbookPlatform(
        http=loopback_http("http://127.0.0.1:9"),
        clock=run.clock,
        url="http://127.0.0.1:9",
        token=TOKEN,
        post_as="The Team",
    )
    with pytest.raises(Unavailable) as failed:
        await away.enter(pushed_comment())
    assert not failed.value.counts_as_attempt


async def test_the_longest_comment_there_is_can_be_entered(run: _Run) -> None:
    longest = pushed_comment(text="\x01" * TEXT_LIMIT_BYTES)
    page = EventPage(text="\x01" * TEXT_LIMIT_BYTES)
    await run.platform.enter(longest.model_copy(update={"page": page, "raw": "x" * 500_000}))
    assert "Bob" in await run.page()


async def test_an_edit_and_a_deletion_of_an_entered_comment_follow(run: _Run) -> None:
    comment = pushed_comment(text="First words")
    await run.platform.enter(comment)
    edit = comment.model_copy(update={"kind": Kind.EDITED, "text": "Better words"})
    await run.platform.enter(edit)
    assert "Better words" in await run.page()
    await run.platform.enter(comment.model_copy(update={"kind": Kind.DELETED}))
    assert "words" not in await run.page()


async def test_what_a_visitor_made_is_not_changed_by_an_entry(run: _Run) -> None:
    name = await run.write("Mine")
    forged = pushed_comment(name, "Forged").model_copy(update={"kind": Kind.EDITED})
    await run.platform.enter(forged)
    await run.platform.enter(pushed_comment(name, "Forged"))
    page = await run.page()
    assert "Mine" in page
    assert "Forged" not in page


async def test_an_answer_to_a_comment_that_is_not_here_yet_waits_for_it(run: _Run) -> None:
    assert await run.platform.preflight(attempt("Welcome.", "c-7")) is Preflight.OK
    early = await run.platform.reply(attempt("Welcome.", "c-7"))
    assert early.outcome is AttemptOutcome.THROTTLED
    await run.platform.enter(pushed_comment())
    assert (await run.platform.reply(attempt("Welcome.", "c-7"))).outcome is AttemptOutcome.SENT


async def test_an_answer_to_a_deleted_comment_is_refused(run: _Run) -> None:
    name = await run.write("Forget this")
    await run.session.post(run.url + "/delete", data={"id": name})
    posted = await run.platform.reply(attempt("Why?", name))
    assert (posted.outcome, posted.parent_gone) == (AttemptOutcome.REFUSED, True)


async def test_our_reply_comes_back_as_an_echo_that_names_us(run: _Run) -> None:
    name = await run.write("Does it run?")
    posted = await run.platform.reply(attempt("Yes.", name))
    [_, echo] = await run.polled()
    assert (echo.author.id, echo.comment_id) == (OWN_AUTHOR_ID, posted.external_id)
    assert (echo.parent_id, echo.root_id, echo.thread_id) == (name, name, name)


async def test_a_held_reply_is_handed_over_and_listed_as_held(run: _Run) -> None:
    name = await run.write("Does it run?")
    run.faults.replies.append(ReplyFault.HOLD)
    posted = await run.platform.reply(attempt("Yes.", name))
    assert posted.outcome is AttemptOutcome.HANDED_OVER
    assert "Yes." not in await run.page()
    found = await run.platform.read_back(attempt("Yes.", name))
    assert found is not None
    assert [(reply.external_id, reply.is_public) for reply in found.replies] == [
        (posted.external_id, False)
    ]


@pytest.mark.parametrize(
    ("fault", "outcome", "standing"),
    [
        (ReplyFault.LOSE_REQUEST, AttemptOutcome.UNKNOWN, 0),
        (ReplyFault.LOSE_ANSWER, AttemptOutcome.UNKNOWN, 1),
        (ReplyFault.REFUSE_BEFORE, AttemptOutcome.REFUSED, 0),
        (ReplyFault.REFUSE_AFTER, AttemptOutcome.REFUSED, 1),
        (ReplyFault.REPEAT, AttemptOutcome.SENT, 2),
        (ReplyFault.DELAY, AttemptOutcome.SENT, 1),
        (ReplyFault.LIE, AttemptOutcome.UNKNOWN, 0),
    ],
)
async def test_it_can_be_told_to_be_a_bad_platform(
    run: _Run, fault: ReplyFault, outcome: AttemptOutcome, standing: int
) -> None:
    name = await run.write("Does it run?")
    run.faults.replies.append(fault)
    assert (await run.platform.reply(attempt("Yes.", name))).outcome is outcome
    found = await run.platform.read_back(attempt("Yes.", name))
    assert found is not None
    assert len(found.replies) == standing


async def test_a_key_that_made_another_reply_is_a_conflict(run: _Run) -> None:
    name = await run.write("Does it run?")
    await run.platform.reply(attempt("Yes.", name))
    assert (await run.platform.reply(attempt("No.", name))).outcome is AttemptOutcome.UNKNOWN


async def test_a_wrong_token_opens_nothing(run: _Run) -> None:
    name = await run.write("Does it run?")
    http = loopback_http(run.url)
    stranger = GuestbookPlatform(
        http=http, clock=SystemClock(), url=run.url, token=TOKEN + "-wrong", post_as="Me"
    )
    posted = await stranger.reply(attempt("Yes.", name))
    assert (posted.outcome, posted.pause_source) == (AttemptOutcome.REFUSED, True)
    assert await stranger.read_back(attempt("Yes.", name)) is None
    with pytest.raises(Unavailable):
        await stranger.poll(None, 10)
    with pytest.raises(Unavailable):
        await stranger.enter(pushed_comment())
    assert "Yes." not in await run.page()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"text": 1}', b'{"text": ""}', b"[" * 100_000]
)
@pytest.mark.parametrize("path", ["/api/replies", "/api/entries"])
async def test_a_body_that_cannot_be_read_is_the_sender_s_mistake(
    run: _Run, path: str, body: bytes
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with run.session.post(run.url + path, data=body, headers=headers) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/json"


def test_the_change_feed_speaks_the_language_of_events() -> None:
    comment = pushed_comment()
    assert read_data(EngagementReceived, comment.model_dump_json().encode()) == comment
