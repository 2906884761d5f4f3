"""Two real Isso servers, as people run them and with moderation on, and one Responder for both."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from responder.testing.caller import Caller, calling
from responder.testing.isso import IssoServer
from responder.testing.running import Running, installation
from tests.e2e.isso.kit import Sites, source


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with (
        IssoServer(tmp_path_factory.mktemp("blog")) as blog,
        IssoServer(tmp_path_factory.mktemp("held"), moderated=True) as held,
    ):
        yield Sites(blog, held)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def responder(sites: Sites) -> AsyncIterator[Running]:
    blog, held = sites.blog, sites.held
    configuration = source("blog", blog.url, blog.site) + source("held", held.url, held.site)
    with installation(configuration) as running:
        await running.start()
        yield running


@pytest_asyncio.fixture
async def caller(responder: Running) -> AsyncIterator[Caller]:
    async with calling(responder) as caller:
        yield caller
