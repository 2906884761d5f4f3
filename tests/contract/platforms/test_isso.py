from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from responder.adapters.system import SystemClock
from responder.delivery.ports import Posting, ReplyPlatform
from responder.platforms.isso.replying import IssoReply
from responder.platforms.isso.wire import IssoApi
from responder.testing.contracts.reply_platform import ReplyPlatformContract, an_attempt
from responder.testing.faulty_proxy import FaultyProxy
from responder.testing.isso import IssoServer
from responder.testing.loopback import loopback_http

EMAIL = "answers-7f3a@example.org"


class _Page:
    """One page of a running Isso, with one comment on it."""

    def __init__(
        self, platform: ReplyPlatform, proxy: FaultyProxy, server: IssoServer, uri: str
    ) -> None:
        self.platform = platform
        self.proxy = proxy
        self.secrets = (EMAIL,)
        self._server = server
        self._uri = uri
        self._comment = server.comment(uri, "Does it run on ARM?")

    async def posting(self, text: str, *, key: str = "key-1") -> Posting:
        return an_attempt(text, key=key, comment_id=self._comment.key, thread_id=self._uri)

    async def standing(self) -> list[str]:
        return self._server.texts(self._comment.id)

    async def remove_comment(self) -> None:
        self._server.delete(self._comment.id)

    async def go_away(self) -> None:
        await self.proxy.__aexit__(None, None, None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    with IssoServer(tmp_path_factory.mktemp("isso"), guard=False) as running:
        yield running


class TestIsso(ReplyPlatformContract):
    """Without its guard, which has tests of its own: here every row writes at once."""

    pages = count()

    @pytest.fixture
    async def place(self, server: IssoServer) -> AsyncIterator[_Page]:
        clock = SystemClock()
        async with FaultyProxy(server.url) as proxy:
            http = loopback_http(proxy.url)
            api = IssoApi(http=http, clock=clock, url=proxy.url, site=server.site)
            platform = IssoReply(api=api, clock=clock, post_as="The Team", email=EMAIL)
            yield _Page(platform, proxy, server, f"/page-{next(self.pages)}/")
