from collections.abc import AsyncIterator

import pytest

from responder.adapters.system import SystemClock, SystemIds
from responder.delivery.ports import Posting, ReplyPlatform
from responder.engagement.events import EngagementReceived, EventAuthor
from responder.engagement.model import Kind
from responder.platforms.guestbook import GuestbookPlatform
from responder.testing.contracts.reply_platform import ReplyPlatformContract, an_attempt
from responder.testing.faulty_proxy import FaultyProxy
from responder.testing.guestbook import MemoryGuestbook
from responder.testing.loopback import loopback_http, serving
from responder.web.guestbook.app import guestbook_app
from responder.web.guestbook.store import US

TOKEN = "guestbook-token-9c1d"  # noqa: S105 - a token that opens nothing
NOW = SystemClock().now()
COMMENT = EngagementReceived(
    comment_id="c-1",
    text="Does it run on ARM?",
    author=EventAuthor(id="ann", name="Ann"),
    published_at=NOW,
)


class _Wall:
    """A running guestbook, with one comment that was entered on it."""

    def __init__(self, platform: ReplyPlatform, proxy: FaultyProxy, store: MemoryGuestbook) -> None:
        self.platform = platform
        self.proxy = proxy
        self.secrets = (TOKEN,)
        self._store = store

    async def posting(self, text: str, *, key: str = "key-1") -> Posting:
        return an_attempt(text, key=key, comment_id="c-1", thread_id="c-1")

    async def standing(self) -> list[str]:
        branch = await self._store.branch("c-1")
        return [entry.comment.text for entry in branch if entry.made_by == US]

    async def remove_comment(self) -> None:
        deleted = COMMENT.model_copy(update={"kind": Kind.DELETED})
        await self._store.change(deleted, made_by="entered", now=NOW)

    async def go_away(self) -> None:
        await self.proxy.__aexit__(None, None, None)


class TestGuestbook(ReplyPlatformContract):
    @pytest.fixture
    async def place(self) -> AsyncIterator[_Wall]:
        clock, store = SystemClock(), MemoryGuestbook()
        await store.add(COMMENT, made_by="entered", now=NOW)
        app = guestbook_app(
            store=store,
            clock=clock,
            ids=SystemIds(clock),
            public_url="https://guestbook.example",
            api_token=TOKEN,
        )
        async with (
            serving(app) as url,
            FaultyProxy(url) as proxy,
        ):
            http = loopback_http(proxy.url)
            platform = GuestbookPlatform(
                http=http, clock=clock, url=proxy.url, token=TOKEN, post_as="The Team"
            )
            yield _Wall(platform, proxy, store)
