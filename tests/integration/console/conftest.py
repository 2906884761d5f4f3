from collections.abc import AsyncIterator

import pytest_asyncio

from responder.testing.console import ConsoleBench, open_console
from responder.testing.ledger import migrated, open_bench
from responder.testing.postgres import TestServer
from tests.integration.console.kit import Reader, reading


@pytest_asyncio.fixture
async def console(postgres_server: TestServer) -> AsyncIterator[ConsoleBench]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database) as bench, open_console(bench, seals=False) as opened:
        yield opened
    await postgres_server.drop(database)


@pytest_asyncio.fixture
async def stranger(console: ConsoleBench) -> AsyncIterator[Reader]:
    """A browser that nobody has signed in."""
    async with reading(console.url) as reader:
        yield reader


@pytest_asyncio.fixture
async def ana(console: ConsoleBench) -> AsyncIterator[Reader]:
    """A browser without scripts, in which Ana (an admin) is signed in."""
    async with reading(console.url) as reader:
        await reader.sign_in(await console.link())
        yield reader
