"""What a visitor sees and may do. Over HTTP, as a browser without scripts would."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape

import aiohttp
import pytest
from typing_extensions import override
from yarl import URL

from responder.adapters.postgres.guestbook import GuestbookEntry
from responder.adapters.system import SystemClock, SystemIds
from responder.engagement.events import EngagementReceived, EventAuthor
from responder.testing.guestbook import MemoryGuestbook
from responder.testing.loopback import serving
from responder.web.guestbook.app import guestbook_app
from responder.web.guestbook.store import ENTERED, VISITOR

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "</textarea></div><h1>owned</h1>",
    "{{ 7*7 }} {% raw %} ${7*7}",
    "javascript:alert(1)",
    "\u202egnirts desrever",
)


class _Browser:
    """One visitor: keeps cookies, follows redirects, names its origin."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def get(self, path: str) -> tuple[int, str]:
        async with self._session.get(URL(self.url + path, encoded=True)) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> tuple[int, str]:
        sent = {"Origin": self.url, **headers}
        async with self._session.post(self.url + path, data=fields, headers=sent) as answer:
            return answer.status, await answer.text()

    async def write(self, text: str, name: str = "Ann", parent: str = "") -> tuple[int, str]:
        fields = {"name": name, "text": text} | ({"parent": parent} if parent else {})
        return await self.post("/comments", fields)


class _Place:
    def __init__(self, store: MemoryGuestbook, url: str) -> None:
        self.store = store
        self.url = url

    @asynccontextmanager
    async def visitor(self) -> AsyncIterator[_Browser]:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield _Browser(session, self.url)

    async def ids(self) -> list[str]:
        return [entry.comment.comment_id for entry in await self.store.roots(before=None, limit=99)]


class _Fragile(MemoryGuestbook):
    """Holds a comment that cannot be looked at."""

    @override
    async def find(self, comment_id: str) -> GuestbookEntry | None:
        if comment_id == "the-one-that-breaks-it":
            raise LookupError("it broke")
        return await super().find(comment_id)


@pytest.fixture
async def place() -> AsyncIterator[_Place]:
    clock, store = SystemClock(), _Fragile()
    app = guestbook_app(
        store=store,
        clock=clock,
        ids=SystemIds(clock),
        public_url="http://guestbook.example",
        api_token="token",  # noqa: S106 - it opens nothing
        banner="Demo: invented people & places",
        hosts=frozenset({"127.0.0.1"}),
    )
    async with serving(app) as url:
        yield _Place(store, url)


async def _raw(url: str, request: str, head: str) -> bytes:
    """The answer to a request whose headers no well-behaved client would send."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    sent = f"{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}\r\n\r\n"
    writer.write(sent.encode("utf-8", "surrogateescape"))
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_name_that_was_rebound_to_this_machine_is_refused(place: _Place) -> None:
    """A page elsewhere must not write here in the name of whoever looks at it."""
    fields = {"name": "Eve", "text": "not me"}
    async with place.visitor() as ann:
        status, _ = await ann.post(
            "/comments", fields, Host="evil.example", Origin="http://evil.example"
        )
        assert status == 421
        assert "not me" not in (await ann.get("/"))[1]


async def test_a_comment_stands_on_the_page_at_once(place: _Place) -> None:
    async with place.visitor() as ann:
        status, page = await ann.write("Does it run on ARM?")
        assert status == 200
        assert "Does it run on ARM?" in page
        assert "Does it run on ARM?" in (await ann.get("/"))[1]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_shown_as_text(place: _Place, text: str) -> None:
    async with place.visitor() as mallory:
        await mallory.write(text, name=text[:80])
        for path in ("/", f"/comment?id={(await place.ids())[0]}"):
            page = (await mallory.get(path))[1]
            shown = re.findall(r'<div class="text" dir="auto">(.*?)</div>', page, re.DOTALL)
            assert [unescape(each) for each in shown] == [text]
            assert not re.search(r"<(script|svg|img|h1>owned)", page)


async def test_every_page_forbids_scripts_and_frames(place: _Place) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/comment?id=nobody", "/guestbook.css", "/nowhere", "/api/changes"):
            async with session.get(place.url + path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "script" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_pages_hold_no_script_and_no_inline_style(place: _Place) -> None:
    async with place.visitor() as ann:
        page = (await ann.write("Hello"))[1]
    assert not re.search(r"<script|\son\w+=|\sstyle=", page)


async def test_answers_stand_below_their_comment(place: _Place) -> None:
    async with place.visitor() as ann, place.visitor() as bob:
        await ann.write("Does it run?")
        [root] = await place.ids()
        status, page = await bob.write("It does here.", name="Bob", parent=root)
    assert status == 200
    assert page.index("Does it run?") < page.index("It does here.")
    assert await place.ids() == [root]


async def test_what_was_forgotten_is_said_and_what_was_written_stays(place: _Place) -> None:
    async with place.visitor() as ann:
        status, page = await ann.write("A long & thoughtful text", name=" ")
        assert status == 400
        assert "Please write your name." in page
        assert "A long &amp; thoughtful text" in page
    assert await place.ids() == []


@pytest.mark.parametrize(("length", "status"), [(10_000, 200), (10_001, 400)])
async def test_ten_thousand_characters_fit(place: _Place, length: int, status: int) -> None:
    async with place.visitor() as ann:
        assert (await ann.write("ü" * length))[0] == status


async def test_only_whoever_wrote_it_may_change_it(place: _Place) -> None:
    async with place.visitor() as ann, place.visitor() as mallory:
        await ann.write("Does it run?")
        [name] = await place.ids()
        assert "Edit</a>" in (await ann.get("/"))[1]
        assert "Edit</a>" not in (await mallory.get("/"))[1]
        assert (await mallory.get(f"/edit?id={name}"))[0] == 404
        assert (await mallory.post("/edit", {"id": name, "text": "Buy!"}))[0] == 404
        assert (await mallory.post("/delete", {"id": name}))[0] == 404
        status, page = await ann.post("/edit", {"id": name, "text": "Does it run on ARM?"})
        assert status == 200
        assert "Does it run on ARM?" in page
        assert "edited" in page


async def test_a_deleted_comment_is_gone_from_the_page(place: _Place) -> None:
    async with place.visitor() as ann:
        await ann.write("Forget this")
        [name] = await place.ids()
        status, page = await ann.post("/delete", {"id": name})
        assert (status, "Forget this" in page) == (200, False)
        assert (await ann.get(f"/comment?id={name}"))[0] == 404
        assert (await ann.write("an answer", parent=name))[0] == 404


async def test_a_deleted_comment_with_answers_keeps_them(place: _Place) -> None:
    async with place.visitor() as ann:
        await ann.write("Forget this")
        [name] = await place.ids()
        await ann.write("an answer", parent=name)
        page = (await ann.post("/delete", {"id": name}))[1]
    assert "This comment was deleted by its author." in page
    assert "an answer" in page
    assert "Forget this" not in page


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://", "http://127.0.0.1:1"]
)
async def test_a_form_of_another_site_is_refused(place: _Place, origin: str) -> None:
    async with place.visitor() as ann:
        fields = {"name": "Ann", "text": "forged"}
        assert (await ann.post("/comments", fields, Origin=origin))[0] == 403
    assert await place.ids() == []


async def test_a_comment_can_be_left_without_a_browser(place: _Place) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(place.url + "/comments", data={"name": "Ann", "text": "by hand"}) as answer,
    ):
        assert answer.status == 200
    assert len(await place.ids()) == 1


@pytest.mark.parametrize("path", ["/nowhere", "/comment", "/comment?id=x", "/comment?id=%ff"])
async def test_what_is_not_there_is_a_page_that_says_so(place: _Place, path: str) -> None:
    async with place.visitor() as ann:
        status, page = await ann.get(path)
    assert status == 404
    assert "<h1>That did not work</h1>" in page
    assert "404" not in page


@pytest.mark.parametrize("before", ["abc", "-1", "9" * 40, "", "\u0661"])
async def test_a_strange_page_number_is_the_first_page(place: _Place, before: str) -> None:
    async with place.visitor() as ann:
        await ann.write("Hello")
        status, page = await ann.get(str(URL("/").with_query(before=before)))
    assert status == 200
    assert "Hello" in page


async def test_older_comments_are_a_page_away(place: _Place) -> None:
    async with place.visitor() as ann:
        for number in range(21):
            await ann.write(f"comment number {number:02}")
        first = (await ann.get("/"))[1]
        older = re.search(r'href="(/\?before=\d+)"', first)
        assert older is not None
        second = (await ann.get(older[1]))[1]
    assert "comment number 20" in first
    assert "comment number 00" not in first
    assert "comment number 00" in second


async def test_the_banner_is_on_every_page(place: _Place) -> None:
    async with place.visitor() as ann:
        await ann.write("Hello")
        [name] = await place.ids()
        for path in ("/", f"/comment?id={name}", f"/edit?id={name}", "/nowhere"):
            assert "Demo: invented people &amp; places" in (await ann.get(path))[1]


async def test_a_cookie_or_token_of_odd_bytes_is_nobodys(place: _Place) -> None:
    odd = b"\xff\xfe".decode("utf-8", "surrogateescape")
    async with place.visitor() as ann:
        await ann.write("mine")
    head = f"Cookie: responder_guestbook={odd}\r\nAuthorization: Bearer {odd}"
    assert (await _raw(place.url, "GET /", head)).startswith(b"HTTP/1.1 200")
    assert (await _raw(place.url, "GET /api/changes", head)).startswith(b"HTTP/1.1 401")


async def test_a_fault_of_ours_is_a_page_in_words_and_whole_in_the_log(
    place: _Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.visitor() as ann:
        status, page = await ann.get("/comment?id=the-one-that-breaks-it")
    assert status == 500
    assert "Please try again in a moment." in page
    assert "it broke" not in page
    assert "it broke" in caplog.text


async def test_a_form_in_no_known_encoding_is_refused_in_words(place: _Place) -> None:
    async with place.visitor() as ann:
        kind = "application/x-www-form-urlencoded; charset=klingon"
        status, page = await ann.post("/comments", {"text": "a"}, **{"Content-Type": kind})
        assert status == 400
        assert "The form cannot be read." in page


async def test_whatever_id_a_pushed_comment_has_its_page_is_found(place: _Place) -> None:
    now = SystemClock().now()
    for name in ("a/../b?c#d&e", "ünï 🙂", "x" * 512):
        comment = EngagementReceived(
            comment_id=name,
            text=f"I am {name[:5]}",
            author=EventAuthor(id="ann", name="Ann"),
            published_at=now,
        )
        await place.store.add(comment, made_by=ENTERED, now=now)
    async with place.visitor() as ann:
        front = (await ann.get("/"))[1]
        links = re.findall(r'class="answer">\s*<a href="([^"]+)"', front)
        pages = [(await ann.get(unescape(link)))[1] for link in links]
    assert [re.findall("I am [^<]+", page) for page in pages] == [
        ["I am xxxxx"],
        ["I am ünï 🙂"],
        ["I am a/../"],
    ]


async def test_a_held_comment_is_shown_to_nobody(place: _Place) -> None:
    now = SystemClock().now()
    comment = EngagementReceived(
        comment_id="h", text="held", author=EventAuthor(id="a", name="A"), published_at=now
    )
    await place.store.add(comment, made_by=VISITOR, now=now, is_held=True)
    async with place.visitor() as ann:
        assert "held" not in (await ann.get("/"))[1]
        assert (await ann.get("/comment?id=h"))[0] == 404
