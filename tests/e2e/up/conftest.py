"""One running Responder for all tests that do not end it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from responder.testing.caller import Caller, calling
from responder.testing.running import Running, installation

CONFIGURATION = """
[sources.guestbook]
platform = "guestbook"
title = "Guestbook"

[sources.forum]
platform = "webhook"

[sources.news]
platform = "webhook"
format = "cloudevents"

[[knowledge]]
id = "opening-hours"
title = "Opening hours of the shop"
text = "The shop is open from Monday to Friday, 10:00 to 18:00."
url = "https://example.org/shop"
language = "en"
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def responder() -> AsyncIterator[Running]:
    with installation(CONFIGURATION) as running:
        await running.start()
        yield running


@pytest.fixture
def fresh() -> Iterator[Running]:
    """An installation of the test's own, not started."""
    with installation(CONFIGURATION) as running:
        yield running


@pytest_asyncio.fixture
async def caller(responder: Running) -> AsyncIterator[Caller]:
    async with calling(responder) as caller:
        yield caller
