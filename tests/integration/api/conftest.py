from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from responder.testing.console import API_TOKEN, ConsoleBench, open_console
from responder.testing.ledger import migrated, open_bench
from responder.testing.postgres import TestServer


@pytest_asyncio.fixture
async def console(postgres_server: TestServer) -> AsyncIterator[ConsoleBench]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database) as bench, open_console(bench, seals=False) as opened:
        yield opened
    await postgres_server.drop(database)


@pytest_asyncio.fixture
async def api(console: ConsoleBench) -> AsyncIterator[aiohttp.ClientSession]:
    """A program that acts for Ana."""
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    async with aiohttp.ClientSession(f"{console.url}/api/v1/", headers=headers) as session:
        yield session
