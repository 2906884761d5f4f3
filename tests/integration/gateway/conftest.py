"""A running gateway for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.gateway.kit import Scene


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    running = Scene()
    await running.start()
    yield running
    await running.stop()
